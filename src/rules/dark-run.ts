import type { CountRule } from '../model/rule.ts';
import type { Counted } from './count.ts';
import type { LampState } from './lamp-state.ts';
import type { GroupCount } from './lighting.ts';

/** What was found in a row of lamps that has not changed since. */
interface Row {
  version: number;
  expected: number;
  /** Ids of the longest run that is out for certain, and how long one may be. */
  certain: readonly string[];
  possible: number;
}

const known = new WeakMap<GroupCount, Row>();

/**
 * Lamps out side by side along a road. Their order is their attribute `sequence`; a lamp that need not burn stands between
 * two others as if it were not there. Only lamps with a controller of their own have a place.
 */
export function darkRun({ atLeast }: CountRule, count: GroupCount): Counted {
  const { expected, certain, possible } = rowOf(count);
  const states = () => certain.flatMap((id) => count.devices.get(id) ?? []);
  const found = { values: { out: certain.length, expected }, states };
  if (expected === 0) return { ...found, verdict: 'idle', reason: 'not-expected' };
  if (certain.length >= atLeast) return { ...found, verdict: 'breach', reason: null };
  return possible >= atLeast
    ? { ...found, verdict: 'unknown', reason: 'coverage' }
    : { ...found, verdict: 'ok', reason: null };
}

function rowOf(count: GroupCount): Row {
  const before = known.get(count);
  if (before?.version === count.version) return before;
  const lamps = inRow(count);
  const row: Row = {
    ...{ version: count.version, expected: lamps.length },
    certain: longest(lamps, ({ out }) => out > 0).map(({ member: { device } }) => device.id),
    possible: longest(lamps, ({ out, unknown }) => out > 0 || unknown > 0).length,
  };
  known.set(count, row);
  return row;
}

/** The lamps of a road that must burn, in their order. */
function inRow({ devices }: GroupCount): LampState[] {
  const placeOf = ({ member: { device } }: LampState) => device.attributes.sequence;
  return [...devices.values()]
    .filter((state) => typeof placeOf(state) === 'number' && state.expected === 1)
    .sort((a, b) => Number(placeOf(a)) - Number(placeOf(b)) || (a.member.device.id < b.member.device.id ? -1 : 1));
}

/** The longest row of those that are so; the first of several. */
function longest(lamps: readonly LampState[], is: (lamp: LampState) => boolean): readonly LampState[] {
  let [from, best, end] = [0, 0, 0];
  lamps.forEach((lamp, index) => {
    if (!is(lamp)) from = index + 1;
    else if (index + 1 - from > best) [best, end] = [index + 1 - from, index + 1];
  });
  return lamps.slice(end - best, end);
}
