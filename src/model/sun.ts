import { getTimes } from 'suncalc';
import type { Location } from './primitives.ts';

const DAY_MS = 86_400_000;
/** Days that are remembered; a service asks for today and yesterday. */
const KNOWN_DAYS = 16;

/** When the sun rises and sets on one solar day, ms; outside the day where it does neither. */
export interface Horizon {
  rise: number;
  set: number;
}

/** The sun over one place. Solar days begin at solar midnight, in the middle of the dark. */
export class Sun {
  readonly #location: Location;
  readonly #days = new Map<number, Horizon>();

  constructor(location: Location) {
    this.#location = location;
  }

  /** Whether the sun is down. */
  isDown(ts: number): boolean {
    const { rise, set } = this.horizon(ts);
    return ts < rise || ts >= set;
  }

  /** The sunset that began the dark in which `ts` lies; `ts` itself lies in it. */
  downSince(ts: number): number {
    const today = this.horizon(ts);
    return ts >= today.set ? today.set : this.horizon(ts - DAY_MS).set;
  }

  /** Sunrise and sunset of the solar day around `ts`. */
  horizon(ts: number): Horizon {
    const day = this.dayOf(ts);
    let known = this.#days.get(day);
    if (known === undefined) {
      if (this.#days.size >= KNOWN_DAYS) this.#days.clear();
      known = this.#look(day);
      this.#days.set(day, known);
    }
    return known;
  }

  /** Number of the solar day around `ts`. */
  dayOf(ts: number): number {
    return Math.floor(ts / DAY_MS + this.#location[0] / 360);
  }

  /** The solar midnight at which a solar day begins, ms. */
  startOf(day: number): number {
    return (day - this.#location[0] / 360) * DAY_MS;
  }

  #look(day: number): Horizon {
    const noon = new Date(this.startOf(day) + DAY_MS / 2);
    const { sunrise, sunset, alwaysDown } = getTimes(noon, this.#location[1], this.#location[0]);
    const never = alwaysDown === true;
    return {
      rise: sunrise?.getTime() ?? (never ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY),
      set: sunset?.getTime() ?? (never ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY),
    };
  }
}
