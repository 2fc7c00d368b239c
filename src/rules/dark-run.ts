import type { CountRule } from '../model/rule.ts';
import type { Counted } from './count.ts';
import type { LampState } from './lamp-state.ts';
import type { GroupCount } from './lighting.ts';

/**
 * Lamps out side by side along a road. Their order is their attribute `sequence`; a lamp that need not burn stands between
 * two others as if it were not there. Only lamps with a controller of their own have a place.
 */
export function darkRun({ atLeast }: CountRule, count: GroupCount): Counted {
  const lamps = inRow(count);
  const expected = lamps.length;
  const certain = longest(lamps, ({ out }) => out > 0);
  const possible = longest(lamps, ({ out, unknown }) => out > 0 || unknown > 0);
  const found = { values: { out: certain.length, expected }, states: certain };
  if (expected === 0) return { ...found, verdict: 'idle', reason: 'not-expected' };
  if (certain.length >= atLeast) return { ...found, verdict: 'breach', reason: null };
  return possible.length >= atLeast
    ? { ...found, verdict: 'unknown', reason: 'coverage' }
    : { ...found, verdict: 'ok', reason: null };
}

/** The lamps of a road that must burn, in their order. */
function inRow({ devices }: GroupCount): LampState[] {
  const placeOf = ({ member: { device } }: LampState) => device.attributes.sequence;
  return [...devices.values()]
    .filter((state) => typeof placeOf(state) === 'number' && state.expected === 1)
    .sort((a, b) => Number(placeOf(a)) - Number(placeOf(b)) || (a.member.device.id < b.member.device.id ? -1 : 1));
}

/** The longest row of those that are so; the first of several. */
function longest(lamps: readonly LampState[], is: (lamp: LampState) => boolean): LampState[] {
  let best: LampState[] = [];
  let running: LampState[] = [];
  for (const lamp of lamps) {
    running = is(lamp) ? [...running, lamp] : [];
    if (running.length > best.length) best = running;
  }
  return best;
}
