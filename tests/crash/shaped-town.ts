import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import { AlertBook } from '../../src/alerts/book.ts';
import { loadSettings } from '../../src/config/load.ts';
import { Marks } from '../../src/history/influx/marks.ts';
import type { HistoryStore } from '../../src/history/port.ts';
import { DAY, type Horizons, ROLL_UPS } from '../../src/history/rollups.ts';
import { SeriesQueue } from '../../src/history/series-queue.ts';
import { SeriesWriter } from '../../src/history/series-writer.ts';
import { historyStoreOf } from '../../src/history/stores.ts';
import { HistoryUpkeep } from '../../src/history/upkeep.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { noPoint } from '../../src/kernel/points.ts';
import { importHistory } from '../../src/offline.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { loadTown } from '../../src/registry/town-folder.ts';
import { ServiceProcess } from '../support/service.ts';
import { TOKEN } from '../support/service-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import type { Dice } from './dice.ts';
import { withStore } from './remains.ts';

export const KIND = 'water-pressure';
export const DEVICES = ['WP-9001', 'WP-9002', 'WP-9003'];
const SECRET = 'the-secret-of-the-crash-tests';
/** The town's midnight, as its days and months begin. */
const ORIGIN = -8 * 3_600_000;
const FIVE = ROLL_UPS['5m'];

/** Days ago of which something comes late: each is rolled up again, which takes its time. */
const LATE_DAYS = [1, 12, 28];

/** What a row says. */
export type Values = { pressure: number; battery?: number };

/** A town whose history is kept in shape while it is killed, and what it must come to. */
export class ShapedTown {
  readonly env: Record<string, string>;
  readonly #settings;
  readonly #dice: Dice;
  /** What every row is, by device and ts. */
  readonly rows = new Map<string, Values>();
  readonly #sent = new Map<string, { payload: string; samples: (Values & { ts: number })[] }>();
  #turn = 0;

  /** On the embedded store, unless `elsewhere` tells the service of another one. */
  constructor(dice: Dice, elsewhere: Record<string, string> = {}) {
    this.#dice = dice;
    this.env = {
      TOWNPULSE_DATA_DIR: temporaryFolder(),
      ...{ TOWNPULSE_HISTORY_RETENTION_RAW: '100d', TOWNPULSE_HISTORY_RETENTION_FIVE_MINUTES: '60d' },
      TOWNPULSE_HISTORY_SEAL_AFTER: '0s',
      ...{ TOWNPULSE_ADMIN_TOKEN: TOKEN, TOWNPULSE_TEST_UPKEEP_MS: '50', ...elsewhere },
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

  /** Registers the devices. */
  async register(): Promise<void> {
    const service = await this.start();
    const where = { kind: KIND, area: 'town-centre', organisation: 'water-company', secret: SECRET };
    await service.register(DEVICES.map((id) => ({ id, ...where })));
    await service.stop();
  }

  /** Lets what is left of the upkeep and of the series come to its end, without a service; gives all that is there then. */
  finish(): Promise<Found> {
    return withStore(this.dataDir, async (store) => {
      const settings = this.#settings;
      const { town } = loadTown(settings.town);
      const parts = { dataDir: this.dataDir, kinds: loadKinds(settings.devices), town, store };
      const history = historyStoreOf(settings.history, { ...parts, realClock: systemClock, point: noPoint });
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
        const marks = new Marks(store, ORIGIN);
        return {
          ...{ rows: await rowsOf(history), count: await history.count(KIND) },
          moves: await movesOf(history, new AlertBook(store)),
          elsewhere: { until: marks.rolledUp().until, horizons: marks.horizons() },
        };
      } finally {
        await history.close();
      }
    });
  }
}

/** What lies in a town's history. */
export interface Found {
  /** By device and ts. */
  rows: ReadonlyMap<string, Values>;
  count: number;
  /** Moves of alerts, as the series keeps them and as it should. */
  moves: { kept: string[]; wanted: string[] };
  /** How far an InfluxDB is rolled up and let go. */
  elsewhere: Shape;
}

/** How far a history is rolled up, and let go. */
export interface Shape {
  until: number;
  horizons: Horizons;
}

/** Every row, page by page. @throws Error when one is there twice */
async function rowsOf(history: HistoryStore): Promise<ReadonlyMap<string, Values>> {
  const rows = new Map<string, Values>();
  for (let after: { ts: number; device: string } | undefined; ; ) {
    const query = { kind: KIND, from: 0, to: 1e14, limit: 1_000 };
    const page = await history.rows(after === undefined ? query : { ...query, after });
    for (const { device, ts, values } of page) {
      if (rows.has(`${device} ${ts}`)) throw new Error(`${device} ${ts} is there twice`);
      rows.set(`${device} ${ts}`, values as Values);
    }
    after = page.at(-1);
    if (page.length < 1_000) return rows;
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
export function figuresOf(rows: ReadonlyMap<string, Values>, width: number, until: number): string[] {
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
      return figureOf(key, all.length, Math.min(...all), Math.max(...all), sum / all.length);
    })
    .sort();
}

/** A bucket as text. Pressures have three digits: so have their sums, in whatever order they are added up. */
export function figureOf(key: string, count: number, min: number, max: number, mean: number): string {
  return `${key} ${count} ${min} ${max} ${Math.round(mean * count * 1_000)}`;
}
