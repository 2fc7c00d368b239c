import { z } from 'zod';
import { fromLocalTime, localTime } from './local-time.ts';

/** Days of a week as they are written; the first is day 0. */
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const DAY_MS = 86_400_000;
const SHIFT = /^(?<days>\S+)\s+(?<from>([01]\d|2[0-3]):[0-5]\d)-(?<to>([01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** Hours of some days of the week. One that ends at or before its beginning goes on into the next day. */
export interface Shift {
  /** 0 is Sunday. */
  days: readonly number[];
  /** `HH:MM` of the town; `to` may be `24:00`. */
  from: string;
  to: string;
}

/** `mon-fri 08:00-18:00`, `daily 22:00-06:00` or `sat,sun 00:00-24:00`; null for what is none. */
export function parseShift(text: string): Shift | null {
  const { days: written = '', from = '', to = '' } = SHIFT.exec(text.trim())?.groups ?? {};
  const days = daysOf(written);
  return days === null || from === to ? null : { days, from, to };
}

function daysOf(text: string): number[] | null {
  if (text === 'daily') return DAYS.map((_, day) => day);
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = -1, last = first, ...more] = part.split('-').map((name) => DAYS.indexOf(name as 'sun'));
    if (first < 0 || last < 0 || more.length > 0) return null;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].sort();
}

/** Hours of the town's week: one line of days and hours, or several. */
export const Schedule = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((lines, context): readonly Shift[] =>
    [lines].flat().map((text, index) => {
      const shift = parseShift(text);
      if (shift !== null) return shift;
      const message = `"${text}" is no schedule: write mon-fri 08:00-18:00, daily 22:00-06:00 or sat,sun 00:00-24:00`;
      context.addIssue({ code: 'custom', message, input: text, path: Array.isArray(lines) ? [index] : [] });
      return z.NEVER;
    }),
  )
  .meta({ description: 'days and hours of the town, such as mon-fri 08:00-18:00; several as a list' });
export type Schedule = readonly Shift[];

/** Whether it is open, since when, and until when that stays so; ms, Infinity where it never changes. */
export interface ScheduleSpan {
  isOpen: boolean;
  since: number;
  until: number;
}

const ALWAYS: ScheduleSpan = { isOpen: true, since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };

/** How a schedule stands at `at` (ms) in a time zone. */
export function spanAt(schedule: Schedule, at: number, timeZone: string): ScheduleSpan {
  const shifts = shiftsAround(schedule, at, timeZone);
  const open = shifts.find(({ from, to }) => at >= from && at < to);
  // What is open for more than a week is never closed.
  if (open !== undefined && open.to - open.from > 7 * DAY_MS) return ALWAYS;
  if (open !== undefined) return { isOpen: true, since: open.from, until: open.to };
  const since = Math.max(Number.NEGATIVE_INFINITY, ...shifts.filter(({ to }) => to <= at).map(({ to }) => to));
  const until = Math.min(Number.POSITIVE_INFINITY, ...shifts.filter(({ from }) => from > at).map(({ from }) => from));
  return { isOpen: false, since, until };
}

/** The open stretches of the weeks before and after `at`, ascending; those that meet are one. */
function shiftsAround(schedule: Schedule, at: number, timeZone: string): { from: number; to: number }[] {
  const today = Date.parse(`${localTime(at, timeZone).slice(0, 10)}T00:00:00Z`);
  const found: { from: number; to: number }[] = [];
  for (let offset = -8; offset <= 8; offset++) {
    const day = today + offset * DAY_MS;
    for (const { days, from, to } of schedule) {
      if (!days.includes(new Date(day).getUTCDay())) continue;
      const isNextDay = to === '24:00' || to <= from;
      found.push({
        from: instantOf(day, from, timeZone),
        to: instantOf(isNextDay ? day + DAY_MS : day, to === '24:00' ? '00:00' : to, timeZone),
      });
    }
  }
  found.sort((a, b) => a.from - b.from);
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of found) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

function instantOf(day: number, time: string, timeZone: string): number {
  return fromLocalTime(`${new Date(day).toISOString().slice(0, 10)}T${time}`, timeZone);
}
