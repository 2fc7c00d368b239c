import { fromLocalTime, localTime } from './local-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A stretch of a town's day, from `from` to before `until` (ms); `isIn` false: what lies between two of them. */
export interface DayPart {
  isIn: boolean;
  from: number;
  until: number;
}

/** The town's day around `ts` (ms): 23 or 25 hours long where the clocks are changed. */
export function dayAt(ts: number, timeZone: string): DayPart {
  const today = dateAt(ts, timeZone);
  return { isIn: true, from: midnight(today, timeZone), until: midnight(next(today, 1), timeZone) };
}

/** The hour of the town's clock around `ts` (ms), and which of the day it is, 0..23. */
export function hourAt(ts: number, timeZone: string): DayPart & { hour: number } {
  const time = localTime(ts, timeZone).slice(11);
  const into = Date.parse(`1970-01-01T${time}Z`) % HOUR_MS;
  const from = Math.floor(ts / 1_000) * 1_000 - into;
  return { isIn: true, from, until: from + HOUR_MS, hour: Number(time.slice(0, 2)) };
}

/**
 * Where `ts` (ms) lies by the town's clock: within the hours `from` to `to` (`HH:MM`; of the next morning where `to` is not
 * later) or between two such stretches.
 */
export function partAt(ts: number, { from, to }: { from: string; to: string }, timeZone: string): DayPart {
  const today = dateAt(ts, timeZone);
  const parts = [-1, 0, 1].map((days) => {
    const date = next(today, days);
    const begin = fromLocalTime(`${date}T${from}`, timeZone);
    return { begin, end: fromLocalTime(`${to > from ? date : next(date, 1)}T${to}`, timeZone) };
  });
  const inside = parts.find(({ begin, end }) => begin <= ts && ts < end);
  if (inside !== undefined) return { isIn: true, from: inside.begin, until: inside.end };
  const over = parts.filter(({ end }) => end <= ts).map(({ end }) => end);
  const coming = parts.filter(({ begin }) => begin > ts).map(({ begin }) => begin);
  return { isIn: false, from: Math.max(...over), until: Math.min(...coming) };
}

/** The town's date (`YYYY-MM-DD`) at `ts` (ms). */
export function dateAt(ts: number, timeZone: string): string {
  return localTime(ts, timeZone).slice(0, 10);
}

function midnight(date: string, timeZone: string): number {
  return fromLocalTime(`${date}T00:00`, timeZone);
}

function next(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
