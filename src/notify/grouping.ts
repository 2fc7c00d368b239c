import { createHash } from 'node:crypto';
import type { News } from '../model/alert.ts';

/** So many are told in one message at most. */
const MOST = 5_000;

/** Words of the same group are told in one message. */
export function groupOf({ alert: { rule, organisation, severity }, event }: News): string {
  return [event, rule, organisation, severity].join(' ');
}

/** The same for the same words told again. An alert may be raised more than once. */
export function keyOf(words: readonly News[]): string {
  const keys = words.map(({ alert: { id, decidedAt }, event }) =>
    event === 'raised' ? `${id}:${event}:${decidedAt}` : `${id}:${event}`,
  );
  const [only = '', ...more] = keys;
  return more.length === 0 ? only : createHash('sha256').update(keys.join('\n')).digest('hex').slice(0, 32);
}

/**
 * Who is told next, of words in the order of the decisions: the places of the first one whose group does not rest, and of all
 * others of that group. Of an alert nothing is told before what became of it earlier.
 */
export function nextGroup(
  waiting: Iterable<{ key: number; value: News }>,
  isResting: (group: string) => boolean,
): number[] {
  const places: number[] = [];
  let chosen: string | null = null;
  const passedOver = new Set<string>();
  for (const { key, value } of waiting) {
    const group = groupOf(value);
    const isNext = !passedOver.has(value.alert.id) && (chosen === null ? !isResting(group) : group === chosen);
    if (isNext && places.length < MOST) {
      chosen = group;
      places.push(key);
    } else passedOver.add(value.alert.id);
  }
  return places;
}
