import type { Calendar } from './calendar.ts';
import { Dice } from './dice.ts';

const HOUR_MS = 3_600_000;

/**
 * The weather and the mains over the whole town: what all its devices feel together. Means are those of the plain north
 * of the Huai: about 15 °C over the year, 2 °C in January and 27 °C in July.
 */
export class Weather {
  readonly #calendar: Calendar;
  readonly #warmth: (ts: number) => number;
  readonly #damp: (ts: number) => number;
  readonly #clouds: (ts: number) => number;
  readonly #wind: (ts: number) => number;
  readonly #direction: (ts: number) => number;
  readonly #haze: (ts: number) => number;
  readonly #mains: (ts: number) => number;

  constructor(seed: number, calendar: Calendar) {
    const dice = new Dice(seed, 'weather');
    this.#calendar = calendar;
    this.#warmth = dice.drift('warmth', 48 * HOUR_MS);
    this.#damp = dice.drift('damp', 30 * HOUR_MS);
    this.#clouds = dice.drift('clouds', 9 * HOUR_MS);
    this.#wind = dice.drift('wind', 5 * HOUR_MS);
    this.#direction = dice.drift('direction', 14 * HOUR_MS);
    this.#haze = dice.drift('haze', 40 * HOUR_MS);
    this.#mains = dice.drift('mains', HOUR_MS);
  }

  /** °C in the shade; warmest at three in the afternoon. */
  temperature(ts: number): number {
    const day = Math.cos(((this.#calendar.hour(ts) - 15) * Math.PI) / 12);
    return 15 + 12.5 * this.#calendar.season(ts) + 4.5 * day + 4 * this.#warmth(ts);
  }

  /** Relative humidity, %: it falls as the day warms. */
  humidity(ts: number): number {
    const day = Math.cos(((this.#calendar.hour(ts) - 15) * Math.PI) / 12);
    return 70 - 14 * day + 14 * this.#damp(ts);
  }

  /** Share of the sky's light that comes through, 0.25..1. */
  clearness(ts: number): number {
    return 0.625 + 0.375 * this.#clouds(ts);
  }

  /** m/s */
  windSpeed(ts: number): number {
    return 2.8 + 2.4 * this.#wind(ts);
  }

  /** Degrees clockwise from north, where it comes from; the south-east most of the time. */
  windDirection(ts: number): number {
    return 135 + 110 * this.#direction(ts);
  }

  /** Fine particles, µg/m³: winter's air is the worse, and so is the air of the rush hours. */
  pm25(ts: number): number {
    const hour = this.#calendar.hour(ts);
    const traffic = Math.exp(-(((hour - 8) / 2) ** 2)) + Math.exp(-(((hour - 19) / 2.5) ** 2));
    return (36 - 16 * this.#calendar.season(ts)) * (1 + 0.45 * this.#haze(ts)) + 9 * traffic;
  }

  /** Volts of the public mains, phase to neutral. */
  mains(ts: number): number {
    return 229 + 3.5 * this.#mains(ts);
  }
}
