import type { Clock } from '../src/kernel/clock.ts';
import type { Device } from '../src/model/device.ts';
import type { Value } from '../src/model/sample.ts';
import { telemetryTopic } from '../src/model/topic.ts';
import type { Behaviour, World } from './behaviour.ts';
import { Calendar } from './calendar.ts';
import { Dice } from './dice.ts';
import { Faults } from './faults.ts';
import { gasMeter, gasRegulator } from './gas.ts';
import type { Inventory } from './inventory.ts';
import { childrenByGateway, lampsOf, NO_LAMPS } from './lamps.ts';
import { lightingController } from './lighting.ts';
import { smartPole } from './pole.ts';
import { Sun } from './sun.ts';
import { waterPoint } from './water.ts';
import { Weather } from './weather.ts';

/** A message that a connection has to send. */
export interface Report {
  /** The device that is connected: the one that measured, or its gateway. */
  connection: string;
  /** When it is sent, ms of town time. */
  at: number;
  topic: string;
  payload: string;
}

/** How an inventory is simulated. */
export interface SimulationOptions {
  /** The same seed and the same faults give the same readings. */
  seed: number;
  /** Town time; it only tells when a fault begins. */
  clock: Pick<Clock, 'now'>;
  /** Only devices of this kind. */
  only?: string | undefined;
}

interface Member {
  device: Device;
  behaviour: Behaviour;
  /** When in its interval it reports, ms. */
  phase: number;
}

/** A connection and those who speak over it. */
interface Line {
  id: string;
  topic: string;
  /** Whether the connected device itself can speak. */
  speaks(ts: number): boolean;
  members: Member[];
}

/** The town as it is simulated: what each of its connections says, and when. No connection and no timer of its own. */
export class SimulatedTown {
  readonly faults: Faults;
  /** How many devices are simulated. */
  readonly size: number;
  readonly #lines: ReadonlyMap<string, Line>;

  /** Devices of a kind without a behaviour are left out. */
  constructor(inventory: Inventory, { seed, clock, only }: SimulationOptions) {
    const { town, devices } = inventory;
    this.faults = new Faults(town, devices, seed, clock);
    const behaviours = behave(inventory, worldOf(town, seed, this.faults));
    const byId = new Map(devices.map((device) => [device.id, device]));
    const lines = new Map<string, Line>();
    for (const device of devices) {
      const behaviour = behaviours.get(device.id);
      if (behaviour === undefined || (only !== undefined && device.kind !== only)) continue;
      const owner = (device.gateway === null ? undefined : byId.get(device.gateway)) ?? device;
      const line = lines.get(owner.id) ?? {
        id: owner.id,
        topic: telemetryTopic(town.id, owner.kind, owner.id),
        speaks: behaviours.get(owner.id)?.speaks ?? (() => true),
        members: [],
      };
      // A gateway polls its children when it reports itself: one phase, so one message.
      const phase = Math.floor(new Dice(seed, owner.id).fixed('phase') * device.reportInterval * 1000);
      line.members.push({ device, behaviour, phase });
      lines.set(owner.id, line);
    }
    this.#lines = lines;
    this.size = [...lines.values()].reduce((sum, { members }) => sum + members.length, 0);
  }

  /** The ids of the devices that connect: each but the children of a gateway. */
  get connections(): string[] {
    return [...this.#lines.keys()];
  }

  /** Whether a connection is held at `ts`: its device has power and works. */
  isConnected(connection: string, ts: number): boolean {
    return this.#lines.get(connection)?.speaks(ts) ?? false;
  }

  /** Everything that is to be sent after `from` and up to `to`, each connection's messages in the order of time. */
  reports(from: number, to: number): Report[] {
    const reports: Report[] = [];
    for (const line of this.#lines.values()) {
      const due = dueMembers(line, from, to);
      for (const at of [...due.keys()].sort((a, b) => a - b)) {
        const payload = payloadOf(line, due.get(at) ?? new Set(), at);
        reports.push({ connection: line.id, at, topic: line.topic, payload });
      }
    }
    return reports;
  }
}

function worldOf(town: Inventory['town'], seed: number, faults: Faults): World {
  const { location, timeZone } = town;
  const calendar = new Calendar(timeZone);
  return { seed, location, calendar, weather: new Weather(seed, calendar), sun: new Sun(location), faults };
}

/** Gives each device of a kind that has one its behaviour, by its id. */
function behave({ town, devices }: Inventory, world: World): ReadonlyMap<string, Behaviour> {
  const byId = new Map(devices.map((device) => [device.id, device]));
  const children = childrenByGateway(devices);
  const lamps = lampsOf(devices, town, world.seed);
  const lampsAt = ({ id }: Device) => lamps.get(id) ?? NO_LAMPS;
  const makers: Readonly<Record<string, (device: Device) => Behaviour>> = {
    'lighting-controller': (device) => {
      const gateway = (device.gateway === null ? null : byId.get(device.gateway)) ?? null;
      const metered = [device, ...(children.get(device.id) ?? [])].map(lampsAt);
      return lightingController(device, { gateway, lamps: lampsAt(device), metered }, world);
    },
    'water-pressure': (device) => waterPoint(device, world),
    'gas-meter': (device) => gasMeter(device, world),
    'gas-regulator': (device) => {
      const behind = devices.filter(({ kind, parent }) => kind === 'gas-meter' && parent === device.parent);
      return gasRegulator(device, behind, world);
    },
    'smart-pole': (device) => smartPole(device, world),
  };
  const behaviours = new Map<string, Behaviour>();
  for (const device of devices) {
    const make = makers[device.kind];
    if (make !== undefined) behaviours.set(device.id, make(device));
  }
  return behaviours;
}

/** Who of a line is to speak after `from` and up to `to`, by instant. */
function dueMembers(line: Line, from: number, to: number): Map<number, Set<Member>> {
  const due = new Map<number, Set<Member>>();
  for (const member of line.members) {
    const { behaviour, device, phase } = member;
    const interval = device.reportInterval * 1000;
    const add = (at: number) => {
      if (!line.speaks(at) || !behaviour.speaks(at)) return;
      const others = due.get(at);
      if (others === undefined) due.set(at, new Set([member]));
      else others.add(member);
    };
    for (let at = (Math.floor((from - phase) / interval) + 1) * interval + phase; at <= to; at += interval) add(at);
    for (const at of behaviour.alarms(from, to)) add(at);
  }
  return due;
}

/** What the members say at `at`. Who samples oftener than it reports says all since its last report, in an alarm the newest. */
function payloadOf(line: Line, members: Iterable<Member>, at: number): string {
  const samples: Record<string, Value | string>[] = [];
  for (const { behaviour, device, phase } of members) {
    const { reportInterval, sampleInterval } = device;
    const isRegular = (at - phase) % (reportInterval * 1000) === 0;
    const count = isRegular ? Math.max(1, Math.round(reportInterval / sampleInterval)) : 1;
    for (let back = count - 1; back >= 0; back--) {
      const ts = at - back * sampleInterval * 1000;
      const sample = { ts, ...behaviour.read(ts) };
      samples.push(device.id === line.id ? sample : { device: device.id, ...sample });
    }
  }
  return JSON.stringify(samples.length === 1 ? samples[0] : samples);
}
