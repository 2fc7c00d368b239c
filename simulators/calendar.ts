const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The town's own days and hours. */
export class Calendar {
  readonly #format: Intl.DateTimeFormat;
  #hourKnown = Number.NaN;
  #offset = 0;

  /** `timeZone` is an IANA name. */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  }

  /** The hour of the town's day, 0 to below 24, with its fraction. */
  hour(ts: number): number {
    const local = ts + this.#offsetAt(ts);
    return (local - Math.floor(local / DAY_MS) * DAY_MS) / HOUR_MS;
  }

  /** The number of the town's day, counted from 1970-01-01. */
  day(ts: number): number {
    return Math.floor((ts + this.#offsetAt(ts)) / DAY_MS);
  }

  /** Where the year stands, 1 in the middle of July and -1 in the middle of January. */
  season(ts: number): number {
    return Math.cos((2 * Math.PI * (this.day(ts) - 196)) / 365.2425);
  }

  /** Zones change their offset on the quarter hour at most, and on the whole hour nearly everywhere: one look-up serves an hour. */
  #offsetAt(ts: number): number {
    const hour = Math.floor(ts / HOUR_MS);
    if (hour !== this.#hourKnown) {
      const parts = new Map(this.#format.formatToParts(hour * HOUR_MS).map(({ type, value }) => [type, Number(value)]));
      const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
      const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
      this.#offset = local - hour * HOUR_MS;
      this.#hourKnown = hour;
    }
    return this.#offset;
  }
}
