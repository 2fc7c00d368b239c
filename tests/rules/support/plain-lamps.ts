import { getTimes } from 'suncalc';

/*
 * Lamp-hours of a year as somebody would reckon them who has the definitions (DESIGN.md §7) and pencil and paper: no code of
 * the product, only `suncalc` for the sun. All instants are ms; the town's clocks are eight hours ahead of UTC.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;
/** No lamp is judged out so long around a switching. */
const TRANSITION = 20 * MINUTE;
/** A report says something for three intervals of a quarter of an hour. */
const FRESH = 45 * MINUTE;

/** How the lamps of a road are switched. */
export type PlainHours =
  | { sun: [lon: number, lat: number]; dusk: number; dawn: number }
  | { days: readonly { date: string; on: string; off: string }[] };

/** A device with lamps, as it is planned. */
export interface PlainLamps {
  hours: PlainHours;
  lamps: number;
  /** At that time of the night (`HH:MM`) all but so many go off. */
  half?: { at: string; lamps: number };
  /** In service from then on. */
  from?: number;
}

/** What a device said: `lit` of its lamps burn from `ts` on. `at` is when that came. */
export interface PlainReport {
  ts: number;
  at: number;
  lit: number;
  /** Its time is not its own: it says nothing for the record. */
  isReplaced?: boolean;
}

/** A stretch of time in which nothing changes; lamps. */
interface Span {
  from: number;
  to: number;
  expected: number;
  lit: number;
  out: number;
}

/** Lamp-minutes. */
export interface LampMinutes {
  expected: number;
  lit: number;
  out: number;
  unknown: number;
}

/** `2028-03-01T06:50` of the town as ms. */
export function townTime(text: string): number {
  return Date.parse(`${text}+08:00`);
}

/** The dates from `from` on, so many. */
export function datesFrom(from: string, count: number): string[] {
  return Array.from({ length: count }, (_, day) => dateAfter(from, day));
}

/** When the lamps go on in the evening of `date`, and off in the morning after. */
export function nightOf(hours: PlainHours, date: string): { on: number; off: number } {
  const next = dateAfter(date, 1);
  if ('sun' in hours) {
    const [lon, lat] = hours.sun;
    const noon = (day: string) => new Date(townTime(`${day}T12:00`));
    const sunset = getTimes(noon(date), lat, lon).sunset as Date;
    const sunrise = getTimes(noon(next), lat, lon).sunrise as Date;
    return { on: sunset.getTime() + hours.dusk, off: sunrise.getTime() + hours.dawn };
  }
  const row = hours.days.findLast((one) => one.date <= date);
  if (row === undefined) throw new Error(`the timetable begins after ${date}`);
  return { on: townTime(`${date}T${row.on}`), off: townTime(`${next}T${row.off}`) };
}

/** How many lamps are to burn at an instant of the night that began in the evening of `date`. */
export function plannedAt({ half, lamps }: PlainLamps, date: string, at: number): number {
  return half !== undefined && at >= halfOf(half.at, date) ? half.lamps : lamps;
}

/** Every stretch of the nights that begin on these dates. `reports` are those that count, ascending by `ts`. */
export function spansOf(device: PlainLamps, dates: readonly string[], reports: readonly PlainReport[]): Span[] {
  const spans: Span[] = [];
  let next = 0;
  for (const date of dates) {
    const { on, off } = nightOf(device.hours, date);
    const switchings = [on, off, ...(device.half === undefined ? [] : [halfOf(device.half.at, date)])];
    while ((reports[next]?.ts ?? Infinity) < on) next++;
    const tonight: PlainReport[] = [];
    for (let index = next; (reports[index]?.ts ?? Infinity) < off; index++) tonight.push(reports[index] as PlainReport);
    const cuts = [
      ...switchings.flatMap((at) => [at - TRANSITION, at, at + TRANSITION]),
      ...tonight.flatMap(({ ts }) => [ts, ts + FRESH]),
      device.from ?? on,
    ].filter((at) => at >= on && at <= off);
    cuts.sort((a, b) => a - b);
    for (const [index, from] of cuts.entries()) {
      const to = cuts[index + 1] ?? off;
      if (to === from || from < (device.from ?? -Infinity)) continue;
      const expected = plannedAt(device, date, from);
      const word = tonight.findLast(({ ts }) => ts <= from);
      const isKnown = word !== undefined && word.isReplaced !== true && from < word.ts + FRESH;
      const lit = isKnown ? Math.min(word.lit, expected) : 0;
      const isSettling = switchings.some((at) => from >= at - TRANSITION && from < at + TRANSITION);
      spans.push({ from, to, expected, lit, out: isKnown && !isSettling ? expected - lit : 0 });
    }
  }
  return spans;
}

/** What the stretches come to between two instants. */
export function minutesOf(spans: readonly Span[], from: number, to: number): LampMinutes {
  const sum = { expected: 0, lit: 0, out: 0, unknown: 0 };
  for (const span of spans) {
    const minutes = (Math.min(span.to, to) - Math.max(span.from, from)) / MINUTE;
    if (minutes <= 0) continue;
    sum.expected += span.expected * minutes;
    sum.lit += span.lit * minutes;
    sum.out += span.out * minutes;
    sum.unknown += (span.expected - span.lit - span.out) * minutes;
  }
  return sum;
}

function halfOf(time: string, evening: string): number {
  // Half of the night is after midnight here.
  return townTime(`${dateAfter(evening, 1)}T${time}`);
}

function dateAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00Z`) + days * DAY).toISOString().slice(0, 10);
}
