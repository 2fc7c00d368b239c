import type { DayPart } from '../model/day-part.ts';
import type { PatternRule } from '../model/signal-rule.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';
import { medianOf, rounded, spreadOf } from './spread.ts';

/** What is remembered of a field that has a pattern of the day. */
export interface PatternState {
  /** The stretch of time that is being watched, or the wait for the next. */
  running: DayPart;
  count: number;
  sum: number;
  min: number;
  max: number;
  /** Of each hour of the day (or of the one stretch): the figures of the days before, oldest first. */
  past: Readonly<Record<number, readonly number[]>>;
  /** End of the newest figure, ms; null before the first. */
  until: number | null;
}

const DAY_MS = 86_400_000;
/** After so many times the days that are remembered without a figure, what was usual then is not known to be so now. */
const FORGOTTEN = 3;

/**
 * A figure of an hour of the day, or of a stretch of it, against the same of the days before; or against the limit that the
 * device states. It is judged by the first sample after that time.
 */
export function pattern(rule: PatternRule, moment: Moment<PatternState>): Reading<PatternState> {
  const { value, ts } = moment;
  const before = moment.state;
  if (before !== undefined && ts < before.running.until) return { state: taken(before, value), signal: null };
  const { past, until, signal } = before === undefined ? NOTHING : closed(rule, moment, before);
  const running = rule.between === undefined ? moment.parts.hour(ts) : moment.parts.part(ts, rule.between);
  const state = { running, count: 0, sum: 0, min: Infinity, max: -Infinity, past, until };
  return { state: taken(state, value), signal };
}

const NOTHING: Pick<PatternState, 'past' | 'until'> & { signal: Signal | null } = {
  past: {},
  until: null,
  signal: null,
};

function taken(state: PatternState, value: number): PatternState {
  if (!state.running.isIn) return state;
  state.count++;
  state.sum += value;
  state.min = Math.min(state.min, value);
  state.max = Math.max(state.max, value);
  return state;
}

/** What the stretch that is over comes to. */
function closed(rule: PatternRule, { device, attributes }: Moment<PatternState>, state: PatternState) {
  const { running, count, until } = state;
  if (!running.isIn) return { past: state.past, until, signal: null };
  const isLongAgo = until !== null && running.from - until > FORGOTTEN * rule.days * DAY_MS;
  const past = isLongAgo ? {} : state.past;
  const expected = (running.until - running.from) / (device.sampleInterval * 1_000);
  if (count < rule.minCoverage * expected)
    return { past, until, signal: { verdict: 'unknown' as const, reason: 'coverage', values: {} } };
  const figure = rounded(rule.take === 'mean' ? state.sum / count : state[rule.take]);
  const days = past[running.hour] ?? [];
  const limit = rule.limit === undefined ? undefined : attributes[rule.limit];
  const signal = typeof limit === 'number' ? againstLimit(rule, figure, limit) : againstPast(rule, figure, days);
  return { past: { ...past, [running.hour]: [...days, figure].slice(-rule.days) }, until: running.until, signal };
}

function againstLimit({ of, direction }: PatternRule, figure: number, limit: number): Signal {
  const isBad = direction === 'down' ? figure < limit : figure > limit;
  return { verdict: isBad ? 'breach' : 'ok', reason: null, values: { [of]: figure, limit } };
}

function againstPast(rule: PatternRule, figure: number, days: readonly number[]): Signal {
  if (days.length < rule.minDays)
    return { verdict: 'unknown', reason: 'learning', values: { [rule.of]: figure, days: days.length } };
  const usual = medianOf(days);
  const spread = spreadOf(days, usual);
  const least = Math.max(rule.by, rule.times * spread);
  const more = figure - usual;
  const size = rule.direction === 'either' ? Math.abs(more) : rule.direction === 'up' ? more : -more;
  const known = { usually: rounded(usual), spread: rounded(spread), least: rounded(least), days: days.length };
  const values = { [rule.of]: figure, ...known };
  return { verdict: size > least ? 'breach' : 'ok', reason: null, values };
}
