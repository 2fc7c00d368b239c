import { setImmediate } from 'node:timers/promises';
import { HistoryWriter } from '../../../src/history/writer.ts';
import { TrialClock } from '../../../src/kernel/clock.ts';
import { silentLogger } from '../../../src/kernel/logger.ts';
import type { Store } from '../../../src/kernel/store.ts';
import type { Device } from '../../../src/model/device.ts';
import type { Maintenance } from '../../../src/model/maintenance.ts';
import type { Patrol } from '../../../src/model/patrol.ts';
import type { Change } from '../../../src/model/record.ts';
import type { Sample, Value } from '../../../src/model/sample.ts';
import type { SeriesPoint } from '../../../src/model/series.ts';
import type { Town } from '../../../src/model/town.ts';
import { Registry } from '../../../src/registry/registry.ts';
import { HourlyRecord } from '../../../src/reports/hourly.ts';
import { Marks } from '../../../src/reports/marks.ts';
import { Checkpoint } from '../../../src/rules/checkpoint.ts';
import { Engine } from '../../../src/rules/engine.ts';
import { LampWatch } from '../../../src/rules/lamp-watch.ts';
import type { LAMP_GROUPS } from '../../../src/rules/lighting.ts';
import { LightingHours } from '../../../src/rules/lighting-hours.ts';
import type { Bucket } from '../../../src/rules/lighting-record.ts';
import { MemoryHistory } from '../../history/memory.ts';
import { ListJournal } from '../../support/journal.ts';
import { KINDS, TOWN } from './town.ts';

/** So long buckets are kept, ms. */
export const KEPT = 35 * 86_400_000;

/** What a concentrator says. */
export function says(device: string, ts: number, values: Record<string, Value>, more: Partial<Sample> = {}): Sample {
  return { device, kind: 'lighting-controller', ts, values, ...more };
}

/** A town with lamps over a history: journal, writer, registry, engine and record, on clocks of the test. */
export class LitTown {
  readonly journal = new ListJournal();
  readonly clock: TrialClock;
  readonly realClock = new TrialClock(0);
  readonly engine = new Engine(KINDS, () => {});
  readonly store: Store;
  readonly checkpoint: Checkpoint;
  readonly record: HourlyRecord;
  readonly history: MemoryHistory;
  /** Points on their way to the history, as often as they were put there. */
  readonly queued: SeriesPoint[] = [];
  readonly #registry: Registry;
  readonly #writer: HistoryWriter;

  constructor(at: number, store: Store, town: Town = TOWN, history = new MemoryHistory()) {
    this.clock = new TrialClock(at);
    this.history = history;
    const { clock, realClock } = this;
    this.store = store;
    this.checkpoint = new Checkpoint(store);
    const changes = {
      append: (_records: unknown, alongside: (appended: { at: number }) => void) =>
        store.transaction(() => alongside({ at: clock.now() })),
    };
    this.#registry = new Registry(store, changes, KINDS, town, clock);
    const watch = new LampWatch(store, this.#registry, town);
    const marks = new Marks(store, watch);
    const rejections = { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) };
    const more = [realClock, silentLogger, () => {}, watch.onto(marks)] as const;
    this.#writer = new HistoryWriter(history, this.journal, this.#registry, rejections, ...more);
    const queue = { add: (points: readonly SeriesPoint[]) => void this.queued.push(...points) };
    const parts = {
      registry: this.#registry,
      points: this.#registry,
      history,
      marks,
      watch,
      store,
      queue,
      clock,
      keep: KEPT,
    };
    const hours = new LightingHours({ ...parts, rules: this });
    const progress = () => this.#writer.progress();
    this.record = new HourlyRecord({ ...parts, hours, progress, realClock, log: silentLogger });
  }

  /** The town's folder and its devices, from now on. */
  async start(town: Town, ...devices: Device[]): Promise<void> {
    await this.#writer.start();
    await this.changes({ what: 'town', town });
    await this.registers(...devices);
  }

  async registers(...devices: Device[]): Promise<void> {
    const inputs = devices.map(({ retiredAt: _, ...device }) => ({ device }));
    const registered = await this.#registry.register(inputs as Parameters<Registry['register']>[0], 'test');
    for (const { device } of registered) await this.changes({ what: 'device', device });
  }

  async amends(id: string, change: Parameters<Registry['amend']>[1]): Promise<void> {
    await this.changes({ what: 'device', device: await this.#registry.amend(id, change, 'test') });
  }

  /** Samples arrive now, and are in the history when it resolves. */
  async arrive(...samples: Sample[]): Promise<void> {
    this.journal.samples(this.clock.now(), ...samples);
    await this.#written();
  }

  async patrols(...patrols: Patrol[]): Promise<void> {
    for (const patrol of patrols) await this.changes({ what: 'patrol', patrol });
  }

  async maintains(maintenance: Maintenance): Promise<void> {
    await this.changes({ what: 'maintenance', maintenance });
  }

  /** Something changes now, for the history and the engine. */
  async changes(change: Change): Promise<void> {
    const at = this.clock.now();
    this.journal.push({ type: 'change', at, by: 'test', change });
    this.engine.feed({ type: 'change', at, by: 'test', change, offset: this.journal.end() - 1 });
    await this.store.transaction(() => this.checkpoint.save(this.engine, this.journal.end()));
    this.checkpoint.saved(this.engine);
    await this.#written();
  }

  /** Town time goes on to `at`, and the record looks at what is to be made. */
  async passTo(at: number): Promise<void> {
    this.clock.advance(Math.max(0, at - this.clock.now()));
    await this.record.make();
  }

  /** The record of a group as it stands: buckets, without revisions. */
  buckets(group: string, id: string): Omit<Bucket, 'revision'>[] {
    const found = [...this.checkpoint.lighting.between(group, id, 0, 1e13)];
    return found.map(({ revision: _, ...bucket }) => bucket);
  }

  /** Every bucket of every group, and the nights. */
  all(groups: readonly [string, string][], dates: readonly string[]): Record<string, unknown> {
    const made = groups.map(([group, id]) => {
      const nights = dates.map((date) => this.checkpoint.lighting.night(group, id, date, 'Asia/Shanghai'));
      return [`${group} ${id}`, { buckets: this.buckets(group, id), nights }];
    });
    return Object.fromEntries(made);
  }

  /** Sum of lamp-minutes of a group from `from` to before `to`. */
  minutes(group: (typeof LAMP_GROUPS)[number], id: string, from: number, to: number) {
    const sum = { expected: 0, lit: 0, out: 0, unknown: 0 };
    for (const bucket of this.checkpoint.lighting.between(group, id, from, to))
      for (const part of ['expected', 'lit', 'out', 'unknown'] as const) sum[part] += bucket[part] / 60_000;
    return sum;
  }

  async stop(): Promise<void> {
    await this.record.stop();
    await this.#writer.stop(60_000);
  }

  async #written(): Promise<void> {
    while (this.#writer.progress().cursor < this.journal.end()) {
      this.realClock.advance(250);
      await setImmediate();
    }
  }
}
