import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { HistoryBatch, HistoryRow, HistoryStore, StoreOptions } from '../../src/history/port.ts';
import type { Point, PointName } from '../../src/kernel/points.ts';
import { Kind, type Kinds } from '../../src/model/kind.ts';
import { historyContract } from '../contract/history.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { folderOfTests, temporaryFolder } from '../support/temporary.ts';
import { sql } from './duckdb-sql.ts';

const MEMORY = '64MiB';
const KIND = 'water-pressure';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ORIGIN = -8 * HOUR;
/** Midnights of the town. */
const [FEBRUARY, MARCH, APRIL, MAY, JUNE] = [1, 2, 3, 4, 5].map((month) => Date.UTC(2026, month, 1) + ORIGIN) as [
  number,
  number,
  number,
  number,
  number,
];
const FAR = Date.UTC(2100, 0, 1);

/** A history that seals whatever it can as soon as it is opened. */
class SealingHistory extends DuckDbHistory {
  override async open() {
    const state = await super.open();
    while (await this.seal(FAR));
    return state;
  }
}

const contractFolder = folderOfTests('townpulse-sealed-');
afterAll(() => rmSync(contractFolder, { recursive: true, force: true }));
let places = 0;
historyContract(
  'DuckDB, whose months are sealed at every start',
  (place) => new SealingHistory(place, SMALL_KINDS, MEMORY),
  () => join(contractFolder, `${places++}.duckdb`),
);

function row(device: string, ts: number, pressure: number): HistoryRow {
  return {
    ...{ kind: KIND, device, ts, receivedAt: ts, deviceTs: null, seq: null, flags: [] },
    ...{ area: 'village', road: null, organisation: 'water-company', values: { pressure } },
  };
}

/** Two devices, a reading every 35 minutes from February to the end of April. */
const ROWS: HistoryRow[] = [];
for (let ts = FEBRUARY; ts < MAY; ts += 35 * 60_000) {
  ROWS.push(row('WP-1', ts, ROWS.length / 1_000), row('WP-2', ts + 1, 1 + ROWS.length / 1_000));
}

// One that has been silent since February: nothing in the table tells of it any more.
ROWS.push(row('WP-8', FEBRUARY + 5, 2));

let cursor = 1;
function batch(more: Partial<HistoryBatch>): HistoryBatch {
  return { cursor: ++cursor, counts: {}, inserts: [], replacements: [], events: [], ...more };
}

async function opened(folder: string, options: StoreOptions = {}, kinds: Kinds = SMALL_KINDS): Promise<DuckDbHistory> {
  const store = new DuckDbHistory(join(folder, 'history.duckdb'), kinds, MEMORY, { origin: ORIGIN, ...options });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

async function filled(folder: string, options: StoreOptions = {}): Promise<DuckDbHistory> {
  const store = await opened(folder, options);
  await store.commit(batch({ inserts: ROWS }));
  return store;
}

async function sealAll(store: HistoryStore, closed: number): Promise<number> {
  let months = 0;
  while (await store.seal?.(closed)) months++;
  return months;
}

function sealedFiles(folder: string): string[] {
  return readdirSync(join(folder, 'history.sealed')).sort();
}

/** Everything that can be asked of a history. */
async function everythingIn(store: HistoryStore) {
  const query = { kind: KIND, metric: 'pressure', from: FEBRUARY, to: MAY, aggregates: [], limit: 100_000 };
  const aggregates = ['mean', 'min', 'max', 'count'] as const;
  const wanted = [ROWS[0], ROWS[1], ROWS.at(-1), row('WP-9', MARCH, 0)].map((each) => each as HistoryRow);
  const state = await store.open();
  return {
    rows: await store.rows({ kind: KIND, from: FEBRUARY, to: MAY, limit: 100_000 }),
    page: await store.rows({
      kind: KIND,
      from: MARCH - DAY,
      to: MAY,
      limit: 7,
      after: { ts: MARCH - HOUR, device: 'WP-1' },
    }),
    at: (await store.rowsAt(KIND, wanted)).sort((a, b) => a.ts - b.ts),
    readings: await store.readings({ ...query, devices: ['WP-2'], from: MARCH - DAY, to: MARCH + DAY }),
    days: (
      await store.readings({ ...query, aggregates, bucket: { width: DAY, origin: ORIGIN }, groupBy: 'device' })
    ).map((item) => ({
      ...item,
      aggregates: { ...item.aggregates, mean: item.aggregates?.mean?.toPrecision(12) },
    })),
    counts: [await store.count(KIND), await store.count(KIND, MARCH + DAY)],
    newest: state.newest,
  };
}

describe('sealed months of an embedded history', () => {
  it('hold the rows of closed months, which answer as they did before', async () => {
    const folder = temporaryFolder();
    const store = await filled(folder);
    const before = await everythingIn(store);
    expect(await sealAll(store, APRIL + 5 * DAY)).toBe(2);
    expect(sealedFiles(folder)).toEqual([`${KIND}-2026-02.parquet`, `${KIND}-2026-03.parquet`]);
    expect(await everythingIn(store)).toEqual(before);
    await store.close();
    const [left] = await sql(join(folder, 'history.duckdb'), `SELECT min(ts) AS ts, count(*) AS n FROM "kind:${KIND}"`);
    expect([Number(left?.ts) >= APRIL, Number(left?.n)]).toEqual([true, ROWS.filter(({ ts }) => ts >= APRIL).length]);
  });

  it('have late readings and corrections laid over them', async () => {
    const folder = temporaryFolder();
    const store = await filled(folder);
    await sealAll(store, APRIL);
    const old = ROWS[10] as HistoryRow;
    const corrected = { ...old, values: { pressure: 7 }, flags: ['correction' as const] };
    const late = row('WP-1', FEBRUARY + 1_234, 5);
    expect(await store.rowsAt(KIND, [old, late])).toEqual([old]);
    await store.commit(batch({ inserts: [late], replacements: [corrected] }));
    expect(await store.count(KIND)).toBe(ROWS.length + 1);
    expect((await store.rowsAt(KIND, [old, late])).sort((a, b) => a.ts - b.ts)).toEqual(
      [corrected, late].sort((a, b) => a.ts - b.ts),
    );
    // Corrected twice it is still one row, and the month is not sealed again.
    await store.commit(batch({ replacements: [{ ...corrected, values: { pressure: 8 } }] }));
    expect(await sealAll(store, APRIL)).toBe(0);
    const rows = await store.rows({ kind: KIND, from: FEBRUARY, to: MARCH, limit: 10_000 });
    expect(rows.length).toBe(ROWS.filter(({ ts }) => ts < MARCH).length + 1);
    expect(rows.find(({ device, ts }) => device === old.device && ts === old.ts)?.values).toEqual({ pressure: 8 });
    const bucket = { width: 60 * DAY, origin: FEBRUARY };
    const asked = { kind: KIND, metric: 'pressure', from: FEBRUARY, to: MARCH, limit: 10, bucket };
    const [all] = await store.readings({ ...asked, aggregates: ['max', 'count'] });
    expect(all?.aggregates).toEqual({ max: 8, count: rows.length });
  });

  it('lose nothing that comes or changes while they are written', async () => {
    const folder = temporaryFolder();
    const old = ROWS[3] as HistoryRow;
    const corrected = { ...old, values: { pressure: 9 } };
    const late = row('WP-3', FEBRUARY + 99, 3);
    const meanwhile: Promise<void>[] = [];
    const point: Point = (name) => {
      if (name !== 'seal.written' || meanwhile.length > 0) return;
      meanwhile.push(store.commit(batch({ inserts: [late], replacements: [corrected] })));
    };
    const store = await filled(folder, { point });
    await sealAll(store, APRIL);
    await Promise.all(meanwhile);
    expect(meanwhile).toHaveLength(1);
    expect(await store.count(KIND)).toBe(ROWS.length + 1);
    expect((await store.rowsAt(KIND, [old, late])).map(({ values }) => values.pressure).sort()).toEqual([3, 9]);
  });

  it('are never seen twice, or missing, by whoever asks while they are made', async () => {
    const store = await filled(temporaryFolder());
    let isSealing = true;
    const sealing = sealAll(store, FAR).finally(() => {
      isSealing = false;
    });
    const counts = new Set<number>();
    while (isSealing) counts.add(await store.count(KIND));
    expect(await sealing).toBe(3);
    expect([...counts]).toEqual([ROWS.length]);
  });

  it.each<PointName>(['seal.written', 'seal.named', 'seal.recorded', 'drop.recorded', 'rollup.begun', 'rollup.made'])(
    'lose and double nothing when a kill comes at %s',
    async (killed) => {
      const [folder, remains] = [temporaryFolder(), temporaryFolder()];
      // What the files hold at this instant is what a kill leaves.
      let isKilled = false;
      const point: Point = (name) => {
        if (name !== killed || isKilled) return;
        isKilled = true;
        cpSync(folder, remains, { recursive: true });
      };
      const store = await filled(folder, { point });
      const before = await everythingIn(store);
      const until = FEBRUARY + 3 * HOUR;
      while (await store.rollUp(until));
      await sealAll(store, APRIL);
      await store.drop({ '5m': FEBRUARY });
      expect(isKilled).toBe(true);

      const after = await opened(remains);
      expect(await everythingIn(after)).toEqual(before);
      while (await after.rollUp(until));
      await sealAll(after, APRIL);
      expect(await everythingIn(after)).toEqual(before);
      expect(sealedFiles(remains)).toEqual(sealedFiles(folder));
      await Promise.all([store.close(), after.close()]);
      const figures = `SELECT * FROM "kind:${KIND}_5m" ORDER BY ts, device`;
      const [one, other] = [folder, remains].map((each) => sql(join(each, 'history.duckdb'), figures));
      expect(await other).toEqual(await one);
      expect((await one)?.length).toBeGreaterThan(6);
    },
  );

  it('know a field that came later as one that nobody has sent', async () => {
    const folder = temporaryFolder();
    const store = await filled(folder);
    await sealAll(store, APRIL);
    await store.close();
    const name = { zh: '名', en: 'name' };
    const fields = { ...SMALL_KINDS.get(KIND)?.fields, leak: { type: 'boolean', name } };
    const kinds = new Map([...SMALL_KINDS, [KIND, Kind.parse({ ...SMALL_KINDS.get(KIND), fields })]]);
    const after = await opened(folder, {}, kinds);
    await after.commit(batch({ replacements: [{ ...(ROWS[0] as HistoryRow), values: { pressure: 1, leak: true } }] }));
    expect((await after.rowsAt(KIND, ROWS.slice(0, 2))).map(({ values }) => values).sort()).toEqual([
      { pressure: 1, leak: true },
      { pressure: ROWS[1]?.values.pressure },
    ]);
  });

  it('are asked for in words when one is missing', async () => {
    const folder = temporaryFolder();
    const store = await filled(folder);
    await sealAll(store, APRIL);
    await store.close();
    const [file = ''] = sealedFiles(folder);
    rmSync(join(folder, 'history.sealed', file));
    await expect(store.open()).rejects.toMatchObject({
      code: 'data-dir-unusable',
      message: expect.stringMatching(new RegExp(`${file}.*restore a backup`)),
    });
  });

  it('give up when the history is closed, and are whole at the next start', async () => {
    const folder = temporaryFolder();
    const closing: Promise<void>[] = [];
    const point: Point = (name) => {
      if (name === 'seal.named' && closing.length === 0) closing.push(store.close());
    };
    const store = await filled(folder, { point });
    await expect(sealAll(store, FAR)).rejects.toMatchObject({ code: 'unavailable' });
    await Promise.all(closing);
    await store.open();
    expect(await store.count(KIND)).toBe(ROWS.length);
    expect(sealedFiles(folder)).toEqual([]);
    expect(await sealAll(store, FAR)).toBe(3);
    expect(await store.count(KIND)).toBe(ROWS.length);
  });

  it('are copied with the rest, and a restored copy is whole', async () => {
    const [folder, into] = [temporaryFolder(), temporaryFolder()];
    const store = await filled(folder);
    await sealAll(store, APRIL);
    await store.commit(batch({ inserts: [row('WP-3', FEBRUARY + 7, 4)] }));
    const before = await everythingIn(store);
    const copy = await store.copyTo(into);
    expect(copy.rows).toMatchObject({ [KIND]: ROWS.length + 1 });
    expect(sealedFiles(into)).toEqual(sealedFiles(folder));
    expect(await everythingIn(await opened(into))).toEqual(before);
  });
});

describe('the disk of an embedded history', () => {
  const bytesIn = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
      const found = statSync(join(folder, name));
      return sum + (found.isFile() ? found.size : 0);
    }, 0);

  const SIZE = 80_000;
  /** A month of a thousand devices' readings, no two alike, in its first hours. */
  function monthOf(from: number): HistoryRow[] {
    return Array.from({ length: SIZE }, (_, index) =>
      row(`WP-${index % 1_000}`, from + Math.floor(index / 1_000) * 300_000, (index * 7_919) % 1_000_003),
    );
  }

  it('is given back by retention, and used again after sealing', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const store = await opened(folder);
    await store.commit(batch({ inserts: monthOf(FEBRUARY) }));
    await store.close();
    await store.open();
    const [table, live] = [statSync(join(folder, 'history.duckdb')).size, bytesIn(folder)];
    await sealAll(store, MARCH);
    const sealed = bytesIn(join(folder, 'history.sealed'));
    expect(sealed).toBeLessThan(table);
    // The table's blocks are written again: it grows no further, however many months come and go.
    const sizes: number[] = [];
    for (const month of [MARCH, APRIL, MAY, JUNE]) {
      await store.commit(batch({ inserts: monthOf(month) }));
      await sealAll(store, month + 31 * DAY);
      sizes.push(statSync(join(folder, 'history.duckdb')).size);
    }
    expect(Math.max(...sizes)).toBeLessThan(2.5 * table);
    expect(sizes.at(-1)).toBeLessThan(1.15 * (sizes[0] ?? 0));
    expect(sealedFiles(folder)).toHaveLength(5);
    expect(bytesIn(folder)).toBeLessThan(2.5 * live + 5.5 * sealed);

    while (await store.rollUp(FAR));
    const before = bytesIn(folder);
    await store.drop({ raw: JUNE + DAY });
    expect(sealedFiles(folder)).toEqual([`${KIND}-2026-06.parquet`]);
    expect(before - bytesIn(folder)).toBeGreaterThan(3.9 * sealed);
    expect(await store.count(KIND)).toBe(SIZE);
  });
});
