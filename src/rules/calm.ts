import type { Occurrence, Occurrences } from './occurrences.ts';

/** Since when what an alert is held for is gone, as far as it was seen; ms. */
export interface Calm {
  since: number;
  /** The newest word that it is. */
  until: number;
}

/** What somebody says who finds the cause gone at `at`; instants and times in ms. */
export interface Better {
  at: number;
  /** The earliest instant that counts: clocks begin anew after a rest. */
  from: number;
  /** Nothing is known of a longer time without a word: it begins anew after it. */
  gap: number;
}

/**
 * Whether the cause of a firing alert, gone by this word of `who`, has been gone for all of `keepFiring` (ms). Only words
 * count, never their absence (P8).
 */
export function isCalm(
  occurrences: Occurrences,
  occurrence: Occurrence,
  who: string,
  keepFiring: number,
  { at, from, gap }: Better,
): boolean {
  if (keepFiring === 0) return true;
  const known = occurrence.calm?.[who];
  const goesOn = known !== undefined && at - known.until <= gap && known.since >= from;
  const since = goesOn ? known.since : at;
  if (at - since >= keepFiring) return true;
  if (goesOn && known.until === at) return false;
  occurrence.calm = { ...occurrence.calm, [who]: { since, until: at } };
  occurrences.touch(occurrence);
  return false;
}

/** The cause is there again by `who`, or it is not known any more that it is gone. */
export function endCalm(occurrences: Occurrences, occurrence: Occurrence, who: string): void {
  if (occurrence.calm?.[who] === undefined) return;
  const { [who]: _, ...others } = occurrence.calm;
  occurrence.calm = others;
  occurrences.touch(occurrence);
}

/** Since when the cause is gone by all who hold it against the subject, ms; null where it is not, or fires no longer for it. */
export function calmSince({ calm, bad, subject }: Occurrence): number | null {
  if (calm === undefined) return null;
  const since = (bad.length === 0 || calm[subject.id] !== undefined ? [subject.id] : bad).map(
    (who) => calm[who]?.since,
  );
  return since.every((one) => one !== undefined) ? Math.max(...since) : null;
}
