import type { Clock } from '../src/kernel/clock.ts';
import { TownError } from '../src/kernel/errors.ts';
import { didYouMean } from '../src/kernel/nearest.ts';
import type { Device } from '../src/model/device.ts';
import type { Name } from '../src/model/primitives.ts';
import type { Town } from '../src/model/town.ts';
import { hasDetector } from './gas.ts';
import { childrenByGateway } from './lamps.ts';

/** What can go wrong in the simulated town. */
export type FaultName = 'feeder-outage' | 'concentrator-loss' | 'pressure-drop' | 'gas-leak';

/** A kind of fault, and what it can strike. */
export interface FaultKind {
  fault: FaultName;
  name: Name;
  targetType: 'feeder' | 'concentrator' | 'pressure-point' | 'gas-detector';
  targets: { id: string; name: Name }[];
}

/** What is asked for: `duration` and `delay` (before it begins; 0 unless said) are ms of town time. */
export interface FaultRequest {
  fault: string;
  target: string;
  duration: number;
  delay?: number;
}

/** A fault: it is on from `from` to just before `until`, ms of town time. */
export interface Fault {
  id: string;
  fault: FaultName;
  target: string;
  from: number;
  until: number;
}

interface Target {
  name: Name;
  /** Whose readings it changes. */
  devices: readonly string[];
  /** Another name for what is in the list already, so not listed again. */
  alias?: true;
}

const NAMES: Record<FaultName, { name: Name; targetType: FaultKind['targetType'] }> = {
  'feeder-outage': { name: { zh: '回路停电', en: 'Feeder outage' }, targetType: 'feeder' },
  'concentrator-loss': { name: { zh: '集中器失联', en: 'Concentrator loss' }, targetType: 'concentrator' },
  'pressure-drop': { name: { zh: '水压骤降', en: 'Pressure drop' }, targetType: 'pressure-point' },
  'gas-leak': { name: { zh: '燃气泄漏', en: 'Gas leak' }, targetType: 'gas-detector' },
};
const FAULTS = Object.keys(NAMES) as FaultName[];

/** The faults of the town: those that are on, those to come, and those that were, whose effects may outlast them. */
export class Faults {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #targets: Record<FaultName, ReadonlyMap<string, Target>>;
  readonly #faults: Fault[] = [];
  /** By what they do, then by whom they strike, in the order of their beginnings. */
  readonly #striking: Record<FaultName, Map<string, Fault[]>> = {
    'feeder-outage': new Map(),
    'concentrator-loss': new Map(),
    'pressure-drop': new Map(),
    'gas-leak': new Map(),
  };

  constructor(town: Town, devices: readonly Device[], seed: number, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#targets = findTargets(town, devices, seed);
  }

  /** Every kind of fault with its targets. */
  kinds(): FaultKind[] {
    return FAULTS.map((fault) => ({
      fault,
      ...NAMES[fault],
      targets: [...this.#targets[fault]]
        .filter(([, { alias }]) => alias === undefined)
        .map(([id, { name }]) => ({ id, name })),
    }));
  }

  /**
   * Lets a fault begin.
   * @throws TownError `invalid` when there is no such fault or target (naming the nearest) or its duration is not above 0;
   *   `conflict` when it strikes somebody whom one of its kind strikes already in that time
   */
  start({ fault: asked, target, duration, delay = 0 }: FaultRequest): Fault {
    const name = FAULTS.find((candidate) => candidate === asked);
    if (name === undefined) {
      throw wrong('fault', `no fault ${asked}${didYouMean(asked, FAULTS)}: there are ${FAULTS.join(', ')}`);
    }
    const found = this.#targets[name].get(target);
    if (found === undefined) {
      const type = NAMES[name].targetType;
      throw wrong('target', `no ${type} ${target}${didYouMean(target, this.#targets[name].keys())}`);
    }
    if (!(duration > 0) || !(delay >= 0)) throw wrong('duration', 'a fault lasts longer than nothing: write 15m');
    const from = this.#clock.now() + delay;
    const until = from + duration;
    for (const device of found.devices) {
      const other = this.every(name, device).find((known) => known.from < until && from < known.until);
      if (other === undefined) continue;
      throw new TownError('conflict', `${device} suffers ${name} ${other.id} in that time already: stop that first`);
    }
    const fault = { id: `fault-${this.#faults.length + 1}`, fault: name, target, from, until };
    this.#faults.push(fault);
    for (const device of found.devices) {
      const list = [...(this.#striking[name].get(device) ?? []), fault].sort((a, b) => a.from - b.from);
      this.#striking[name].set(device, list);
    }
    return { ...fault };
  }

  /** Faults that are on or to come, in the order they were asked for. */
  list(): Fault[] {
    const now = this.#clock.now();
    return this.#faults.filter(({ until }) => until > now).map((fault) => ({ ...fault }));
  }

  /** Ends a fault now. @throws TownError `not-found` when it is not on or to come */
  stop(id: string): Fault {
    const now = this.#clock.now();
    const fault = this.#faults.find((candidate) => candidate.id === id && candidate.until > now);
    if (fault === undefined) {
      const near = didYouMean(
        id,
        this.list().map((listed) => listed.id),
      );
      throw new TownError('not-found', `no fault ${id} is on${near}`);
    }
    fault.until = now;
    fault.from = Math.min(fault.from, now);
    return { ...fault };
  }

  /** The fault that began last, by `ts`, of those of this name that strike the device; it may be over. */
  latest(name: FaultName, device: string, ts: number): Readonly<Fault> | undefined {
    return this.#striking[name].get(device)?.findLast(({ from, until }) => from <= ts && from < until);
  }

  /** Every fault of this name that strikes the device, whenever. */
  every(name: FaultName, device: string): readonly Readonly<Fault>[] {
    return this.#striking[name].get(device) ?? [];
  }
}

function wrong(path: string, message: string): TownError {
  return new TownError('invalid', message, { problems: [{ path, message }] });
}

function findTargets(
  town: Town,
  devices: readonly Device[],
  seed: number,
): Record<FaultName, ReadonlyMap<string, Target>> {
  const nodes = new Map(town.network.map((node) => [node.id, node]));
  const outages = new Map<string, Target>();
  const losses = new Map<string, Target>();
  const drops = new Map<string, Target>();
  const leaks = new Map<string, Target>();
  const join = (targets: Map<string, Target>, node: string | null, more: readonly string[], alias?: true) => {
    const found = node === null ? undefined : nodes.get(node);
    if (found === undefined) return;
    const before = targets.get(found.id)?.devices ?? [];
    const target = { name: found.name, devices: [...before, ...more] };
    targets.set(found.id, alias === undefined ? target : { ...target, alias });
  };

  const behind = childrenByGateway(devices);
  for (const device of devices) {
    const { id, kind, name, parent, gateway } = device;
    if (kind === 'lighting-controller') {
      join(outages, parent, [id]);
      if (gateway !== null) continue;
      const lost = [id, ...(behind.get(id) ?? []).map((child) => child.id)];
      losses.set(id, { name, devices: lost });
      join(losses, parent, lost, true);
    } else if (kind === 'water-pressure') {
      drops.set(id, { name, devices: [id] });
      join(drops, parent, [id]);
    } else if (hasDetector(device, seed)) leaks.set(id, { name, devices: [id] });
  }
  return { 'feeder-outage': outages, 'concentrator-loss': losses, 'pressure-drop': drops, 'gas-leak': leaks };
}
