import type { ChangeRule } from '../model/signal-rule.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';
import { spreadOf } from './spread.ts';

/** What is remembered of a field that may change suddenly. */
export interface ChangeState {
  /** The newest samples, oldest first: ts and value by turns. */
  recent: readonly number[];
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
  const recent = state?.recent ?? [];
  const kept = [...recent, ts, value].slice(-2 * rule.samples);
  const left = state?.left ?? null;
  if (left !== null) {
    const signal = { reason: null, values: { [rule.of]: value, from: left.level } };
    const isOver = ts - left.ts >= rule.settles || isBack(rule, left.level, value, recent);
    if (!isOver) return { state: { recent: kept, left }, signal: { ...signal, verdict: 'breach' } };
    return { state: { recent: kept, left: null }, signal: { ...signal, verdict: 'ok' } };
  }
  const { signal, level } = judge(rule, recent, ts, value);
  return { state: { recent: kept, left: level === null ? null : { level, ts } }, signal };
}

function judge(
  rule: ChangeRule,
  recent: readonly number[],
  ts: number,
  value: number,
): { signal: Signal; level: number | null } {
  const unknown = (reason: string) => ({
    signal: { verdict: 'unknown' as const, reason, values: { [rule.of]: value } },
    level: null,
  });
  if (recent.length < rule.samples) return unknown('learning');
  const least = Math.max(rule.by, rule.times * spreadOf(stepsOf(recent), 0));
  let level: number | null = null;
  for (let at = 0; at < recent.length; at += 2) {
    const [then, before] = [recent[at] as number, recent[at + 1] as number];
    if (ts - then > rule.within) continue;
    if (level === null || sizeOf(rule, before, value) > sizeOf(rule, level, value)) level = before;
  }
  if (level === null) return unknown('gap');
  const values = { [rule.of]: value, from: level, change: rounded(value - level), least: rounded(least) };
  const isChange = sizeOf(rule, level, value) >= least;
  return { signal: { verdict: isChange ? 'breach' : 'ok', reason: null, values }, level: isChange ? level : null };
}

/** How far it went in the direction that counts. */
function sizeOf({ direction }: ChangeRule, from: number, to: number): number {
  if (direction === 'either') return Math.abs(to - from);
  return direction === 'down' ? from - to : to - from;
}

/** Whether half of the way from `level` to the furthest since is gone back. */
function isBack(rule: ChangeRule, level: number, value: number, recent: readonly number[]): boolean {
  let furthest = 0;
  for (let at = 1; at < recent.length; at += 2)
    furthest = Math.max(furthest, sizeOf(rule, level, recent[at] as number));
  return sizeOf(rule, level, value) <= (1 - RECOVERED) * Math.max(furthest, rule.by);
}

function stepsOf(recent: readonly number[]): number[] {
  const steps: number[] = [];
  for (let at = 3; at < recent.length; at += 2) steps.push((recent[at] as number) - (recent[at - 2] as number));
  return steps;
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
