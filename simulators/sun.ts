import { getPosition, getTimes } from 'suncalc';
import type { Location } from '../src/model/primitives.ts';

const DAY_MS = 86_400_000;
/** 2024-01-01: energy counters stood at their first value then. */
const COUNTING_FROM = 1_704_067_200_000;

/** The sun over one place. */
export class Sun {
  readonly #location: Location;
  #dayKnown = Number.NaN;
  #rise = 0;
  #set = 0;
  /** Dark milliseconds before each solar day, from that of {@link COUNTING_FROM} on. */
  readonly #darkBefore: number[] = [0];

  constructor(location: Location) {
    this.#location = location;
  }

  /** Whether the sun is down. */
  isDown(ts: number): boolean {
    this.#look(this.#solarDay(ts));
    return ts < this.#rise || ts >= this.#set;
  }

  /** The instants of the solar day around `ts` at which the sun rises and sets; they lie outside the day where it does not. */
  horizon(ts: number): { rise: number; set: number } {
    this.#look(this.#solarDay(ts));
    return { rise: this.#rise, set: this.#set };
  }

  /** Height of the sun above the horizon, degrees. */
  altitude(ts: number): number {
    return getPosition(new Date(ts), this.#location[1], this.#location[0]).altitude;
  }

  /** Hours that the sun was down between the start of 2024 and `ts`; it only grows. */
  hoursDown(ts: number): number {
    const first = this.#solarDay(COUNTING_FROM);
    const day = this.#solarDay(ts);
    if (day < first) return 0;
    for (let counted = this.#darkBefore.length; counted <= day - first; counted++) {
      const end = this.#startOf(first + counted);
      this.#darkBefore.push((this.#darkBefore[counted - 1] ?? 0) + this.#downToday(first + counted - 1, end));
    }
    return ((this.#darkBefore[day - first] ?? 0) + this.#downToday(day, ts)) / 3_600_000;
  }

  /** Milliseconds of `day` before `ts` that the sun was down. */
  #downToday(day: number, ts: number): number {
    this.#look(day);
    const start = this.#startOf(day);
    const morning = Math.max(0, Math.min(ts, this.#rise) - start);
    const evening = Math.max(0, ts - Math.max(start, this.#set));
    return this.#set < this.#rise ? ts - start : morning + evening;
  }

  /** Solar days begin at solar midnight, in the middle of the dark. */
  #solarDay(ts: number): number {
    return Math.floor(ts / DAY_MS + this.#location[0] / 360);
  }

  #startOf(day: number): number {
    return (day - this.#location[0] / 360) * DAY_MS;
  }

  #look(day: number): void {
    if (day === this.#dayKnown) return;
    const noon = this.#startOf(day) + DAY_MS / 2;
    const { sunrise, sunset, alwaysDown } = getTimes(new Date(noon), this.#location[1], this.#location[0]);
    const never = alwaysDown === true;
    this.#rise = sunrise?.getTime() ?? (never ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
    this.#set = sunset?.getTime() ?? (never ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    this.#dayKnown = day;
  }
}
