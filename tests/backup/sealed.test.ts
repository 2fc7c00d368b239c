import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { Backup } from '../../src/backup/backup.ts';
import { restoreBackup } from '../../src/backup/restore.ts';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { HistoryRow } from '../../src/history/port.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { openStore } from '../../src/kernel/store.ts';
import { balance } from '../../src/model/ledger.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KIND = 'water-pressure';
const ROWS: HistoryRow[] = Array.from({ length: 90 }, (_, day) => ({
  ...{
    kind: KIND,
    device: 'WP-1',
    ts: Date.UTC(2026, 0, 1 + day),
    receivedAt: 1,
    deviceTs: null,
    seq: null,
    flags: [],
  },
  ...{ area: null, road: null, organisation: null, values: { pressure: day / 100 } },
}));

async function historyIn(folder: string): Promise<DuckDbHistory> {
  const history = new DuckDbHistory(join(folder, 'history.duckdb'), SMALL_KINDS, '64MiB');
  onTestFinished(() => history.close());
  await history.open();
  return history;
}

it('a backup holds the sealed months, and restored they are what they were', async () => {
  const dataDir = temporaryFolder();
  const store = await openStore(dataDir, { sync: false });
  onTestFinished(() => store.close());
  const history = await historyIn(dataDir);
  await history.commit({ cursor: 2, counts: {}, inserts: ROWS, replacements: [], events: [] });
  while (await history.seal(Date.UTC(2026, 2, 1)));
  const backup = new Backup({
    ...{ dataDir, floor: 0, town: 'lailong', store, held: [], history, log: silentLogger, realClock: systemClock },
    figures: () => ({
      journal: { start: 1, end: 2 },
      ledger: balance({ intake: { kinds: {}, fieldsRejected: 0, fieldsUnknown: 0 }, history: {}, pending: {} }),
    }),
    freeBytes: () => Number.POSITIVE_INFINITY,
  });
  const { manifest, stream } = await backup.make();
  const file = join(temporaryFolder(), 'town.tar');
  writeFileSync(file, await buffer(stream));
  expect(manifest.history.rows).toMatchObject({ [KIND]: ROWS.length });
  expect(manifest.files.map(({ name }) => name)).toEqual([
    'history.duckdb',
    `history.sealed/${KIND}-2026-01.parquet`,
    `history.sealed/${KIND}-2026-02.parquet`,
    'townpulse.mdb',
  ]);

  const restored = join(temporaryFolder(), 'restored');
  await restoreBackup(file, restored);
  expect(readdirSync(join(restored, 'history.sealed'))).toHaveLength(2);
  const again = await historyIn(restored);
  const page = { kind: KIND, from: 0, to: 1e15, limit: 1_000 };
  expect(await again.rows(page)).toEqual(await history.rows(page));
  expect(await again.count(KIND)).toBe(ROWS.length);
});
