import { fromLocalTime, localTime } from './local-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A stretch of a town's day, from `from` to before `until` (ms); `isIn` false: what lies between two of them. */
export interface DayPart {
  isIn: boolean;
  from: number;
  until: number;
  /** Of an hour: which of the day it is, 0..23; else 0. */
  hour: number;
}

/** Days, hours and stretches of the day by a town's clock. Of each the last one is kept: most devices ask for the same. */
export class DayParts {
  readonly timeZone: string;
  readonly #known = new Map<string, DayPart>();

  /** `timeZone` is IANA's name. */
  constructor(timeZone: string) {
    this.timeZone = timeZone;
  }

  /** The town's date (`YYYY-MM-DD`) at `ts` (ms). */
  dateAt(ts: number): string {
    return localTime(ts, this.timeZone).slice(0, 10);
  }

  /** The town's day around `ts` (ms): 23 or 25 hours long where the clocks are changed. */
  day(ts: number): DayPart {
    return this.#keep('day', ts, () => {
      const today = this.dateAt(ts);
      return { isIn: true, from: this.#at(today, '00:00'), until: this.#at(next(today, 1), '00:00'), hour: 0 };
    });
  }

  /** The hour of the town's clock around `ts` (ms). */
  hour(ts: number): DayPart {
    return this.#keep('hour', ts, () => {
      const time = localTime(ts, this.timeZone).slice(11);
      const into = Date.parse(`1970-01-01T${time}Z`) % HOUR_MS;
      const from = Math.floor(ts / 1_000) * 1_000 - into;
      return { isIn: true, from, until: from + HOUR_MS, hour: Number(time.slice(0, 2)) };
    });
  }

  /**
   * Where `ts` (ms) lies by the town's clock: within the hours `from` to `to` (`HH:MM`; of the next morning where `to` is not
   * later) or between two such stretches.
   */
  part(ts: number, { from, to }: { from: string; to: string }): DayPart {
    return this.#keep(`${from} ${to}`, ts, () => {
      const today = this.dateAt(ts);
      const parts = [-1, 0, 1].map((days) => {
        const date = next(today, days);
        return { begin: this.#at(date, from), end: this.#at(to > from ? date : next(date, 1), to) };
      });
      const inside = parts.find(({ begin, end }) => begin <= ts && ts < end);
      if (inside !== undefined) return { isIn: true, from: inside.begin, until: inside.end, hour: 0 };
      const over = parts.filter(({ end }) => end <= ts).map(({ end }) => end);
      const coming = parts.filter(({ begin }) => begin > ts).map(({ begin }) => begin);
      return { isIn: false, from: Math.max(...over), until: Math.min(...coming), hour: 0 };
    });
  }

  #keep(key: string, ts: number, make: () => DayPart): DayPart {
    const known = this.#known.get(key);
    if (known !== undefined && known.from <= ts && ts < known.until) return known;
    const made = make();
    this.#known.set(key, made);
    return made;
  }

  #at(date: string, time: string): number {
    return fromLocalTime(`${date}T${time}`, this.timeZone);
  }
}

function next(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
