import { getPosition } from 'suncalc';
import type { Location } from '../src/model/primitives.ts';
import { Sun as Horizon } from '../src/model/sun.ts';

const HOUR_MS = 3_600_000;
/** 2024-01-01: energy counters stood at their first value then. */
const COUNTING_FROM = 1_704_067_200_000;

/** The sun over one place, as lamps and light sensors know it. */
export class Sun extends Horizon {
  readonly #place: Location;
  /** Dark milliseconds before each solar day, from that of {@link COUNTING_FROM} on. */
  readonly #darkBefore: number[] = [0];

  constructor(location: Location) {
    super(location);
    this.#place = location;
  }

  /** Height of the sun above the horizon, degrees. */
  altitude(ts: number): number {
    return getPosition(new Date(ts), this.#place[1], this.#place[0]).altitude;
  }

  /** Hours that the sun was down between the start of 2024 and `ts`; it only grows. */
  hoursDown(ts: number): number {
    const first = this.dayOf(COUNTING_FROM);
    const day = this.dayOf(ts);
    if (day < first) return 0;
    for (let counted = this.#darkBefore.length; counted <= day - first; counted++) {
      const end = this.startOf(first + counted);
      this.#darkBefore.push((this.#darkBefore[counted - 1] ?? 0) + this.#downBetween(first + counted - 1, end));
    }
    return ((this.#darkBefore[day - first] ?? 0) + this.#downBetween(day, ts)) / HOUR_MS;
  }

  /** Milliseconds of the solar day `day` before `ts`, an instant of it or its end, that the sun was down. */
  #downBetween(day: number, ts: number): number {
    const start = this.startOf(day);
    const { rise, set } = this.horizon(start + 12 * HOUR_MS);
    if (set < rise) return ts - start;
    return Math.max(0, Math.min(ts, rise) - start) + Math.max(0, ts - Math.max(start, set));
  }
}
