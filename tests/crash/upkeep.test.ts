import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { AlertBook } from '../../src/alerts/book.ts';
import { loadSettings } from '../../src/config/load.ts';
import { tableOf } from '../../src/history/duckdb/names.ts';
import type { HistoryStore } from '../../src/history/port.ts';
import { DAY, ROLL_UP_NAMES, ROLL_UPS, rollUpOf } from '../../src/history/rollups.ts';
import { SeriesQueue } from '../../src/history/series-queue.ts';
import { SeriesWriter } from '../../src/history/series-writer.ts';
import { historyStoreOf } from '../../src/history/stores.ts';
import { HistoryUpkeep } from '../../src/history/upkeep.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { noPoint, UPKEEP_POINTS } from '../../src/kernel/points.ts';
import { importHistory } from '../../src/offline.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { loadTown } from '../../src/registry/town-folder.ts';
import { sql } from '../history/duckdb-sql.ts';
import { ServiceProcess } from '../support/service.ts';
import { TOKEN } from '../support/service-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { Dice } from './dice.ts';
import { withStore } from './remains.ts';

/** How often the service is killed at a random instant of its upkeep. */
const ROUNDS = Number(process.env.TOWNPULSE_CRASH_UPKEEP_ROUNDS ?? 4);
const SEED = Number(process.env.TOWNPULSE_CRASH_SEED ?? Date.now() % 1_000_000_000);
const KIND = 'water-pressure';
const DEVICES = ['WP-9001', 'WP-9002', 'WP-9003'];
const SECRET = 'the-secret-of-the-crash-tests';
/** The town's midnight, as its days and months begin. */
const ORIGIN = -8 * 3_600_000;
const FIVE = ROLL_UPS['5m'];

/** Days ago of which something comes late: each is rolled up again, which takes its time. */
const LATE_DAYS = [1, 12, 28];

type Values = { pressure: number; battery?: number };

/** A town whose history is kept in shape while it is killed, and what it must come to. */
class ShapedTown {
  readonly env: Record<string, string>;
  readonly #settings;
  readonly #dice: Dice;
  /** What every row is, by device and ts. */
  readonly rows = new Map<string, Values>();
  readonly #sent = new Map<string, { payload: string; samples: (Values & { ts: number })[] }>();
  #turn = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.env = {
      TOWNPULSE_DATA_DIR: temporaryFolder(),
      ...{ TOWNPULSE_HISTORY_RETENTION_RAW: '100d', TOWNPULSE_HISTORY_RETENTION_FIVE_MINUTES: '60d' },
      TOWNPULSE_HISTORY_SEAL_AFTER: '0s',
      ...{ TOWNPULSE_ADMIN_TOKEN: TOKEN, TOWNPULSE_TEST_UPKEEP_MS: '50' },
    };
    this.#settings = loadSettings(this.env).settings;
  }

  get dataDir(): string {
    return this.#settings.dataDir;
  }

  async start(killAt?: string): Promise<ServiceProcess> {
    const env = { ...this.env, ...(killAt === undefined ? {} : { TOWNPULSE_TEST_KILL_AT: killAt }) };
    const service = await ServiceProcess.start({ dataDir: this.dataDir, from: 'sources', env, withinMs: 120_000 });
    onTestFinished(() => service.kill());
    return service;
  }

  /** Imports an hour of each device, `ago` days ago, for every given day. */
  async import(days: readonly number[]): Promise<void> {
    const now = Date.now();
    const lines = ['device,ts,pressure'];
    for (const ago of days) {
      const begin = Math.floor((now - ago * DAY) / FIVE) * FIVE;
      for (const device of DEVICES) {
        for (let nth = 0; nth < 12; nth++) {
          const [ts, pressure] = [begin + nth * FIVE + this.#dice.below(FIVE), this.#dice.below(1_000) / 1_000];
          lines.push(`${device},${ts},${pressure}`);
          this.#lay(device, ts, { pressure });
        }
      }
    }
    const file = join(temporaryFolder(), 'rows.csv');
    writeFileSync(file, lines.join('\n'));
    const order = { file, columns: new Map<string, string>(), offset: null, skip: null, dryRun: false };
    await importHistory(this.#settings, order, () => {});
  }

  /** Publishes as fast as it is acknowledged, until the service is gone. */
  async publish({ mqttPort }: ServiceProcess): Promise<void> {
    await Promise.all(
      DEVICES.map(async (device) => {
        let client: MqttClient | null = null;
        try {
          const options = { username: device, password: SECRET, reconnectPeriod: 0 };
          client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, options, false);
          const gone = new Promise<never>((_, reject) => client?.once('close', () => reject(new Error('gone'))));
          gone.catch(() => {});
          for (;;) {
            await Promise.race([this.#send(client, device), gone]);
            await sleep(5);
          }
        } catch {
          // It was killed: what was not acknowledged is sent again by the next one.
        } finally {
          client?.end(true);
        }
      }),
    );
  }

  /** Sends what was not acknowledged when the service went. */
  async settle({ mqttPort }: ServiceProcess): Promise<void> {
    for (const device of DEVICES) {
      const options = { username: device, password: SECRET, reconnectPeriod: 0 };
      const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, options, false);
      if (this.#sent.has(device)) await this.#send(client, device);
      await client.endAsync();
    }
  }

  async #send(client: MqttClient, device: string): Promise<void> {
    let message = this.#sent.get(device);
    if (message === undefined) {
      const samples = this.#samples(device);
      message = { payload: JSON.stringify(samples), samples };
      this.#sent.set(device, message);
    }
    await client.publishAsync(`lailong/${KIND}/${device}/telemetry`, message.payload, { qos: 1 });
    for (const { ts, ...values } of message.samples) this.#lay(device, ts, values);
    this.#sent.delete(device);
  }

  /** One of now, whose battery goes up and down; late ones; and corrections of what is there. */
  #samples(device: string): (Values & { ts: number })[] {
    const now = Date.now();
    const late = Array.from({ length: 3 }, () => ({
      ...{
        ts: now - (LATE_DAYS[this.#dice.below(LATE_DAYS.length)] as number) * DAY - this.#dice.below(FIVE * 12),
        pressure: this.#dice.below(1_000) / 1_000,
      },
    }));
    const mine = [...this.rows.keys()].filter((key) => key.startsWith(device));
    const known = Array.from({ length: 3 }, () => Number(mine[this.#dice.below(mine.length)]?.split(' ')[1] ?? now));
    const corrections = known
      .filter((ts) => ts > now - 29 * DAY && LATE_DAYS.includes(Math.floor((now - ts) / DAY)))
      .map((ts) => ({ ts, pressure: this.#dice.below(1_000) / 1_000 }));
    return [{ ts: now, pressure: 0.3, battery: this.#turn++ % 2 === 0 ? 10 : 40 }, ...late, ...corrections];
  }

  #lay(device: string, ts: number, values: Values): void {
    const key = `${device} ${ts}`;
    this.rows.set(key, { ...this.rows.get(key), ...values });
  }

  /** Lets what is left of the upkeep and of the series come to its end, without a service, and looks at it. */
  async finish<T>(
    look: (history: HistoryStore, moves: { kept: string[]; wanted: string[] }) => Promise<T>,
  ): Promise<T> {
    return withStore(this.dataDir, async (store) => {
      const { settings, dataDir } = { settings: this.#settings, dataDir: this.dataDir };
      const { town } = loadTown(settings.town);
      const parts = {
        dataDir,
        kinds: loadKinds(settings.devices),
        town,
        store,
        realClock: systemClock,
        point: noPoint,
      };
      const history = historyStoreOf(settings.history, parts);
      await history.open();
      try {
        const progress = () => ({ cursor: 1, counts: {}, state: 'up' as const, error: null, waitingSince: null });
        const clocks = { clock: systemClock, realClock: systemClock };
        const upkeep = new HistoryUpkeep(history, { progress }, clocks, settings.history, silentLogger);
        // Without the rests that leave others their turns.
        while (await history.rollUp(systemClock.now() - 10 * 60_000));
        await upkeep.run();
        const series = new SeriesWriter({
          ...{ ...clocks, history, store, queue: new SeriesQueue(store), records: [], log: silentLogger },
          gauges: async () => [],
        });
        await series.write();
        return await look(history, await movesOf(history, new AlertBook(store)));
      } finally {
        await history.close();
      }
    });
  }
}

/** The moves of the alerts that there are: as points of the series, and as the alerts themselves tell them. */
async function movesOf(history: HistoryStore, book: AlertBook): Promise<{ kept: string[]; wanted: string[] }> {
  const alerts = book.list({ limit: 10_000 }).map(({ id }) => book.get(id));
  const wanted = alerts.flatMap((entry) =>
    (entry?.history ?? []).map(({ from, to }) => `${entry?.alert.id} ${from ?? 'none'} ${to ?? 'none'}`),
  );
  const points = await history.series({ series: 'alerts', from: 0, to: 1e14, limit: 100_000 });
  const known = new Set(alerts.map((entry) => entry?.alert.id));
  const kept = points
    .filter(({ fields }) => known.has(String(fields.id)))
    .map(({ fields: { id, from, to } }) => `${id} ${from} ${to}`);
  return { kept: kept.sort(), wanted: wanted.sort() };
}

/** What the pressures of a width come to, by device and beginning, as plainly as it can be written. */
function figuresOf(rows: ReadonlyMap<string, Values>, width: number, until: number): string[] {
  const buckets = new Map<string, number[]>();
  for (const [key, { pressure }] of rows) {
    const [device, ts] = key.split(' ');
    const begin = ORIGIN + Math.floor((Number(ts) - ORIGIN) / width) * width;
    if (begin + width > until) continue;
    buckets.set(`${device} ${begin}`, [...(buckets.get(`${device} ${begin}`) ?? []), pressure]);
  }
  return [...buckets]
    .map(([key, all]) => {
      const sum = all.reduce((before, one) => before + one, 0);
      return `${key} ${all.length} ${Math.min(...all)} ${Math.max(...all)} ${thousandths(sum)}`;
    })
    .sort();
}

test('kills while the history is rolled up, let go and sealed leave every row, figure and move there once', {
  timeout: 60_000 + (ROUNDS + UPKEEP_POINTS.length) * 60_000,
}, async () => {
  console.log(`the dice of this run: TOWNPULSE_CRASH_SEED=${SEED}`);
  const dice = new Dice(SEED);
  const town = new ShapedTown(dice);
  const first = await town.start();
  const where = { kind: KIND, area: 'town-centre', organisation: 'water-company', secret: SECRET };
  await first.register(DEVICES.map((id) => ({ id, ...where })));
  await first.stop();
  // Five months, of which the readings of the oldest go, and the five-minute figures of some more.
  await town.import(Array.from({ length: 30 }, (_, nth) => 150 - nth * 4.8));

  const points = ['rollup.begun', 'rollup.made', 'drop.recorded', 'seal.written', 'seal.named', 'seal.recorded'];
  expect([...points].sort()).toEqual([...UPKEEP_POINTS].sort());
  const plan = [...points, ...Array.from({ length: ROUNDS }, () => undefined)];
  for (const point of plan) {
    const service = await town.start(point);
    const publishing = town.publish(service);
    service.arm();
    if (point === undefined) {
      await sleep(dice.below(2_000));
      await service.kill();
    }
    expect(await service.ended(), point).toBe('SIGKILL');
    await publishing;
    // What an import brings for days that are rolled up or sealed is overlaid, and rolled up again.
    await town.import(Array.from({ length: 4 }, () => 1 + dice.below(90)));
  }
  const last = await town.start();
  await town.settle(last);
  await last.drained();
  const ledger = await last.ledger();
  await last.stop();

  expect(ledger).toMatchObject({ balanced: true, pending: 0, rejected: 0 });
  const found = await town.finish(async (history, moves) => {
    const rows = new Map<string, Values>();
    for (let after: { ts: number; device: string } | undefined; ; ) {
      const query = { kind: KIND, from: 0, to: 1e14, limit: 1_000 };
      const page = await history.rows(after === undefined ? query : { ...query, after });
      for (const { device, ts, values } of page) {
        expect(rows.has(`${device} ${ts}`), `${device} ${ts} twice`).toBe(false);
        rows.set(`${device} ${ts}`, values as Values);
      }
      after = page.at(-1);
      if (page.length < 1_000) break;
    }
    return { rows, moves, count: await history.count(KIND) };
  });
  const file = join(town.dataDir, 'history.duckdb');
  const [{ until } = { until: 0 }] = await sql(file, 'SELECT until FROM rolled_up');
  const horizons = new Map((await sql(file, 'SELECT * FROM horizons')).map(({ what, from }) => [what, Number(from)]));
  const raw = horizons.get('raw') ?? 0;
  expect(raw, 'readings were let go').toBeGreaterThan(0);

  const kept = new Map([...town.rows].filter(([key]) => Number(key.split(' ')[1]) >= raw));
  expect(kept.size, 'and not all of them').toBeLessThan(town.rows.size);
  expect(found.count).toBe(kept.size);
  const wrong = [...kept].filter(([key, values]) => !same(found.rows.get(key), values));
  expect({ count: wrong.length, some: wrong.slice(0, 5) }).toEqual({ count: 0, some: [] });
  expect(found.rows.size).toBe(kept.size);
  // Of the imported rows, all were there once or replaced nothing: the ledger counts the others.
  const { stored, merged, imported = 0 } = ledger;
  expect(stored - merged + imported, 'rows ever made').toBe(town.rows.size);

  for (const name of ROLL_UP_NAMES) {
    const figures = ['count', 'min', 'max', 'mean'].map((figure) => `"f:pressure_${figure}" AS ${figure}`);
    const standing = await sql(file, `SELECT device, ts, ${figures.join(', ')} FROM ${tableOf(rollUpOf(KIND, name))}`);
    const told = standing.map(
      ({ device, ts, count, min, max, mean }) =>
        `${device} ${ts} ${count} ${min} ${max} ${thousandths(Number(mean) * Number(count))}`,
    );
    const wanted = figuresOf(town.rows, ROLL_UPS[name], Number(until));
    expect(wanted.length, name).toBeGreaterThan(DEVICES.length);
    // What is imported for the time before a horizon is made once more, and goes when the horizon moves on.
    const isKept = (figure: string) => Number(figure.split(' ')[1]) >= (horizons.get(name) ?? -Infinity);
    expect(told.filter(isKept).sort(), name).toEqual(wanted.filter(isKept));
    expect(
      told.filter((figure) => !wanted.includes(figure)),
      name,
    ).toEqual([]);
  }

  const sealed = await sql(file, 'SELECT kind, file FROM sealed');
  expect(sealed.length, 'months were sealed').toBeGreaterThan(1);
  expect(found.moves.wanted.length, 'alerts moved').toBeGreaterThan(4);
  expect(found.moves.kept).toEqual(found.moves.wanted);
});

/** Pressures have three digits: so have their sums, in whatever order they are added up. */
function thousandths(sum: number): number {
  return Math.round(sum * 1_000);
}

function same(a: Values | undefined, b: Values): boolean {
  return a !== undefined && a.pressure === b.pressure && a.battery === b.battery;
}
