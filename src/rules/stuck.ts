import type { StuckRule } from '../model/signal-rule.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';
import { rounded } from './spread.ts';

/** What is remembered of a sensor that may be stuck. */
export interface StuckState {
  /** Its newest values, oldest first. */
  recent: number[];
}

/**
 * A stuck sensor: its values scatter less than it can resolve, while others of the same network node move. Where the others
 * are still as well there is nothing to tell it by.
 */
export function stuck(rule: StuckRule, { value, state, isHeld, neighbours }: Moment<StuckState>): Reading<StuckState> {
  const known = state ?? { recent: [] };
  const { recent } = known;
  recent.push(value);
  if (recent.length > rule.samples) recent.shift();
  return { state: known, signal: judge(rule, recent, isHeld, neighbours) };
}

function judge(rule: StuckRule, recent: readonly number[], isHeld: boolean, neighbours: () => StuckState[]): Signal {
  const scatter = scatterOf(recent);
  const values = { [rule.of]: recent.at(-1) ?? null, scatter: rounded(scatter) };
  if (recent.length < rule.samples) return { verdict: 'unknown', reason: 'learning', values };
  if (scatter >= rule.resolution) return { verdict: 'ok', reason: null, values };
  const others = neighbours().filter((other) => other.recent.length >= rule.samples);
  const moving = others.filter((other) => scatterOf(other.recent) >= rule.resolution).length;
  const seen = { ...values, moving };
  if (isHeld || moving >= rule.neighbours) return { verdict: 'breach', reason: null, values: seen };
  const reason = others.length < rule.neighbours ? 'no-neighbours' : 'neighbours-still';
  return { verdict: 'idle', reason, values: seen };
}

/** Standard deviation. */
export function scatterOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / values.length);
}
