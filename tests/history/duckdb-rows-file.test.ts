import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { HistoryRow } from '../../src/history/port.ts';
import { ParquetReader } from '../../src/kernel/parquet.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KIND = 'water-pressure';
const row = (
  device: string,
  ts: number,
  receivedAt: number,
  values: HistoryRow['values'],
  deviceTs: number | null = null,
): HistoryRow => ({
  ...{ kind: KIND, device, ts, receivedAt, deviceTs, seq: null, flags: [], area: null, road: null, organisation: null },
  values,
});

it('writes the rows of a period into a file, in the order of their arrival, which another thread can read', async () => {
  const folder = temporaryFolder();
  const store = new DuckDbHistory(join(folder, 'history.duckdb'), SMALL_KINDS, '64MiB');
  await store.open();
  const inserts = [
    row("WP-'1", 1_000, 5_000, { pressure: 0.1 + 0.2, battery: 80 }),
    row('WP-2', 2_000, 2_100, { battery: 9 }, 17),
    row('WP-2', 999, 2_200, { pressure: 1 }),
    row('WP-2', 3_000, 3_000, { pressure: 1 }),
  ];
  await store.commit({ cursor: 2, counts: {}, inserts, replacements: [], events: [] });
  const file = join(folder, "it's.parquet");
  await store.writeRows({ kind: KIND, from: 1_000, to: 3_000 }, file);
  await expect(store.writeRows({ kind: 'nothing', from: 0, to: 1 }, file)).rejects.toMatchObject({ code: 'invalid' });
  await store.close();
  const reader = await ParquetReader.open();
  const found: Record<string, unknown>[] = [];
  for await (const { names, values, count } of reader.read(file))
    for (let at = 0; at < count; at++)
      found.push(
        Object.fromEntries(
          names.flatMap((name, index) => (values[index]?.[at] === null ? [] : [[name, values[index]?.[at]]])),
        ),
      );
  reader.close();
  expect(found).toEqual([
    { '@device': 'WP-2', '@ts': 2_000, '@received_at': 2_100, '@device_ts': 17, battery: 9 },
    { '@device': "WP-'1", '@ts': 1_000, '@received_at': 5_000, pressure: 0.1 + 0.2, battery: 80 },
  ]);
  await expect(store.writeRows({ kind: KIND, from: 0, to: 1 }, file)).rejects.toMatchObject({ code: 'unavailable' });
});
