import type { Location } from '../src/model/primitives.ts';
import type { Value } from '../src/model/sample.ts';
import type { Calendar } from './calendar.ts';
import type { Faults } from './faults.ts';
import type { Sun } from './sun.ts';
import type { Weather } from './weather.ts';

/** How one device behaves: pure functions of town time (ms), of its seed and of the faults it suffers. */
export interface Behaviour {
  /** What it measures at `ts`, every field of its kind that it has. */
  read(ts: number): Record<string, Value>;
  /** Whether it can speak at `ts`: it is powered, has booted and reaches the network. */
  speaks(ts: number): boolean;
  /** Instants after `from` up to `to` at which it speaks ahead of its interval. */
  alarms(from: number, to: number): number[];
}

/** What every device lives in. */
export interface World {
  seed: number;
  /** Where the town's own sun is taken, for devices without a place. */
  location: Location;
  calendar: Calendar;
  weather: Weather;
  sun: Sun;
  faults: Faults;
}

/** `instants` that lie after `from`, up to `to`. */
export function within(from: number, to: number, instants: readonly number[]): number[] {
  return instants.filter((instant) => instant > from && instant <= to);
}
