import type { Device } from '../src/model/device.ts';
import type { Value } from '../src/model/sample.ts';
import { type Behaviour, type World, within } from './behaviour.ts';
import { batteryOf, signalOf } from './cell.ts';
import { Dice, rounded } from './dice.ts';

const SECOND_MS = 1_000;
/** 2024-01-01, days since 1970: meters stood at their first value then. */
const COUNTING_FROM_DAY = 19_723;
/** Every tenth meter has a gas detector. */
const DETECTORS = 0.1;
/** Inlet pressure, kPa, of a regulator by the class of the network behind it: that of the next class up. */
const INLETS: Readonly<Record<string, number>> = {
  low: 180,
  'medium-b': 340,
  'medium-a': 700,
  'sub-high-b': 1_400,
  'sub-high-a': 2_200,
  'high-b': 3_400,
  'high-a': 3_900,
};
/** Outlet limits, kPa, of a regulator whose own are not in the registry: those of a low-pressure network. */
const LOW_OUTLET = [2, 3] as const;
/** Share of a household's and of a business's day that falls on each hour. */
const HOUSEHOLD = [0, 0, 0, 0, 0, 1, 4, 5, 2, 1, 2, 6, 5, 2, 1, 1, 3, 7, 7, 4, 3, 2, 1, 0];
const BUSINESS = [1, 1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 6, 4, 6, 7, 7, 6, 5, 3, 2, 2, 1, 1, 1];

/** A leak: first level within half a minute, second within two and a half; how it clears away once stopped. */
const FIRST = { after: 30 * SECOND_MS, lel: 32 };
const SECOND = { from: 120 * SECOND_MS, after: 150 * SECOND_MS, lel: 58 };
const CLEARING_MS = 40 * SECOND_MS;
const CLEARED_AFTER_MS = 150 * SECOND_MS;

/** Whether a device measures gas in the air: every regulator, and some meters, by the seed. */
export function hasDetector(device: Device, seed: number): boolean {
  if (device.kind === 'gas-regulator') return true;
  return device.kind === 'gas-meter' && new Dice(seed, device.id).fixed('detector') < DETECTORS;
}

/** What a detector shows without a leak is its drift about zero. */
function detector(device: Device, { faults, seed }: World): Pick<Behaviour, 'alarms'> & { lel(ts: number): number } {
  const noise = new Dice(seed, device.id).noise('leak');

  function leaked(since: number): number {
    if (since < FIRST.after) return (FIRST.lel * since) / FIRST.after;
    if (since < SECOND.from) return FIRST.lel;
    const share = Math.min(1, (since - SECOND.from) / (SECOND.after - SECOND.from));
    return FIRST.lel + share * (SECOND.lel - FIRST.lel);
  }

  function lel(ts: number): number {
    const leak = faults.latest('gas-leak', device.id, ts);
    const drift = 0.4 + 0.4 * noise(ts);
    if (leak === undefined) return rounded(drift, 1);
    const reached = leaked(Math.min(ts, leak.until) - leak.from);
    const left = ts < leak.until ? 1 : Math.exp(-(ts - leak.until) / CLEARING_MS);
    return rounded(reached * left + drift, 1);
  }

  /** It speaks at once when a level is reached, and when the air is clear again. */
  function alarms(from: number, to: number): number[] {
    const leak = faults.latest('gas-leak', device.id, to);
    if (leak === undefined) return [];
    const levels = [leak.from + FIRST.after, leak.from + SECOND.after].filter((instant) => instant < leak.until);
    return within(from, to, [...levels, leak.until + CLEARED_AFTER_MS]);
  }

  return { lel, alarms };
}

/** What a meter draws on an average day, m³: a kitchen and a boiler on the small sizes, a business on the others. */
function dailyUse(device: Device, dice: Dice): { volume: number; isBusiness: boolean } {
  const size = Number(/^G(\d+(?:\.\d+)?)$/.exec(String(device.attributes.size))?.[1] ?? 2.5);
  const isBusiness = size > 6;
  return { volume: size * (isBusiness ? 3 : 0.4) * (0.6 + 0.8 * dice.fixed('use')), isBusiness };
}

/** A gas meter: its counter follows the hours of a household or of a business, and its flow is the counter's slope. */
export function gasMeter(device: Device, world: World): Behaviour {
  const { calendar, seed, weather } = world;
  const dice = new Dice(seed, device.id);
  const { volume: daily, isBusiness } = dailyUse(device, dice);
  const profile = isBusiness ? BUSINESS : HOUSEHOLD;
  const counter = 50 + dice.fixed('counter') * 900;
  const habit = dice.noise('habit');
  const leaks = hasDetector(device, seed) ? detector(device, world) : null;
  const battery = batteryOf(dice);
  const signal = signalOf(dice);

  /** What each hour of the day takes, m³; no two days are alike, but each comes to the same. */
  function hoursOf(day: number): number[] {
    const weights = profile.map((share, hour) => share * (1 + 0.8 * habit(day * 24 + hour)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => (daily * weight) / sum);
  }

  function read(ts: number): Record<string, Value> {
    const day = calendar.day(ts);
    const hour = calendar.hour(ts);
    const hours = hoursOf(day);
    const flow = hours[Math.floor(hour)] ?? 0;
    const today = hours.slice(0, Math.floor(hour)).reduce((sum, volume) => sum + volume, 0) + flow * (hour % 1);
    return {
      volume: rounded(counter + daily * Math.max(0, day - COUNTING_FROM_DAY) + today, 3),
      flow: rounded(flow, 3),
      temperature: rounded(15 + 0.5 * (weather.temperature(ts) - 15), 1),
      valveOpen: true,
      tamper: false,
      magnetic: false,
      ...(leaks === null ? {} : { leak: leaks.lel(ts) }),
      battery: battery(ts),
      rssi: signal(ts),
    };
  }

  return { read, speaks: () => true, alarms: leaks === null ? () => [] : leaks.alarms };
}

/** A regulator: its outlet sags a little as the `meters` behind it draw. */
export function gasRegulator(device: Device, meters: readonly Device[], world: World): Behaviour {
  const { calendar, seed, weather } = world;
  const dice = new Dice(seed, device.id);
  const uses = meters.map((meter) => dailyUse(meter, new Dice(seed, meter.id)));
  const flowOf = (profile: readonly number[], volume: number) => {
    const sum = profile.reduce((total, share) => total + share, 0);
    return profile.map((share) => (share / sum) * volume);
  };
  const volumeOf = (business: boolean) =>
    uses.reduce((sum, { volume, isBusiness }) => sum + (isBusiness === business ? volume : 0), 0);
  const households = flowOf(HOUSEHOLD, volumeOf(false));
  const hourly = flowOf(BUSINESS, volumeOf(true)).map((flow, hour) => flow + (households[hour] ?? 0));
  const most = Math.max(...hourly);

  const { minOutlet, maxOutlet } = device.attributes;
  const low = typeof minOutlet === 'number' ? minOutlet : LOW_OUTLET[0];
  const high = typeof maxOutlet === 'number' ? maxOutlet : low + (LOW_OUTLET[1] - LOW_OUTLET[0]);
  const inlet = INLETS[String(device.attributes.class)] ?? 180;
  const inletDrift = dice.drift('inlet', 3 * 3_600_000);
  const outletNoise = dice.noise('outlet');
  const flowNoise = dice.noise('flow');
  const { lel, alarms } = detector(device, world);

  /** m³/h, from the middle of one hour to that of the next. */
  function drawn(ts: number): number {
    const at = calendar.hour(ts) + 23.5;
    const before = hourly[Math.floor(at) % 24] ?? 0;
    const after = hourly[(Math.floor(at) + 1) % 24] ?? 0;
    return before + (after - before) * (at % 1);
  }

  function read(ts: number): Record<string, Value> {
    const flow = drawn(ts);
    const load = most === 0 ? 0 : flow / most;
    return {
      inletPressure: rounded(inlet * (1 + 0.04 * inletDrift(ts)), 1),
      outletPressure: rounded(low + (high - low) * (0.6 - 0.25 * load + 0.03 * outletNoise(ts)), 2),
      flow: rounded(flow * (1 + 0.06 * flowNoise(ts)), 2),
      temperature: rounded(15 + 0.7 * (weather.temperature(ts) - 15), 1),
      leak: lel(ts),
      slamShut: false,
      doorOpen: false,
    };
  }

  return { read, speaks: () => true, alarms };
}
