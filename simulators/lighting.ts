import type { Device } from '../src/model/device.ts';
import type { Value } from '../src/model/sample.ts';
import { type Behaviour, type World, within } from './behaviour.ts';
import { Dice, rounded } from './dice.ts';
import type { Lamps } from './lamps.ts';
import { Sun } from './sun.ts';

const SECOND_MS = 1_000;
/** How long a concentrator lives on its battery after its feeder died. */
const BATTERY_MS = 3_600_000;
/** From power, or from being mended, to a concentrator's first word. */
const BOOT_MS = 30_000;
/** From its power, or its gateway's return, to the moment a single lamp's controller has been polled. */
const POLL_MS = 60_000;
/** How far photocells and astronomical clocks disagree with the sun, either way. */
const PHOTOCELL_MS = 3 * 60_000;
/** What controllers draw themselves. */
const STANDBY_WATTS = { concentrator: 8, lamp: 1.5 };
/** A switched-on lamp that gives no light still feeds its driver. */
const BROKEN_WATTS = 4;
const HOUR_MS = 3_600_000;

/** What surrounds a lighting controller. */
export interface Circuit {
  /** The concentrator that it speaks through, which also switches it; null for a concentrator. */
  gateway: Device | null;
  /** Its own lamps. */
  lamps: Lamps;
  /** All lamps that its meter sees: its own, and those of the controllers behind it. */
  metered: readonly Lamps[];
}

/**
 * A concentrator, or the controller of a single lamp. A concentrator measures the supply before its contactor, so it has
 * mains voltage by day too; a feeder's outage shows it as 0 V at once and it speaks for an hour more.
 */
export function lightingController(device: Device, circuit: Circuit, world: World): Behaviour {
  const { faults, weather } = world;
  const { id } = device;
  const dice = new Dice(world.seed, id);
  const isConcentrator = circuit.gateway === null;
  const switchedBy = circuit.gateway ?? device;
  const sun = new Sun(switchedBy.location ?? world.location);
  const photocell = (new Dice(world.seed, switchedBy.id).fixed('photocell') * 2 - 1) * PHOTOCELL_MS;
  const burns = (ts: number) => sun.isDown(ts - photocell);

  const outage = (ts: number) => faults.latest('feeder-outage', id, ts);
  const loss = (ts: number) => faults.latest('concentrator-loss', id, ts);
  /** The instant from which a concentrator can speak again, after an outage or a loss that began at its own. */
  const backFromOutage = (from: number, until: number) =>
    until - from > BATTERY_MS ? until + BOOT_MS : until + SECOND_MS;

  function concentratorSpeaks(ts: number): boolean {
    const lost = loss(ts);
    if (lost !== undefined && ts < lost.until + BOOT_MS) return false;
    const out = outage(ts);
    return out === undefined || ts < out.from + BATTERY_MS || ts >= backFromOutage(out.from, out.until);
  }

  function lampSpeaks(ts: number): boolean {
    if (device.power === 'switched' && !(burns(ts) && burns(ts - POLL_MS))) return false;
    const lost = loss(ts);
    if (lost !== undefined && ts < lost.until + POLL_MS) return false;
    const out = outage(ts);
    return out === undefined || ts >= out.until + POLL_MS;
  }

  const speaks = isConcentrator && device.power === 'always' ? concentratorSpeaks : lampSpeaks;

  function alarms(from: number, to: number): number[] {
    const out = outage(to);
    const lost = loss(to);
    const { rise, set } = sun.horizon(to - photocell);
    const settled = isConcentrator ? SECOND_MS : POLL_MS;
    const instants = [Math.ceil(rise + photocell) + settled, Math.ceil(set + photocell) + settled];
    if (out !== undefined) {
      instants.push(out.from + SECOND_MS);
      instants.push(isConcentrator ? backFromOutage(out.from, out.until) : out.until + POLL_MS);
    }
    if (lost !== undefined) instants.push(lost.until + (isConcentrator ? BOOT_MS : POLL_MS));
    return within(from, to, instants);
  }

  const standby = isConcentrator ? STANDBY_WATTS.concentrator : STANDBY_WATTS.lamp;
  const litWatts = circuit.metered.reduce(
    (sum, { count, broken, watts }) => sum + (count - broken) * watts + broken * BROKEN_WATTS,
    0,
  );
  const counter = 500 + dice.fixed('energy') * 20_000;
  const voltageNoise = dice.noise('voltage');
  const powerNoise = dice.noise('power');
  const factorNoise = dice.noise('powerFactor');
  const sag = isConcentrator ? 1.5 : 4 * dice.fixed('distance');
  const brokenGear = circuit.lamps.broken > 0 && dice.fixed('which part') < 0.25;

  /** kWh since the counter's first value, less what outages kept from it. */
  function energy(ts: number): number {
    const hours = (until: number) => [until / HOUR_MS, world.sun.hoursDown(until)] as const;
    const [now, down] = hours(ts);
    let [powered, burning] = [now, down];
    for (const { from, until } of faults.every('feeder-outage', id)) {
      if (from >= ts || until <= from) continue;
      const [begin, end] = [hours(from), hours(Math.min(until, ts))];
      powered -= end[0] - begin[0];
      burning -= end[1] - begin[1];
    }
    return counter + (powered * standby + burning * litWatts) / 1000;
  }

  function read(ts: number): Record<string, Value> {
    const out = outage(ts);
    const dead = out !== undefined && ts < out.until;
    const on = !dead && burns(ts);
    const voltage = dead ? 0 : weather.mains(ts) + voltageNoise(ts) - (on ? sag : 0);
    const power = dead ? 0 : standby + (on ? litWatts * (1 + 0.012 * powerNoise(ts)) : 0);
    const factor = dead ? 0 : (on ? 0.95 : 0.6) + 0.012 * factorNoise(ts);
    return {
      lampsLit: on ? circuit.lamps.count - circuit.lamps.broken : 0,
      lampsTotal: circuit.lamps.count,
      dim: on ? 100 : 0,
      voltage: rounded(voltage, 1),
      current: dead ? 0 : rounded(power / (voltage * factor), 2),
      power: rounded(power, 1),
      powerFactor: rounded(factor, 2),
      energy: rounded(energy(ts), 2),
      lampFault: on && circuit.lamps.broken > 0 && !brokenGear,
      gearFault: on && brokenGear,
      relayFault: false,
      doorOpen: false,
    };
  }

  return { read, speaks, alarms };
}
