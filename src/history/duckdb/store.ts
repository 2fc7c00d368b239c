import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { messageOf, TownError } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/nearest.ts';
import type { Kinds } from '../../model/kind.ts';
import type {
  HistoryBatch,
  HistoryRow,
  HistoryState,
  HistoryStore,
  KindCounts,
  ReadingItem,
  ReadingsQuery,
} from '../port.ts';
import { readReadings } from './readings.ts';
import { appendRows, fillLookedUp, readLookedUp } from './rows.ts';
import { bringSchema, type Columns, tableOf } from './schema.ts';

/** Files that this process has open: opening one twice succeeds silently and loses rows (DESIGN.md §5). */
const opened = new Set<string>();

/** The embedded history: one DuckDB file, one wide table a kind, the cursor in the same transaction as the rows. */
export class DuckDbHistory implements HistoryStore {
  readonly name = 'duckdb';
  readonly #file: string;
  readonly #kinds: Kinds;
  readonly #memory: string;
  #instance: DuckDBInstance | null = null;
  #writing: DuckDBConnection | null = null;
  #reading: DuckDBConnection | null = null;
  #columns: Columns = new Map();

  /** `memory` such as `128MiB` is what the store may take. */
  constructor(file: string, kinds: Kinds, memory: string) {
    this.#file = file;
    this.#kinds = kinds;
    this.#memory = memory;
  }

  async open(): Promise<HistoryState> {
    if (opened.has(this.#file)) throw new Error(`${this.#file} is open in this process already`);
    opened.add(this.#file);
    try {
      this.#instance = await DuckDBInstance.create(this.#file, { memory_limit: this.#memory, threads: '2' });
    } catch (cause) {
      opened.delete(this.#file);
      throw new TownError('data-dir-unusable', `the history ${this.#file} cannot be opened: ${messageOf(cause)}`, {
        cause,
      });
    }
    this.#writing = await this.#instance.connect();
    this.#reading = await this.#instance.connect();
    this.#columns = await bringSchema(this.#writing, this.#kinds);
    return { cursor: await this.#readCursor(), counts: await this.#readCounts(), newest: await this.#readNewest() };
  }

  async rowsAt(kind: string, identities: readonly { device: string; ts: number }[]): Promise<HistoryRow[]> {
    const connection = must(this.#writing);
    return readLookedUp(connection, kind, await fillLookedUp(connection, identities), this.#columns);
  }

  async commit(batch: HistoryBatch): Promise<void> {
    const connection = must(this.#writing);
    await connection.run('BEGIN TRANSACTION');
    try {
      for (const [kind, rows] of byKind(batch.replacements)) {
        const span = await fillLookedUp(connection, rows);
        await connection.run(
          `DELETE FROM ${tableOf(kind)} t USING looked_up l WHERE t.device = l.device AND t.ts = l.ts AND t.ts BETWEEN $1 AND $2`,
          [BigInt(span.from), BigInt(span.to)],
        );
        await appendRows(connection, kind, rows, this.#columns);
      }
      for (const [kind, rows] of byKind(batch.inserts)) await appendRows(connection, kind, rows, this.#columns);
      for (const { at, what, by, detail } of batch.events) {
        await connection.run('INSERT INTO events VALUES ($1, $2, $3, $4)', [BigInt(at), what, by, detail]);
      }
      for (const [kind, { stored, merged, duplicate, rejected }] of Object.entries(batch.counts)) {
        await connection.run('DELETE FROM counts WHERE kind = $1', [kind]);
        await connection.run('INSERT INTO counts VALUES ($1, $2, $3, $4, $5)', [
          kind,
          BigInt(stored),
          BigInt(merged),
          BigInt(duplicate),
          BigInt(rejected),
        ]);
      }
      await connection.run('DELETE FROM cursor');
      await connection.run('INSERT INTO cursor VALUES ($1)', [BigInt(batch.cursor)]);
      await connection.run('COMMIT');
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async readings(query: ReadingsQuery): Promise<ReadingItem[]> {
    const fields = this.#columns.get(query.kind) ?? [];
    const field = fields.find((entry) => entry.field === query.metric);
    if (field === undefined) {
      const hint = didYouMean(
        query.metric,
        fields.map((entry) => entry.field),
      );
      const message = `a ${query.kind} has no metric ${query.metric}${hint}`;
      throw new TownError('invalid', message, { problems: [{ path: 'metric', message }] });
    }
    return readReadings(must(this.#reading), query, field.type === 'boolean');
  }

  async count(kind: string): Promise<number> {
    if (!this.#columns.has(kind)) return 0;
    const [row] = (
      await must(this.#reading).runAndReadAll(`SELECT count(*) AS n FROM ${tableOf(kind)}`)
    ).getRowObjectsJS();
    return Number(row?.n ?? 0);
  }

  async close(): Promise<void> {
    this.#reading?.closeSync();
    this.#writing?.closeSync();
    this.#instance?.closeSync();
    this.#instance = this.#writing = this.#reading = null;
    opened.delete(this.#file);
  }

  async #readCursor(): Promise<number> {
    const [row] = (await must(this.#writing).runAndReadAll('SELECT next FROM cursor')).getRowObjectsJS();
    return Number(row?.next ?? 1);
  }

  async #readCounts(): Promise<Record<string, KindCounts>> {
    const rows = (await must(this.#writing).runAndReadAll('SELECT * FROM counts')).getRowObjectsJS();
    return Object.fromEntries(
      rows.map(({ kind, stored, merged, duplicate, rejected }) => [
        String(kind),
        { stored: Number(stored), merged: Number(merged), duplicate: Number(duplicate), rejected: Number(rejected) },
      ]),
    );
  }

  async #readNewest(): Promise<Map<string, number>> {
    const newest = new Map<string, number>();
    for (const kind of this.#columns.keys()) {
      const rows = await must(this.#writing).runAndReadAll(
        `SELECT device, max(ts) FROM ${tableOf(kind)} GROUP BY device`,
      );
      for (const [device, ts] of rows.getRowsJS()) newest.set(String(device), Number(ts));
    }
    return newest;
  }
}

function must(connection: DuckDBConnection | null): DuckDBConnection {
  if (connection === null) throw new Error('the history is not open');
  return connection;
}

function byKind(rows: readonly HistoryRow[]): Map<string, HistoryRow[]> {
  const kinds = new Map<string, HistoryRow[]>();
  for (const row of rows) {
    const list = kinds.get(row.kind);
    if (list === undefined) kinds.set(row.kind, [row]);
    else list.push(row);
  }
  return kinds;
}
