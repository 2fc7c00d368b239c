import type { Device } from '../src/model/device.ts';
import type { Value } from '../src/model/sample.ts';
import type { Behaviour, World } from './behaviour.ts';
import { batteryOf, signalOf } from './cell.ts';
import { Dice, rounded } from './dice.ts';

const MINUTE_MS = 60_000;

/** How a point of each role behaves: the share of its band that demand takes away, and its flow when all draw, m³/h. */
const ROLES = {
  outlet: { limits: [0.3, 0.6], sag: 0.15, flow: 220 },
  trunk: { limits: [0.2, 0.5], sag: 0.3, flow: 60 },
  end: { limits: [0.14, 0.45], sag: 0.45, flow: 8 },
} as const;
/** Where in its band a point stands when nobody draws. */
const AT_REST = 0.7;
/** What is left, MPa, while the pressure is lost; and how fast it is lost and comes back (time constants). */
const DROPPED = [0.05, 0.08] as const;
const FALL_MS = MINUTE_MS;
const RISE_MS = 2 * MINUTE_MS;

/** How much of the greatest demand is drawn at an hour of the day, 0..1: breakfast and supper, less at noon, little at night. */
function demand(hour: number): number {
  const peak = (at: number, width: number) => Math.exp(-(((hour - at) / width) ** 2));
  return Math.min(1, 0.1 + 0.88 * peak(7, 1.6) + 0.35 * peak(12, 1.8) + 0.78 * peak(19, 2.2));
}

/** A pressure point. Without faults it stays inside its own limits. */
export function waterPoint(device: Device, { calendar, faults, weather, seed }: World): Behaviour {
  const dice = new Dice(seed, device.id);
  const { role, minPressure, maxPressure } = device.attributes;
  const { limits, sag, flow } = ROLES[role === 'outlet' || role === 'trunk' ? role : 'end'];
  const low = typeof minPressure === 'number' ? minPressure : limits[0];
  const high = typeof maxPressure === 'number' ? maxPressure : low + (limits[1] - limits[0]);
  const band = high - low;
  const lie = (dice.fixed('lie of the land') * 2 - 1) * 0.05;
  const draught = flow * (0.7 + 0.6 * dice.fixed('draught'));
  const dropped = DROPPED[0] + (DROPPED[1] - DROPPED[0]) * dice.fixed('dropped');
  const chamber = 12 + 4 * dice.fixed('chamber');
  const pressureNoise = dice.noise('pressure');
  const flowNoise = dice.noise('flow');
  const battery = batteryOf(dice);
  const signal = signalOf(dice);

  function normalPressure(ts: number): number {
    return low + band * (AT_REST + lie - sag * demand(calendar.hour(ts)) + 0.012 * pressureNoise(ts));
  }

  /** How much of the loss is there, 0 (none) to 1 (all). */
  function lost(ts: number): number {
    const drop = faults.latest('pressure-drop', device.id, ts);
    if (drop === undefined) return 0;
    const atEnd = 1 - Math.exp(-(Math.min(ts, drop.until) - drop.from) / FALL_MS);
    return ts < drop.until ? atEnd : atEnd * Math.exp(-(ts - drop.until) / RISE_MS);
  }

  function read(ts: number): Record<string, Value> {
    const normal = normalPressure(ts);
    const pressure = normal - lost(ts) * (normal - dropped);
    // What flows out of an opening goes with the root of the pressure.
    const flows = draught * demand(calendar.hour(ts)) * (1 + 0.05 * flowNoise(ts)) * Math.sqrt(pressure / normal);
    return {
      pressure: rounded(pressure, 3),
      flow: rounded(flows, 2),
      temperature: rounded(chamber + 0.35 * (weather.temperature(ts) - 15), 1),
      battery: battery(ts),
      rssi: signal(ts),
    };
  }

  return { read, speaks: () => true, alarms: () => [] };
}
