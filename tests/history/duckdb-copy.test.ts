import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it, onTestFinished } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { HistoryRow } from '../../src/history/port.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KIND = 'water-pressure';
const FILE = "the town's history.duckdb";

/** `size` rows of a device, from `ts` on. */
function rows(device: string, ts: number, size: number): HistoryRow[] {
  return Array.from({ length: size }, (_, index) => ({
    ...{ kind: KIND, device, ts: ts + index, receivedAt: 1, deviceTs: null, seq: null, flags: [] },
    ...{ area: null, road: null, organisation: null, values: { pressure: index / 1_000 } },
  }));
}

/** Puts so many rows into a file that no history has open. */
async function fill(file: string, count: number): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(
    `INSERT INTO "kind:${KIND}" (device, ts, received_at, flags, "f:pressure") SELECT 'a', i, (random() * 1e15)::BIGINT, 0, random() FROM range(${count}) t(i)`,
  );
  connection.closeSync();
  instance.closeSync();
}

const counts = (stored: number) => ({ [KIND]: { stored, merged: 0, duplicate: 0, rejected: 0 } });

async function opened(folder: string, memory = '64MiB'): Promise<DuckDbHistory> {
  const store = new DuckDbHistory(join(folder, FILE), SMALL_KINDS, memory);
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** A folder beside, and a new one to copy to. */
function folders(): { folder: string; into: string } {
  const folder = temporaryFolder();
  const into = join(folder, 'into');
  mkdirSync(into);
  return { folder, into };
}

it('a copy has rows, counts and cursor of one instant, while commits go on', async () => {
  const { folder, into } = folders();
  const store = await opened(folder);
  await store.commit({
    cursor: 20_001,
    counts: counts(20_000),
    inserts: rows('a', 1, 20_000),
    replacements: [],
    events: [],
  });
  let copied = false;
  let cursor = 20_001;
  const committing = (async () => {
    while (!copied) {
      const inserts = rows('b', cursor, 100);
      cursor += 100;
      await store.commit({ cursor, counts: counts(cursor - 1), inserts, replacements: [], events: [] });
    }
  })();
  const copy = await store.copyTo(into);
  copied = true;
  await committing;
  expect(copy.cursor).toBeLessThan(cursor);
  expect(copy.cursor).toBeGreaterThanOrEqual(20_001);
  expect(copy).toEqual({
    cursor: copy.cursor,
    counts: counts(copy.cursor - 1),
    rows: { [KIND]: copy.cursor - 1, 'lighting-controller': 0 },
  });
  const again = await opened(into);
  expect(await again.open()).toMatchObject({ cursor: copy.cursor, counts: copy.counts });
  expect(await again.count(KIND)).toBe(copy.cursor - 1);
  expect(await again.rowsAt(KIND, rows('a', 19_999, 2))).toEqual(await store.rowsAt(KIND, rows('a', 19_999, 2)));
  expect(await store.count(KIND)).toBe(cursor - 1);
});

it('what was copied is whole without anything beside it, and a second copy is another', async () => {
  const { folder, into } = folders();
  const store = await opened(folder);
  for (let round = 1; round <= 2; round++) {
    await store.commit({
      cursor: round + 1,
      counts: counts(round),
      inserts: rows('a', round, 1),
      replacements: [],
      events: [],
    });
    const place = join(into, String(round));
    mkdirSync(place);
    expect((await store.copyTo(place)).rows).toMatchObject({ [KIND]: round });
    const again = await opened(place);
    expect(await again.count(KIND)).toBe(round);
  }
});

it('takes a file that is larger than the memory of the store', { timeout: 60_000 }, async () => {
  const { folder, into } = folders();
  const store = await opened(folder, '8MiB');
  await store.close();
  await fill(join(folder, FILE), 1_000_000);
  await store.open();
  expect(statSync(join(folder, FILE)).size).toBeGreaterThan(8 * 1_024 ** 2);
  expect((await store.copyTo(into)).rows).toMatchObject({ [KIND]: 1_000_000 });
  expect(await store.count(KIND)).toBe(1_000_000);
});

it('a history that is closed meanwhile gives its copy up', async () => {
  const { folder, into } = folders();
  const store = await opened(folder);
  await store.close();
  await fill(join(folder, FILE), 500_000);
  await store.open();
  const copying = expect(store.copyTo(into)).rejects.toMatchObject({
    ...{ code: 'unavailable', message: expect.stringContaining('closed') },
  });
  await store.close();
  await copying;
  await store.open();
  expect(await store.count(KIND)).toBe(500_000);
});

it('one that is not open cannot be copied, and says so', async () => {
  const { folder, into } = folders();
  const store = await opened(folder);
  await store.close();
  await expect(store.copyTo(into)).rejects.toMatchObject({ code: 'unavailable' });
});
