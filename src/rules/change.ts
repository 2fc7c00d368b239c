import type { ChangeRule } from '../model/signal-rule.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';
import { rounded, spreadOf } from './spread.ts';

/** What is remembered of a field that may change suddenly. */
export interface ChangeState {
  /** The newest samples, oldest first: ts and value by turns. */
  recent: number[];
  /** The level that it left and when, ms; null while it has not. */
  left: { level: number; ts: number } | null;
}

/** Of what it lost, so much must be back before it is over. */
const RECOVERED = 0.5;

/**
 * A sudden change: from a sample of the last while to the newest, further than the point's own steps ever go. It is over
 * when half of it is back, or when the new level has stood so long that it is the usual one.
 */
export function change(rule: ChangeRule, { value, ts, state }: Moment<ChangeState>): Reading<ChangeState> {
  const known = state ?? { recent: [], left: null };
  const signal = known.left === null ? judge(rule, known, ts, value) : follow(rule, known, known.left, ts, value);
  const { recent } = known;
  recent.push(ts, value);
  if (recent.length > 2 * rule.samples) {
    recent.shift();
    recent.shift();
  }
  return { state: known, signal };
}

/** Whether a change that was found is over. */
function follow(
  rule: ChangeRule,
  state: ChangeState,
  left: NonNullable<ChangeState['left']>,
  ts: number,
  value: number,
): Signal {
  const isOver = ts - left.ts >= rule.settles || isBack(rule, left.level, value, state.recent);
  if (isOver) state.left = null;
  return { verdict: isOver ? 'ok' : 'breach', reason: null, values: { [rule.of]: value, from: left.level } };
}

function judge(rule: ChangeRule, state: ChangeState, ts: number, value: number): Signal {
  const { recent } = state;
  const unknown = (reason: string): Signal => ({ verdict: 'unknown', reason, values: { [rule.of]: value } });
  if (recent.length < rule.samples) return unknown('learning');
  const spread = spreadOf(stepsOf(recent), 0);
  const least = Math.max(rule.by, rule.times * spread);
  let level: number | null = null;
  for (let at = 0; at < recent.length; at += 2) {
    if (ts - (recent[at] as number) > rule.within) continue;
    const before = recent[at + 1] as number;
    if (level === null || sizeOf(rule, before, value) > sizeOf(rule, level, value)) level = before;
  }
  if (level === null) return unknown('gap');
  const size = { change: rounded(value - level), spread: rounded(spread), least: rounded(least) };
  const values = { [rule.of]: value, from: level, ...size };
  const isChange = sizeOf(rule, level, value) >= least;
  if (isChange) state.left = { level, ts };
  return { verdict: isChange ? 'breach' : 'ok', reason: null, values };
}

/** How far it went in the direction that counts. */
function sizeOf({ direction }: ChangeRule, from: number, to: number): number {
  if (direction === 'either') return Math.abs(to - from);
  return direction === 'down' ? from - to : to - from;
}

/** Whether half of the way from `level` to the furthest since is gone back. */
function isBack(rule: ChangeRule, level: number, value: number, recent: readonly number[]): boolean {
  return sizeOf(rule, level, value) <= distanceAt(rule, level, recent);
}

/** How far from the `level` that it left a field may still be when that is over; `recent` as it is remembered. */
export function distanceAt(rule: ChangeRule, level: number, recent: readonly number[]): number {
  let furthest = 0;
  for (let at = 1; at < recent.length; at += 2)
    furthest = Math.max(furthest, sizeOf(rule, level, recent[at] as number));
  return (1 - RECOVERED) * Math.max(furthest, rule.by);
}

function stepsOf(recent: readonly number[]): number[] {
  const steps: number[] = [];
  for (let at = 3; at < recent.length; at += 2) steps.push((recent[at] as number) - (recent[at - 2] as number));
  return steps;
}
