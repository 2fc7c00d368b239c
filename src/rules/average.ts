import type { DayPart } from '../model/day-part.ts';
import type { AverageRule, DatedLimit } from '../model/signal-rule.ts';
import type { Moment, Reading, Signal } from './signal-type.ts';

/** What is remembered of an average: the period that runs, its hours that are over, and the one that is not. */
export interface AverageState {
  running: DayPart;
  /** Hours of the period that had enough samples, and the sum of their means. */
  hours: number;
  total: number;
  /** Number of the running hour from the beginning of the period, its samples and their sum. */
  hour: number;
  count: number;
  sum: number;
}

const HOUR_MS = 3_600_000;
/** Of the samples of an hour, so many make a mean of it: 45 minutes, as air monitoring counts (HJ 663-2013). */
const HOUR_COVERAGE = 0.75;

/**
 * The mean of a period against the limit of its class and date. It is the mean of the period's hours, of those that have
 * enough samples; with too few of them nothing is told. It is judged by the first sample after the period.
 */
export function average(rule: AverageRule, moment: Moment<AverageState>): Reading<AverageState> {
  const { ts, value, parts } = moment;
  const before = moment.state;
  if (before !== undefined && ts < before.running.until)
    return { state: taken(rule, moment, before, ts, value), signal: null };
  const running = rule.between === undefined ? parts.day(ts) : parts.part(ts, rule.between);
  const empty: AverageState = { running, hours: 0, total: 0, hour: 0, count: 0, sum: 0 };
  const signal = before === undefined || !before.running.isIn ? null : closed(rule, moment, before);
  return { state: taken(rule, moment, empty, ts, value), signal };
}

function taken(rule: AverageRule, moment: Moment<AverageState>, state: AverageState, ts: number, value: number) {
  if (!state.running.isIn) return state;
  const hour = Math.floor((ts - state.running.from) / HOUR_MS);
  const { running, hours, total, count, sum } = hour === state.hour ? state : hourOver(moment, state);
  return { running, hours, total, hour, count: count + 1, sum: sum + loudness(rule, value) };
}

/** With the running hour among those that are over, where it had enough samples. */
function hourOver({ device }: Moment<AverageState>, state: AverageState): AverageState {
  const { count, sum, hours, total } = state;
  const expected = Math.max(1, HOUR_MS / (device.sampleInterval * 1_000));
  const empty = { ...state, count: 0, sum: 0 };
  return count < HOUR_COVERAGE * expected ? empty : { ...empty, hours: hours + 1, total: total + sum / count };
}

function closed(rule: AverageRule, moment: Moment<AverageState>, state: AverageState): Signal {
  const { running } = state;
  const { hours, total } = hourOver(moment, state);
  const coverage = (hours * HOUR_MS) / (running.until - running.from);
  const limit = limitAt(rule, moment.attributes, moment.parts.dateAt(running.from));
  if (limit === null) return { verdict: 'idle', reason: 'no-limit', values: { coverage: rounded(coverage) } };
  const values = { limit: limit.above, coverage: rounded(coverage) };
  if (coverage < rule.minCoverage) return { verdict: 'unknown', reason: 'coverage', values };
  const mean = meanOf(rule, { hours, total });
  const verdict = mean > limit.above ? 'breach' : 'ok';
  return { verdict, reason: null, values: { mean: rounded(mean), ...values } };
}

/** The mean of hours by their sum, as the rule takes it; NaN of none. */
export function meanOf(rule: AverageRule, { hours, total }: Pick<AverageState, 'hours' | 'total'>): number {
  return rule.mean === 'energetic' ? 10 * Math.log10(total / hours) : total / hours;
}

/** The limit of the device's class that holds on a date (`YYYY-MM-DD`); null where there is none. */
export function limitAt(
  { by, limits }: AverageRule,
  attributes: Moment<unknown>['attributes'],
  date: string,
): DatedLimit | null {
  const stated = by === undefined ? undefined : attributes[by];
  const found = limits.find(
    ({ class: one, validFrom = '', validTo = '9999' }) =>
      (one === undefined || one === stated) && validFrom <= date && date <= validTo,
  );
  return found ?? null;
}

/** What is summed: of dB the energy. */
function loudness({ mean }: AverageRule, value: number): number {
  return mean === 'energetic' ? 10 ** (value / 10) : value;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
