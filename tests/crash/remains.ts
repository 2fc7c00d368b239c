import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type DeadLetter, DeadLetters } from '../../src/decode/deadletters.ts';
import { tableOf } from '../../src/history/duckdb/names.ts';
import { flagsOfBits } from '../../src/history/duckdb/rows.ts';
import { Journal } from '../../src/journal/journal.ts';
import { JournalSettings } from '../../src/journal/settings.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { openStore, type Store } from '../../src/kernel/store.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { SampleFlag } from '../../src/model/sample.ts';
import { KINDS } from './scripted-device.ts';

/** A row of the history as the file holds it. */
export interface FoundRow {
  device: string;
  ts: number;
  values: Record<string, number>;
  flags: SampleFlag[];
}

/** A table of the store by its keys, as text. */
export type FoundTable = Record<string, unknown>;

/** What lies in a data directory that no service runs on. */
export interface Remains {
  journal: readonly JournalRecord[];
  letters: readonly DeadLetter[];
  rows: readonly FoundRow[];
  /** What the rules, the alerts and the telling of them left, and the newest values, by table. */
  tables: Record<string, FoundTable>;
}

/** What one LMDB transaction of the rules writes (P9), and what is told because of it. */
export const TABLES_OF_RULES = [
  ...['rules.place', 'rules.town', 'rules.book', 'rules.devices', 'rules.heard', 'rules.occurrences'],
  ...['rules.nights', 'rules.lighting', 'alerts', 'alerts.order', 'alerts.running'],
];
const OTHER_TABLES = ['outbox', 'notifications', 'live', 'live.cursor'];

/** Reads a data directory without the service; `rows` are read from its DuckDB, unless they lie elsewhere. */
export async function readRemains(dataDir: string, rows = () => readRows(dataDir)): Promise<Remains> {
  return withStore(dataDir, async (store) => ({
    journal: readJournal(store),
    letters: new DeadLetters(store, { maxBytes: Infinity, keep: Infinity }).list({ limit: Infinity }),
    rows: await rows(),
    tables: readTables(store, [...TABLES_OF_RULES, ...OTHER_TABLES]),
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

/** Everything that these tables hold. */
export function readTables(store: Store, names: readonly string[]): Record<string, FoundTable> {
  return Object.fromEntries(
    names.map((name) => {
      const entries = [...store.table<string, unknown>(name).entries()];
      return [name, Object.fromEntries(entries.map(({ key, value }) => [JSON.stringify(key), value]))];
    }),
  );
}

/** Every record that the journal holds from `from` on. */
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

async function readRows(dataDir: string): Promise<FoundRow[]> {
  const instance = await DuckDBInstance.create(join(dataDir, 'history.duckdb'), { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const rows: FoundRow[] = [];
  try {
    for (const kind of KINDS) {
      const result = await connection.runAndReadAll(`SELECT * FROM ${tableOf(kind)}`);
      for (const { device, ts, flags, ...cells } of result.getRowObjectsJS()) {
        const values: Record<string, number> = {};
        for (const [column, cell] of Object.entries(cells)) {
          if (column.startsWith('f:') && typeof cell === 'number') values[column.slice(2)] = cell;
        }
        rows.push({ device: device as string, ts: Number(ts), values, flags: flagsOfBits(Number(flags)) });
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return rows;
}
