import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Intake } from '../../src/broker/intake.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { HistoryRow, HistoryStore } from '../../src/history/port.ts';
import { historyStoreOf } from '../../src/history/stores.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { Journal } from '../../src/journal/journal.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { takeDataDirectory } from '../../src/kernel/data-directory.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { noPoint } from '../../src/kernel/points.ts';
import { openStore, type Store } from '../../src/kernel/store.ts';
import { balance } from '../../src/model/ledger.ts';
import type { Sample } from '../../src/model/sample.ts';
import { copyHistory } from '../../src/offline.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { loadTown } from '../../src/registry/town-folder.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxEnvironment, influxTitle } from '../support/influxdb.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KIND = 'water-pressure';
const STORES = ['duckdb', 'influxdb'] as const;
const EVER = -8_640_000_000_000_000;
type StoreName = (typeof STORES)[number];

/** Samples of twenty devices; some come late, some again, some with another value. */
function samplesOf(count: number, first: number): Sample[] {
  return Array.from({ length: count }, (_, index) => {
    const turn = first + index;
    const ts = 1_767_225_600_000 + (turn % 7 === 0 ? turn - 3_000 : turn) * 1_000;
    return { device: `WP-${turn % 20}`, kind: KIND, ts, values: { pressure: (turn % 50) / 100 } };
  });
}

/** The parts of a stopped town that hold its readings, opened one after the other as a start and a stop do. */
class StoppedTown {
  readonly dataDir = temporaryFolder();
  readonly env: Record<string, string>;
  readonly settings: Settings;

  constructor(address: Parameters<typeof influxEnvironment>[0]) {
    this.env = { ...influxEnvironment(address), TOWNPULSE_DATA_DIR: this.dataDir };
    this.settings = loadSettings(this.env).settings;
  }

  /** Opens what lies on this machine. */
  async #with<T>(use: (store: Store, journal: Journal) => Promise<T>): Promise<T> {
    const store = await openStore(this.dataDir, { sync: false });
    try {
      return await use(store, new Journal(store, systemClock, this.settings.journal, ['history']));
    } finally {
      await store.close();
    }
  }

  #history(name: StoreName, store: Store): HistoryStore {
    const { dataDir, settings } = this;
    const town = { kinds: loadKinds(settings.devices), town: loadTown(settings.town).town };
    const parts = { ...town, dataDir, store, realClock: systemClock, point: noPoint };
    return historyStoreOf({ ...settings.history, store: name }, parts);
  }

  /** Takes samples as the gate does, in one message each hundred; nothing reads them. */
  receive(samples: readonly Sample[]): Promise<void> {
    return this.#with(async (store, journal) => {
      const intake = new Intake(store, new Map([[KIND, {}]]));
      for (let start = 0; start < samples.length; start += 1_000) {
        const some = samples.slice(start, start + 1_000);
        const decoded = { samples: some, rejected: [], fields: [], unknown: [] };
        const records = some.map((sample) => ({ type: 'sample' as const, sample }));
        await journal.append(records, () => intake.count([{ kind: KIND, decoded }], 0));
      }
    });
  }

  /** Lets a history take what waits in the journal. */
  run(name: StoreName): Promise<void> {
    return this.#with(async (store, journal) => {
      const whereabouts = { at: () => ({ area: 'town-centre', road: null, organisation: 'water-company' }) };
      const rejections = { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) };
      const history = this.#history(name, store);
      const writer = new HistoryWriter(history, journal, whereabouts, rejections, systemClock, silentLogger);
      await writer.start();
      await writer.stop(60_000);
      expect(writer.progress()).toMatchObject({ cursor: journal.end(0), error: null });
    });
  }

  /** The loss ledger over a history, and every row in it. */
  look(name: StoreName) {
    return this.#with(async (store, journal) => {
      const history = this.#history(name, store);
      const { cursor, counts, newest } = await history.open();
      const intake = new Intake(store, new Map()).counts();
      const ledger = balance({ intake, history: counts, pending: journal.countSamples(cursor) });
      const rows: HistoryRow[] = [];
      for (let after: HistoryRow | undefined; ; ) {
        const query = { kind: KIND, from: 0, to: 1e14, limit: 5_000 };
        const page = await history.rows(after === undefined ? query : { ...query, after });
        rows.push(...page);
        after = page.at(-1);
        if (page.length < 5_000) break;
      }
      await history.close();
      return { ledger, rows, newest, cursor };
    });
  }

  copy(from: StoreName, to: StoreName) {
    return copyHistory(this.settings, { from, to, since: EVER, progress: () => {} });
  }

  /** Runs the command, and kills it when it first tells how far it is; true when it was killed. */
  async copyAndKill(from: StoreName, to: StoreName): Promise<boolean> {
    const words = [
      '--import',
      'tsx',
      join(packageRoot, 'src/cli/main.ts'),
      'history',
      'copy',
      '--from',
      from,
      '--to',
      to,
    ];
    const child = spawn(process.execPath, words, {
      cwd: packageRoot,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...this.env },
    });
    const exited = once(child, 'exit');
    await once(child.stderr, 'data');
    child.kill('SIGKILL');
    return (await exited)[1] === 'SIGKILL';
  }
}

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(`a town that moves to ${influxTitle(version)}`, () => {
    let server: InfluxProcess;
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
    });
    afterAll(() => server.stop());

    it('and back, with samples that wait in the journal, keeps every row and a balanced ledger', {
      timeout: 120_000,
    }, async () => {
      const town = new StoppedTown(await server.newBucket());
      await town.receive(samplesOf(12_000, 3_000));
      await town.run('duckdb');
      await town.receive(samplesOf(500, 14_800));
      const before = await town.look('duckdb');
      expect(before.ledger).toMatchObject({ balanced: true, received: 12_500, pending: 500 });
      expect(before.ledger.duplicate + before.ledger.merged).toBeGreaterThan(0);

      const moved = await town.copy('duckdb', 'influxdb');
      const count = before.rows.length;
      expect(moved.kinds.find(({ kind }) => kind === KIND)).toEqual({ kind: KIND, source: count, target: count });
      expect(await town.look('influxdb')).toEqual(before);

      await town.run('influxdb');
      await town.receive(samplesOf(700, 15_200));
      const there = await town.look('influxdb');
      expect(there.ledger).toMatchObject({ balanced: true, received: 13_200, pending: 700 });
      expect(there.rows).toHaveLength(there.ledger.stored - there.ledger.merged);
      await town.copy('influxdb', 'duckdb');
      expect(await town.look('duckdb')).toEqual(there);

      await town.run('duckdb');
      const back = await town.look('duckdb');
      expect(back.ledger).toMatchObject({ balanced: true, received: 13_200, pending: 0 });
      expect(back.rows).toHaveLength(back.ledger.stored - back.ledger.merged);
    });

    it('comes to the same when the copy is killed on the way, there and back', { timeout: 120_000 }, async () => {
      const town = new StoppedTown(await server.newBucket());
      await town.receive(samplesOf(25_000, 3_000));
      await town.run('duckdb');
      await town.receive(samplesOf(300, 27_900));
      const before = await town.look('duckdb');
      for (const [from, to] of [
        ['duckdb', 'influxdb'],
        ['influxdb', 'duckdb'],
      ] as const) {
        expect(await town.copyAndKill(from, to)).toBe(true);
        await expect(town.look(to)).rejects.toMatchObject({
          code: 'data-dir-unusable',
          message: expect.stringContaining(`finish it with townpulse history copy --from ${from} --to ${to}`),
        });
        expect(await town.look(from)).toEqual(before);
        expect(await town.copy(from, to)).toMatchObject({ finished: true });
        expect(await town.look(to)).toEqual(before);
      }
    });

    it('is not copied while somebody holds the data directory', async () => {
      const town = new StoppedTown(await server.newBucket());
      await town.receive(samplesOf(1, 1));
      const release = takeDataDirectory(town.dataDir);
      await expect(town.copy('duckdb', 'influxdb')).rejects.toMatchObject({
        code: 'data-dir-locked',
        message: expect.stringContaining(`held by process ${process.pid}`),
      });
      release();
    });
  });
});
