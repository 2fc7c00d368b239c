import { join } from 'node:path';
import type { Fault } from '../../../simulators/faults.ts';
import { type Inventory, loadInventory } from '../../../simulators/inventory.ts';
import { type Report, SimulatedTown } from '../../../simulators/town.ts';
import { TrialClock } from '../../../src/kernel/clock.ts';
import { packageRoot } from '../../../src/kernel/package-root.ts';
import type { Value } from '../../../src/model/sample.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const TOWN_FOLDER = join(packageRoot, 'seeds/lailong');
export const DEVICES_FOLDER = join(packageRoot, 'devices');

/** The sample town. */
export const lailong: Inventory = loadInventory(TOWN_FOLDER, DEVICES_FOLDER);

/** A sample as it was sent. */
export interface Said {
  device: string;
  /** When it was sent, ms of town time. */
  at: number;
  ts: number;
  values: Record<string, Value>;
}

/** `2026-11-22T20:00` of the town's zone, as ms. */
export function local(text: string): number {
  return Date.parse(`${text}:00+08:00`);
}

/** The sample town, simulated from `start` on, with what was said so far to ask about. */
export class Trial {
  readonly clock: TrialClock;
  readonly town: SimulatedTown;
  readonly #inventory: Inventory;

  constructor(start: number, options: { seed?: number; only?: string; inventory?: Inventory } = {}) {
    this.clock = new TrialClock(start);
    this.#inventory = options.inventory ?? lailong;
    this.town = new SimulatedTown(this.#inventory, { seed: options.seed ?? 1, clock: this.clock, only: options.only });
  }

  /** Lets a fault begin now. */
  fault(fault: string, target: string, duration: number): Fault {
    return this.town.faults.start({ fault, target, duration });
  }

  /** What is sent in the next `ms`, asked for a minute at a time, as the service does it. */
  reports(ms: number): Report[] {
    const reports: Report[] = [];
    for (const end = this.clock.now() + ms; this.clock.now() < end; ) {
      const from = this.clock.now();
      this.clock.stepTo(Math.min(end, from + MINUTE_MS));
      for (const report of this.town.reports(from, this.clock.now())) reports.push(report);
    }
    return reports;
  }

  /** As {@link reports}, sample by sample; only of these devices where some are named. */
  said(ms: number, ...devices: string[]): Said[] {
    const said = this.reports(ms).flatMap(samplesOf);
    return devices.length === 0 ? said : said.filter(({ device }) => devices.includes(device));
  }
}

/** The ids of the devices of a kind, in the order of the inventory. */
export function idsOf(kind: string, has: (device: Inventory['devices'][number]) => boolean = () => true): string[] {
  return lailong.devices.filter((device) => device.kind === kind && has(device)).map(({ id }) => id);
}

/** The samples of a message. */
export function samplesOf({ connection, at, payload }: Report): Said[] {
  const parsed = JSON.parse(payload) as Sent | Sent[];
  return (Array.isArray(parsed) ? parsed : [parsed]).map(({ ts, device = connection, ...values }) => ({
    device,
    at,
    ts,
    values,
  }));
}

type Sent = { ts: number; device?: string } & Record<string, Value>;
