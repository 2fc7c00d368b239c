import type { DeviationRule } from '../model/signal-rule.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';
import { medianOf, rounded } from './spread.ts';

/** What is remembered of a point among the others of its zone. */
export interface DeviationState {
  value: number;
  /** The node that it hung from. */
  parent: string | null;
  /** Where it lay beside the median of the others, hour by hour, oldest first. */
  offsets: number[];
  /** The newest hour of these, counted from 1970. */
  hour: number;
}

const HOUR_MS = 3_600_000;
/** Hours that are remembered, and how many of them tell where a point usually lies: a day, and a quarter of one. */
const MOST_HOURS = 24;
export const LEAST_HOURS = 6;
/** What is held against a point is over at this share of what began it. */
export const OVER = 0.8;

/**
 * Disagreement in a zone: a point lies beside the median of the others other than it usually does. Heights and losses differ
 * from point to point, so that each has a place of its own; what is held against it teaches nothing.
 */
export function deviation(rule: DeviationRule, moment: Moment<DeviationState>): Reading<DeviationState> {
  const { value, ts, device, state, isHeld } = moment;
  const { parent } = device;
  const known: DeviationState = state?.parent === parent ? state : { value, parent, offsets: [], hour: -1 };
  known.value = value;
  const others: number[] = [];
  for (const other of moment.neighbours()) if (other.parent === parent) others.push(other.value);
  const [hour, offset] = [Math.floor(ts / HOUR_MS), value - medianOf(others)];
  const isEnough = others.length >= rule.points;
  const signal = isEnough
    ? judge(rule, value, offset, known.offsets, isHeld)
    : tooFew({ [rule.of]: value, points: others.length });
  if (isEnough && signal.verdict !== 'breach' && hour > known.hour) {
    known.hour = hour;
    known.offsets.push(offset);
    if (known.offsets.length > MOST_HOURS) known.offsets.shift();
  }
  return { state: known, signal };
}

function judge(
  rule: DeviationRule,
  value: number,
  offset: number,
  offsets: readonly number[],
  isHeld: boolean,
): Signal {
  const median = rounded(value - offset);
  if (offsets.length < LEAST_HOURS)
    return { verdict: 'unknown', reason: 'learning', values: { [rule.of]: value, median } };
  const usual = medianOf(offsets);
  const off = Math.abs(offset - usual);
  const values = { [rule.of]: value, median, usually: rounded(usual), off: rounded(off) };
  const isBad = isHeld ? off > OVER * rule.by : off > rule.by;
  return { verdict: isBad ? 'breach' : 'ok', reason: null, values };
}

function tooFew(values: Signal['values']): Signal {
  return { verdict: 'unknown', reason: 'too-few-points', values };
}
