import type { Store, Table } from '../kernel/store.ts';
import type { Device } from '../model/device.ts';
import type { Patrol } from '../model/patrol.ts';
import type { Change, Offset } from '../model/record.ts';
import type { Town } from '../model/town.ts';
import { MISMATCH } from './lighting.ts';
import { freshFor } from './roster.ts';

/** The registry, as far as it is asked. */
interface Devices {
  find(id: string): Device | undefined;
}

/** A row of the history, or what a patrol found; `reach` is how long that holds, ms. */
interface Row {
  kind: string;
  device: string;
  ts: number;
  values: Readonly<Record<string, unknown>>;
  reach?: number;
}

interface Rows {
  inserts: readonly Row[];
  replacements: readonly Row[];
}

/** An event of the history; the detail is JSON. */
interface Happened {
  what: string;
  detail: string;
}

/** So long what a meter read is learned from, ms: enough nights for a full load. */
export const LEARNING = 5 * 86_400_000;
/** Findings of patrols are kept that long after a newer one, ms: longer than any holds, and than any comes late. */
const PATROLS_KEPT = 62 * 86_400_000;

/**
 * Keeps watch over what the record of the lighting rate is made of: rows of devices with lamps and of those that may tell of
 * their feeder, and what patrols find.
 */
export class LampWatch {
  readonly name = 'lamps';
  readonly #store: Store;
  readonly #patrols: Table<[string, number], Patrol>;
  readonly #devices: Devices;
  readonly #mismatch: number;
  readonly #feeders: ReadonlySet<string>;

  constructor(store: Store, devices: Devices, town: Town) {
    this.#store = store;
    this.#patrols = store.table('rules.patrols');
    this.#devices = devices;
    this.#feeders = new Set(town.network.flatMap(({ id, type }) => (type === 'feeder' ? [id] : [])));
    this.#mismatch = (town.timetables ?? []).length === 0 ? 0 : (town.lighting?.mismatch ?? MISMATCH);
  }

  /** Whether a row of the history may decide on lamps. */
  concerns({ device }: { device: string }): boolean {
    const found = this.#devices.find(device);
    return found !== undefined && this.isAbout(found);
  }

  /** Whether a device has lamps, or hangs from a feeder. */
  isAbout({ attributes, parent }: Device): boolean {
    return Number(attributes.lamps ?? 0) > 0 || (parent !== null && this.#feeders.has(parent));
  }

  /** Whether a device is in service from its first report on. */
  isAuto(device: string): boolean {
    return this.#devices.find(device)?.inService === 'auto';
  }

  /** How long after its own time a sample may still decide on lamps, ms. */
  reach(id: string): number {
    const device = this.#devices.find(id);
    if (device === undefined) return 0;
    if (device.attributes.observation === 'meter') return LEARNING;
    return freshFor({ device }) + this.#mismatch;
  }

  /** Marks hours for what comes into the history, rows and findings; those are kept first. */
  onto(marks: { touched(touched: Rows & { findings: readonly Row[] }, cursor: Offset): Promise<void> | void }) {
    return {
      touched: async ({ inserts, replacements, events }: Rows & { events: readonly Happened[] }, cursor: Offset) =>
        marks.touched({ inserts, replacements, findings: await this.#take(events) }, cursor),
    };
  }

  async #take(events: readonly Happened[]): Promise<Row[]> {
    const found = events.flatMap(({ what, detail }) => {
      if (what !== 'patrol') return [];
      const change = JSON.parse(detail) as Change;
      return change.what === 'patrol' ? [change.patrol] : [];
    });
    if (found.length > 0)
      await this.#store.transaction(() => {
        for (const patrol of found) this.#keep(patrol);
      });
    return found.map(({ device, ts, validFor }) => ({ kind: 'patrol', device, ts, values: {}, reach: validFor }));
  }

  /** What patrols found of a device by `until` (ms), ascending; of what is long over at least the first. */
  patrolsOf(device: string, until: number): Patrol[] {
    const range = { start: [device, 0] as [string, number], end: [device, until] as [string, number] };
    return [...this.#patrols.entries(range)].map(({ value }) => value);
  }

  #keep(patrol: Patrol): void {
    const { device, ts } = patrol;
    this.#patrols.put([device, ts], patrol);
    // The first one tells since when the device is watched.
    const [, ...old] = this.#patrols.keys({ start: [device, 0], end: [device, ts - PATROLS_KEPT] });
    for (const key of old) this.#patrols.remove(key);
  }
}
