import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { HistoryStore } from '../../../src/history/port.ts';
import { HistoryWriter } from '../../../src/history/writer.ts';
import { TrialClock } from '../../../src/kernel/clock.ts';
import { silentLogger } from '../../../src/kernel/logger.ts';
import { packageRoot } from '../../../src/kernel/package-root.ts';
import type { Store } from '../../../src/kernel/store.ts';
import type { DeviceInput } from '../../../src/model/device.ts';
import type { Kinds } from '../../../src/model/kind.ts';
import type { Sample } from '../../../src/model/sample.ts';
import type { SeriesPoint } from '../../../src/model/series.ts';
import { Town } from '../../../src/model/town.ts';
import { loadKinds } from '../../../src/registry/kinds.ts';
import { Registry } from '../../../src/registry/registry.ts';
import { Compliance } from '../../../src/reports/compliance.ts';
import { Exclusions } from '../../../src/reports/exclusions.ts';
import { HourlyRecord } from '../../../src/reports/hourly.ts';
import { Marks } from '../../../src/reports/marks.ts';
import { PressureHours, watchedPressures } from '../../../src/reports/record.ts';
import { ListJournal } from '../../support/journal.ts';
import { SMALL_TOWN } from '../../support/kinds.ts';

export const HOUR = 3_600_000;
export const MINUTE = 60_000;

const name = { zh: '名', en: 'name' };
export const KINDS: Kinds = loadKinds(join(packageRoot, 'devices'));
const TOWN = Town.parse({
  ...SMALL_TOWN,
  network: ['Z-1', 'Z-2'].map((id) => ({ id, type: 'pressure-zone', name })),
});

/** A pressure point of zone Z-1 with its limits, as it is registered. */
export function point(id: string, more: Partial<DeviceInput> = {}): DeviceInput {
  const attributes = { role: 'trunk', minPressure: 0.2, maxPressure: 0.5 };
  return {
    ...{ id, kind: 'water-pressure', area: 'village', organisation: 'water-company', parent: 'Z-1', attributes },
    ...{ reportInterval: 300, ...more },
  };
}

/** A sample of a point. */
export function pressure(device: string, ts: number, value: number, more: Partial<Sample> = {}): Sample {
  return { device, kind: 'water-pressure', ts, values: { pressure: value }, ...more };
}

/** A town of pressure points over a history: journal, writer, registry, record and answers, on clocks of the test. */
export class ReportedTown {
  readonly journal: ListJournal;
  readonly clock: TrialClock;
  readonly realClock = new TrialClock(0);
  readonly registry: Registry;
  readonly record: HourlyRecord;
  readonly compliance: Compliance;
  readonly exclusions: Exclusions;
  /** Every point of the record that was kept, as often as it was. */
  readonly kept: SeriesPoint[] = [];
  readonly #writer: HistoryWriter;
  readonly #history: HistoryStore;

  constructor(at: number, store: Store, history: HistoryStore, journal = new ListJournal()) {
    this.clock = new TrialClock(at);
    this.journal = journal;
    this.#history = history;
    const { clock, realClock } = this;
    const changes = {
      append: (_records: unknown, alongside: (appended: { at: number }) => void) =>
        store.transaction(() => alongside({ at: clock.now() })),
    };
    this.registry = new Registry(store, changes, KINDS, TOWN, clock);
    const marks = new Marks(
      store,
      watchedPressures((id) => this.registry.find(id)?.inService === 'auto'),
    );
    const rejections = { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) };
    const more = [realClock, silentLogger, () => {}, marks] as const;
    this.#writer = new HistoryWriter(history, journal, this.registry, rejections, ...more);
    const watched = {
      rows: (query: Parameters<HistoryStore['rows']>[0]) => history.rows(query),
      series: history.series.bind(history),
      seriesSums: history.seriesSums.bind(history),
      readings: history.readings.bind(history),
      keep: async (points: readonly SeriesPoint[]) => {
        await history.keep(points);
        this.kept.push(...points);
      },
    };
    const town = TOWN;
    this.exclusions = new Exclusions({ store, points: this.registry, journal: changes, marks, town, clock });
    const reported = { marks, points: this.registry, exclusions: this.exclusions, history: watched, clock };
    const progress = () => this.#writer.progress();
    const log = silentLogger;
    const hours = new PressureHours({ ...reported, town: TOWN.id });
    this.record = new HourlyRecord({ ...reported, hours, store, progress, realClock, log });
    this.compliance = new Compliance({ ...reported, town: TOWN, plan: { targets: [] }, record: this.record });
  }

  async start(): Promise<void> {
    await this.#writer.start();
  }

  async register(...devices: DeviceInput[]): Promise<void> {
    const registered = await this.registry.register(
      devices.map((device) => ({ device })),
      'test',
    );
    for (const { device } of registered) {
      this.journal.push({ type: 'change', at: this.clock.now(), by: 'test', change: { what: 'device', device } });
    }
    await this.written();
  }

  /** Samples arrive now, and are in the history when it resolves. */
  async arrive(...samples: Sample[]): Promise<void> {
    this.journal.samples(this.clock.now(), ...samples);
    await this.written();
  }

  async written(): Promise<void> {
    while (this.#writer.progress().cursor < this.journal.end()) {
      this.realClock.advance(250);
      await setImmediate();
    }
  }

  /** Town time goes on to `at`, and the record looks at what is to be made. */
  async passTo(at: number): Promise<void> {
    this.clock.advance(Math.max(0, at - this.clock.now()));
    await this.record.make();
  }

  /** The record as it stands, without revisions. */
  async figures(): Promise<Record<string, unknown>> {
    const points = await this.#history.series({ series: 'pressure_compliance', from: -1e12, to: 1e13, limit: 1e6 });
    return Object.fromEntries(
      points.map(({ tags, ts, fields: { revision: _, ...figures } }) => [`${tags.group} ${tags.id} ${ts}`, figures]),
    );
  }

  /** Revisions of an hour of a group, as they were kept. */
  revisions(key: string, ts: number): unknown[] {
    const own = this.kept.filter((one) => `${one.tags.group} ${one.tags.id}` === key && one.ts === ts);
    return own.map(({ fields }) => fields.revision);
  }

  async stop(): Promise<void> {
    await this.record.stop();
    await this.#writer.stop(60_000);
  }
}
