import type { CounterRule } from '../model/signal-rule.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';
import { rounded } from './spread.ts';

/** What is remembered of a counter. */
export interface CounterState {
  ts: number;
  value: number;
  /** What two samples in a row have reached: one alone may be a slip. */
  reached: number;
  /** The number of the meter, where it is stated. */
  meter: string | null;
}

const HOUR_MS = 3_600_000;

/** A counter that counts down, or up faster than its meter can pass. Another meter begins anew. */
export function counter(rule: CounterRule, moment: Moment<CounterState>): Reading<CounterState> {
  const { value, ts, attributes, state } = moment;
  const stated = rule.meter === undefined ? undefined : attributes[rule.meter];
  const meter = stated === undefined ? null : String(stated);
  const isSame = state !== undefined && state.meter === meter;
  const reached = isSame ? Math.max(state.reached, Math.min(state.value, value)) : Number.NEGATIVE_INFINITY;
  return { state: { ts, value, reached, meter }, signal: signalOf(rule, moment, isSame ? state : null, reached) };
}

function signalOf(
  rule: CounterRule,
  moment: Moment<CounterState>,
  before: CounterState | null,
  reached: number,
): Signal {
  const { value, ts, attributes, isHeld } = moment;
  const most = rule.most === undefined ? undefined : attributes[rule.most];
  if (rule.finds === 'impossible' && typeof most !== 'number')
    return { verdict: 'idle', reason: 'no-limit', values: { [rule.of]: value } };
  // What was held against another meter is over with it; of a counter that was never read nothing is known.
  if (before === null)
    return { verdict: isHeld ? 'ok' : 'unknown', reason: isHeld ? null : 'learning', values: { [rule.of]: value } };
  if (rule.finds === 'backwards') {
    const isBack = value < reached - rule.tolerance;
    return { verdict: isBack ? 'breach' : 'ok', reason: null, values: { [rule.of]: value, reached } };
  }
  const hours = (ts - before.ts) / HOUR_MS;
  const used = value - before.value;
  const isImpossible = used > Number(most) * hours + rule.tolerance;
  const values = { [rule.of]: value, used: rounded(used), hours: rounded(hours), most: Number(most) };
  return { verdict: isImpossible ? 'breach' : 'ok', reason: null, values };
}
