import type { DriftRule } from '../model/signal-rule.ts';
import type { Moment, Reading } from './signal-type.ts';

/** What is remembered of a field that has a baseline: how it was learned, and what it came to. */
export interface DriftState {
  since: number;
  sum: number;
  count: number;
  baseline: number | null;
}

/** Samples of the time of learning, of those that were to come, that make a baseline. */
export const LEAST_SHARE = 0.5;
/** What is held against a device is over at this share of what began it. */
export const OVER = 0.8;

/** A field that has moved from its baseline: the one that is stated, else the mean of the device's first samples. */
export function drift(rule: DriftRule, moment: Moment<DriftState>): Reading<DriftState> {
  const { value, attributes, isHeld } = moment;
  const state = learned(rule, moment);
  const stated = rule.baseline === undefined ? undefined : attributes[rule.baseline];
  const baseline = typeof stated === 'number' ? stated : state.baseline;
  if (baseline === null)
    return { state, signal: { verdict: 'unknown', reason: 'learning', values: { [rule.of]: value } } };
  const off = Math.abs(value - baseline);
  const values = { [rule.of]: value, baseline, off: Number(off.toPrecision(4)) };
  const isBad = isHeld ? off > OVER * rule.above : off > rule.above;
  return { state, signal: { verdict: isBad ? 'breach' : 'ok', reason: null, values } };
}

function learned(rule: DriftRule, { value, ts, device, state }: Moment<DriftState>): DriftState {
  if (state === undefined) return { since: ts, sum: value, count: 1, baseline: null };
  if (state.baseline !== null) return state;
  const [sum, count] = [state.sum + value, state.count + 1];
  const expected = rule.learn / (device.sampleInterval * 1_000);
  const isDone = ts - state.since >= rule.learn && count >= LEAST_SHARE * expected;
  return { since: state.since, sum, count, baseline: isDone ? Number((sum / count).toPrecision(6)) : null };
}
