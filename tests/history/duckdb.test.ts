import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import { type HistoryBatch, type HistoryRow, RefusedByStore } from '../../src/history/port.ts';
import { Kind, type Kinds } from '../../src/model/kind.ts';
import { historyContract } from '../contract/history.ts';
import { SMALL_KINDS } from '../support/kinds.ts';

const MEMORY = '64MiB';
const KIND = 'water-pressure';
const folder = mkdtempSync(join(tmpdir(), 'townpulse-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let places = 0;
const newPlace = () => join(folder, `${places++}.duckdb`);

historyContract('DuckDB', (place) => new DuckDbHistory(place, SMALL_KINDS, MEMORY), newPlace);

const name = { zh: '名', en: 'name' };
const PRESSURE = { type: 'number', unit: 'MPa', name };

function kindsOf(fields: Record<string, object>): Kinds {
  return new Map([[KIND, Kind.parse({ id: KIND, name, reportInterval: 300, fields })]]);
}

function row(ts: number, values: HistoryRow['values']): HistoryRow {
  return {
    ...{ kind: KIND, device: 'WP-1', ts, receivedAt: 1, deviceTs: null, seq: null },
    ...{ flags: [], area: null, road: null, organisation: null, values },
  };
}

function batch(cursor: number, more: Partial<HistoryBatch>): HistoryBatch {
  return { cursor, counts: {}, inserts: [], replacements: [], events: [], ...more };
}

/** Opens the file with the given kinds, does something, and closes it. */
async function during<T>(place: string, kinds: Kinds, use: (store: DuckDbHistory) => Promise<T>): Promise<T> {
  const store = new DuckDbHistory(place, kinds, MEMORY);
  await store.open();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Runs SQL on a file that no history has open. */
async function sql(place: string, text: string): Promise<DuckDBValue[][]> {
  const instance = await DuckDBInstance.create(place);
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(text)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

describe('the kinds of an embedded history', () => {
  it('may gain a field, which becomes an empty column', async () => {
    const place = newPlace();
    await during(place, kindsOf({ pressure: PRESSURE }), (store) =>
      store.commit(batch(2, { inserts: [row(1, { pressure: 0.3 })] })),
    );
    const leak = { type: 'boolean', name };
    const rows = await during(place, kindsOf({ leak, pressure: PRESSURE }), async (store) => {
      await store.commit(batch(3, { inserts: [row(2, { leak: true, pressure: 0.4 })] }));
      return store.rowsAt(KIND, [row(1, {}), row(2, {})]);
    });
    expect(rows.sort((a, b) => a.ts - b.ts).map(({ values }) => values)).toEqual([
      { pressure: 0.3 },
      { leak: true, pressure: 0.4 },
    ]);
  });

  it('may lose a field or vanish, and keep what was written', async () => {
    const place = newPlace();
    await during(place, kindsOf({ pressure: PRESSURE }), (store) =>
      store.commit(batch(2, { inserts: [row(1, { pressure: 0.3 })] })),
    );
    const query = { kind: KIND, metric: 'pressure', from: 0, to: 10, aggregates: [], limit: 10 };
    for (const kinds of [kindsOf({}), new Map()]) {
      expect(await during(place, kinds, (store) => store.readings(query))).toEqual([
        { ts: 1, group: 'WP-1', value: 0.3 },
      ]);
    }
  });

  it.each([
    ['type', { type: 'boolean', name }, 'was a number and is now a boolean'],
    ['unit', { type: 'number', unit: 'kPa', name }, 'was in MPa and is now in kPa'],
  ])('may not change the %s of a field, and the refusal says which', async (_what, pressure, words) => {
    const place = newPlace();
    await during(place, kindsOf({ pressure: PRESSURE }), async () => {});
    await expect(new DuckDbHistory(place, kindsOf({ pressure }), MEMORY).open()).rejects.toMatchObject({
      code: 'kind-changed',
      message: expect.stringContaining(words),
      problems: expect.arrayContaining([
        { path: 'devices/water-pressure.yaml: fields.pressure', message: expect.stringContaining(words) },
      ]),
    });
    await during(place, kindsOf({ pressure: PRESSURE }), async () => {});
  });

  it('count switches as 0 and 1 in buckets', async () => {
    const inserts = [true, false, true, true].map((leak, index) => row(index, { leak }));
    const items = await during(newPlace(), kindsOf({ leak: { type: 'boolean', name } }), async (store) => {
      await store.commit(batch(2, { inserts }));
      const bucket = { width: 100, origin: 0 };
      const aggregates = ['mean', 'min', 'max', 'count'] as const;
      const query = { kind: KIND, metric: 'leak', from: 0, to: 10, limit: 10 };
      return [
        await store.readings({ ...query, aggregates, bucket }),
        await store.readings({ ...query, aggregates: [] }),
      ];
    });
    expect(items[0]).toEqual([{ ts: 0, group: '', aggregates: { mean: 0.75, min: 0, max: 1, count: 4 } }]);
    expect(items[1]?.map(({ value }) => value)).toEqual([true, false, true, true]);
  });
});

describe('the file of an embedded history', () => {
  it('is refused in words when a newer version wrote it', async () => {
    const place = newPlace();
    await during(place, SMALL_KINDS, async () => {});
    await sql(place, 'UPDATE format SET version = 99');
    await expect(new DuckDbHistory(place, SMALL_KINDS, MEMORY).open()).rejects.toMatchObject({
      code: 'data-newer',
      message: expect.stringContaining('format 99'),
    });
  });

  it('is refused in words when it is no history', async () => {
    await expect(new DuckDbHistory(import.meta.filename, SMALL_KINDS, MEMORY).open()).rejects.toMatchObject({
      code: 'data-dir-unusable',
      message: expect.stringContaining(import.meta.filename),
    });
    await expect(new DuckDbHistory('/no/such/folder/h.duckdb', SMALL_KINDS, MEMORY).open()).rejects.toMatchObject({
      code: 'data-dir-unusable',
    });
  });

  it('cannot be opened twice in one process, by whatever name', async () => {
    const place = newPlace();
    const alias = join(folder, 'alias');
    symlinkSync(folder, alias);
    await during(place, SMALL_KINDS, async () => {
      for (const path of [place, join(alias, place.slice(folder.length))]) {
        await expect(new DuckDbHistory(path, SMALL_KINDS, MEMORY).open()).rejects.toThrow(
          'open in this process already',
        );
      }
    });
    await during(place, SMALL_KINDS, async () => {});
  });

  it.each([
    ['a row', { replacements: [row(3, { pressure: true })] }],
    ['an event', { events: [{ at: 1, what: null as unknown as string, by: '', detail: '' }] }],
    ['its end', { cursor: Number.NaN }],
  ])('holds nothing of a commit that fails at %s: no row, event, count or cursor', async (_what, broken) => {
    const place = newPlace();
    const sums = (stored: number) => ({ [KIND]: { stored, merged: 0, duplicate: 0, rejected: 0 } });
    const events = [{ at: 1, what: 'away', by: 'service', detail: '{}' }];
    await during(place, SMALL_KINDS, async (store) => {
      await store.commit(batch(2, { counts: sums(1), inserts: [row(1, { pressure: 0.3 })] }));
      const half = batch(3, { counts: sums(2), inserts: [row(2, { pressure: 0.3 })], events, ...broken });
      await expect(store.commit(half)).rejects.toThrow();
      expect(await store.open()).toMatchObject({ cursor: 2, counts: sums(1), newest: new Map([['WP-1', 1]]) });
    });
    expect(await sql(place, 'SELECT * FROM events')).toEqual([]);
  });

  it.each([
    ['a kind without a table', { kind: 'no-such-kind' }],
    ['a field without a column', { values: { colour: 3 } }],
    ['a switch for a number', { values: { pressure: true } }],
    ['a half sequence number', { seq: 1.5 }],
  ])('refuses %s for good, and takes the next batch', async (_what, bad) => {
    await during(newPlace(), SMALL_KINDS, async (store) => {
      const inserts = [row(1, { pressure: 0.3 }), { ...row(2, { pressure: 0.3 }), ...bad }];
      await expect(store.commit(batch(2, { inserts }))).rejects.toBeInstanceOf(RefusedByStore);
      await store.commit(batch(2, { inserts: [row(3, { pressure: 0.3 })] }));
      expect(await store.count(KIND)).toBe(1);
    });
  });

  it('is not closed under a query', async () => {
    const place = newPlace();
    await during(place, SMALL_KINDS, async (store) => {
      await store.commit(batch(2, { inserts: Array.from({ length: 5_000 }, (_, ts) => row(ts, { pressure: 0.3 })) }));
      const asked = store.readings({ kind: KIND, metric: 'pressure', from: 0, to: 1e6, aggregates: [], limit: 10_000 });
      await store.close();
      expect((await asked).length).toBe(5_000);
      await store.open();
    });
  });

  it('keeps what happened to the town and the service, for whoever asks in SQL', async () => {
    const place = newPlace();
    const events = [{ at: 5, what: 'away', by: 'service', detail: '{"ms":90000}' }];
    await during(place, SMALL_KINDS, (store) => store.commit(batch(2, { events })));
    expect(await sql(place, 'SELECT * FROM events')).toEqual([[5n, 'away', 'service', '{"ms":90000}']]);
  });
});

describe('questions to an embedded history', () => {
  /** Counts how many queries DuckDB works on at once; each holds one of the few threads that the journal's syncs need too. */
  function watchQueries(): { most: number } {
    const seen = { most: 0 };
    let running = 0;
    const { runAndReadAll } = DuckDBConnection.prototype;
    const spy = vi.spyOn(DuckDBConnection.prototype, 'runAndReadAll');
    spy.mockImplementation(async function (this: DuckDBConnection, ...query) {
      seen.most = Math.max(seen.most, ++running);
      return runAndReadAll.apply(this, query).finally(() => running--);
    });
    onTestFinished(() => spy.mockRestore());
    return seen;
  }

  it('take turns, however many are put at once', async () => {
    await during(newPlace(), kindsOf({ pressure: PRESSURE }), async (store) => {
      await store.commit(batch(2, { inserts: [row(1, { pressure: 0.3 })] }));
      const seen = watchQueries();
      const query = { kind: KIND, metric: 'pressure', from: 0, to: 10, limit: 10, aggregates: [] };
      const asked = Array.from({ length: 20 }, () => store.readings(query));
      for (const items of await Promise.all(asked)) expect(items).toHaveLength(1);
      expect(seen.most).toBe(1);
    });
  });

  it('are held up by none that fails', async () => {
    await during(newPlace(), kindsOf({ pressure: PRESSURE }), async (store) => {
      const spy = vi.spyOn(DuckDBConnection.prototype, 'runAndReadAll').mockRejectedValueOnce(new Error('interrupted'));
      onTestFinished(() => spy.mockRestore());
      const [failing, fine] = [store.count(KIND), store.count(KIND)];
      await expect(failing).rejects.toThrow('interrupted');
      expect(await fine).toBe(0);
    });
  });
});
