import { z } from 'zod';
import { fromLocalTime, localTime } from './local-time.ts';
import { Duration, Id, parseDuration } from './primitives.ts';
import type { Sun } from './sun.ts';

const DAY_MS = 86_400_000;
/** More than that is no offset to the sun but a slip of the pen, ms. */
const LARGEST_OFFSET = 3 * 3_600_000;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** A shift against the sun: `10m` after it, `-10m` before it; parsed, it is milliseconds. */
const Shift = z.string().transform((text, context) => {
  const ms = parseDuration(text.replace(/^[-+]/, ''));
  if (ms !== null && ms <= LARGEST_OFFSET) return text.startsWith('-') ? -ms : ms;
  const message = `"${text}" is no shift against the sun: write 10m for later or -10m for earlier, 3h at most`;
  context.addIssue({ code: 'custom', message, input: text });
  return z.NEVER;
});

/** When the lamps of a road are switched: by the sun at their place with a shift, or by a timetable. */
export const Switching = z.strictObject({
  dusk: Shift.optional().meta({ description: 'how long after sunset they go on; -10m is before it' }),
  dawn: Shift.optional().meta({ description: 'how long after sunrise they go off; -10m is before it' }),
  timetable: Id.optional().meta({ description: "a published timetable: timetables/<id>.csv in the town's folder" }),
});
export type Switching = z.infer<typeof Switching>;

/** A date's row of a timetable: it holds until the next one's date. `off` is of the morning after where it is not later. */
export const TimetableDay = z.strictObject({
  date: z.iso.date(),
  on: z.string().regex(CLOCK, 'a time of the day is HH:MM'),
  off: z.string().regex(CLOCK, 'a time of the day is HH:MM'),
});
export type TimetableDay = z.infer<typeof TimetableDay>;

/** A published timetable of switching, in the order of its dates. Before the first of them the sun holds. */
export interface Timetable {
  id: string;
  days: readonly TimetableDay[];
}

/** What holds for all lamps of a town. */
export const LightingSettings = z.strictObject({
  transition: Duration.optional().meta({
    description: 'around each switching, while lamps warm up and photocells differ, none is judged out; default 20m',
  }),
  mismatch: Duration.optional().meta({
    description:
      'so far from a published time a circuit that is wholly off counts as switched off schedule, not as dark lamps; default 1h',
  }),
  inspection: z.string().regex(CLOCK, 'a time of the day is HH:MM').optional().meta({
    description: "when a bureau's patrol counts the lamps of a night; default 21:00",
  }),
});
export type LightingSettings = z.infer<typeof LightingSettings>;

/** A stretch of time in which lamps burn, or do not, by their hours: from `since` to before `until`, ms. */
export interface Phase {
  isLit: boolean;
  since: number;
  until: number;
}

/** When the lamps of one road at one place burn. */
export class LampHours {
  /** Whether they follow a published timetable. */
  readonly isPublished: boolean;
  readonly #sun: Sun;
  readonly #switching: Switching;
  readonly #days: readonly TimetableDay[];
  readonly #timeZone: string;
  #phase: Phase = { isLit: false, since: 0, until: 0 };
  readonly #clocks = new Map<string, number>();

  constructor(sun: Sun, switching: Switching, timetable: Timetable | null, timeZone: string) {
    this.#sun = sun;
    this.#switching = switching;
    this.#days = timetable?.days ?? [];
    this.#timeZone = timeZone;
    this.isPublished = timetable !== null;
  }

  /** The phase in which `ts` (ms) lies. Where the sun never rises or sets, its end is only the last instant that was looked up. */
  at(ts: number): Phase {
    if (ts < this.#phase.since || ts >= this.#phase.until) this.#phase = this.#look(ts);
    return this.#phase;
  }

  /** The first instant after `ts` (ms) at which the town's clocks show `HH:MM`. */
  clockAfter(ts: number, time: string): number {
    const key = `${ts} ${time}`;
    const known = this.#clocks.get(key);
    if (known !== undefined) return known;
    const today = instantOf(dateOf(ts, this.#timeZone), time, this.#timeZone);
    const found = today > ts ? today : instantOf(dateOf(ts + DAY_MS, this.#timeZone), time, this.#timeZone);
    if (this.#clocks.size >= 16) this.#clocks.clear();
    this.#clocks.set(key, found);
    return found;
  }

  /** The mean midnight of the place that follows `ts` (ms). */
  midnightAfter(ts: number): number {
    return this.#sun.startOf(this.#sun.dayOf(ts) + 1);
  }

  #look(ts: number): Phase {
    const today = this.#sun.dayOf(ts);
    const nights = [today - 2, today - 1, today, today + 1].map((day) => this.#night(day));
    const horizon = this.#sun.startOf(today + 2);
    const now = nights.find(({ on, off }) => on <= ts && ts < off);
    if (now !== undefined) return { isLit: true, since: now.on, until: Math.min(now.off, horizon) };
    const over = nights.filter(({ on, off }) => on < off && off <= ts).map(({ off }) => off);
    const coming = nights.filter(({ on, off }) => on < off && on > ts).map(({ on }) => on);
    return { isLit: false, since: Math.max(Number.NEGATIVE_INFINITY, ...over), until: Math.min(horizon, ...coming) };
  }

  /** The night that begins on a solar day. */
  #night(day: number): { on: number; off: number } {
    const published = this.#days.length === 0 ? null : this.#publishedNight(day);
    if (published !== null) return published;
    const { dusk = 0, dawn = 0 } = this.#switching;
    const set = this.#sun.horizon(this.#sun.startOf(day) + DAY_MS / 2).set;
    const rise = this.#sun.horizon(this.#sun.startOf(day + 1) + DAY_MS / 2).rise;
    return { on: set + dusk, off: rise + dawn };
  }

  #publishedNight(day: number): { on: number; off: number } | null {
    const date = dateOf(this.#sun.startOf(day) + DAY_MS / 2, this.#timeZone);
    const row = this.#days.findLast((one) => one.date <= date);
    if (row === undefined) return null;
    const morning = row.off > row.on ? date : nextDate(date);
    return { on: instantOf(date, row.on, this.#timeZone), off: instantOf(morning, row.off, this.#timeZone) };
  }
}

/** The town's date (`YYYY-MM-DD`) at `ts` (ms). */
export function dateOf(ts: number, timeZone: string): string {
  return localTime(ts, timeZone).slice(0, 10);
}

function instantOf(date: string, time: string, timeZone: string): number {
  return fromLocalTime(`${date}T${time}`, timeZone);
}

function nextDate(date: string): string {
  return new Date(Date.parse(`${date}T00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
