import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type DeadLetter, DeadLetters } from '../../src/decode/deadletters.ts';
import { tableOf } from '../../src/history/duckdb/schema.ts';
import { Journal } from '../../src/journal/journal.ts';
import { JournalSettings } from '../../src/journal/settings.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { openStore, type Store } from '../../src/kernel/store.ts';
import type { JournalRecord } from '../../src/model/record.ts';

/** A row of the history as the file holds it. */
export interface FoundRow {
  device: string;
  ts: number;
  values: Record<string, number>;
}

/** What lies in a data directory that no service runs on. */
export interface Remains {
  journal: readonly JournalRecord[];
  letters: readonly DeadLetter[];
  rows: readonly FoundRow[];
}

/** Reads a data directory without the service. `kinds` are those whose rows to read. */
export async function readRemains(dataDir: string, kinds: readonly string[]): Promise<Remains> {
  return withStore(dataDir, async (store) => ({
    journal: readJournal(store),
    letters: new DeadLetters(store, { maxBytes: Infinity, keep: Infinity }).list({ limit: Infinity }),
    rows: await readRows(dataDir, kinds),
  }));
}

/** Runs `use` on the store of a data directory that no service runs on. */
export async function withStore<T>(dataDir: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(dataDir);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Every record that the journal holds. */
export function readJournal(store: Store): readonly JournalRecord[] {
  const journal = new Journal(store, systemClock, JournalSettings.parse({}), []);
  const records: JournalRecord[] = [];
  for (let from = journal.start(); from < journal.end(0); ) {
    const page = journal.read(0, from, 10_000);
    records.push(...page);
    from = (page[page.length - 1] as JournalRecord).offset + 1;
  }
  return records;
}

async function readRows(dataDir: string, kinds: readonly string[]): Promise<FoundRow[]> {
  const instance = await DuckDBInstance.create(join(dataDir, 'history.duckdb'), { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const rows: FoundRow[] = [];
  try {
    for (const kind of kinds) {
      const result = await connection.runAndReadAll(`SELECT * FROM ${tableOf(kind)}`);
      for (const { device, ts, ...cells } of result.getRowObjectsJS()) {
        const values: Record<string, number> = {};
        for (const [column, cell] of Object.entries(cells)) {
          if (column.startsWith('f:') && typeof cell === 'number') values[column.slice(2)] = cell;
        }
        rows.push({ device: device as string, ts: Number(ts), values });
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return rows;
}
