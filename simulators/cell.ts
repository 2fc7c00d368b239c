import { type Dice, rounded } from './dice.ts';

const DAY_MS = 86_400_000;
/** A logger's battery lasts some years; it is changed at 40 %. */
const BATTERY_DAYS = 1_500;
const CHANGED_AT = 40;

/** A battery's charge over time, %. */
export function batteryOf(dice: Dice): (ts: number) => number {
  const age = dice.fixed('battery') * BATTERY_DAYS;
  return (ts) => rounded(100 - (100 - CHANGED_AT) * (((ts / DAY_MS + age) % BATTERY_DAYS) / BATTERY_DAYS), 0);
}

/** A radio's signal strength over time, dBm. */
export function signalOf(dice: Dice): (ts: number) => number {
  const place = -105 + 40 * dice.fixed('signal');
  const noise = dice.noise('signal');
  return (ts) => rounded(place + 4 * noise(ts), 0);
}
