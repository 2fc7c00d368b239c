import type { DuckDBConnection } from '@duckdb/node-api';
import { TownError } from '../../kernel/errors.ts';
import type { Kinds } from '../../model/kind.ts';
import type { SeriesPoint } from '../../model/series.ts';
import { fieldOf, fieldsOf } from '../fields.ts';
import type {
  EventPlace,
  HistoryBatch,
  HistoryCopy,
  HistoryEvent,
  HistoryRow,
  HistoryState,
  HistoryStore,
  Identity,
  KeptFields,
  ReadingItem,
  ReadingsQuery,
  RowsQuery,
  SeriesQuery,
  SeriesSums,
  SeriesSumsQuery,
} from '../port.ts';
import { copyFile } from './copy.ts';
import { openFile } from './file.ts';
import { deleteRows, makeLookUpTable, readRowsAt } from './lookups.ts';
import { readEvents, readEventsEnd, readRows } from './pages.ts';
import { readReadings } from './readings.ts';
import { appendRows, withAppender } from './rows.ts';
import { bringSchema, tableOf } from './schema.ts';
import { bringSeries, keepPoints, readSeries, sumSeries } from './series.ts';

interface Opened {
  /** The writer's own: a reader must not see into its transactions. */
  writing: DuckDBConnection;
  /** Questions take turns on it, and so do points of series, which are no part of a batch. */
  reading: DuckDBConnection;
  tables: KeptFields;
  /** A connection of its own, for as long as it is used. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

/** The embedded history: one DuckDB file, one wide table a kind, the cursor in the same transaction as the rows. */
export class DuckDbHistory implements HistoryStore {
  readonly name = 'duckdb';
  readonly #path: string;
  readonly #kinds: Kinds;
  readonly #memory: string;
  readonly #reads = new Set<Promise<unknown>>();
  /** Ends what copies the file at the moment. */
  readonly #copying = new Set<AbortController>();
  /** The question before: on their one connection questions would wait for each other in threads that the journal needs. */
  #asked: Promise<unknown> = Promise.resolve();
  #opened: Opened | null = null;

  /** `memory` such as `128MiB` bounds what DuckDB takes for queries and buffers. */
  constructor(path: string, kinds: Kinds, memory: string) {
    this.#path = path;
    this.#kinds = kinds;
    this.#memory = memory;
  }

  async open(): Promise<HistoryState> {
    // After a failed write DuckDB may refuse everything until the file is opened anew.
    await this.close();
    const file = await openFile(this.#path, this.#memory);
    const connections: DuckDBConnection[] = [];
    const close = () => {
      for (const connection of connections) connection.closeSync();
      file.close();
    };
    const connect = () => file.instance.connect();
    try {
      const kept = async () => {
        const connection = await connect();
        connections.push(connection);
        return connection;
      };
      const [writing, reading] = [await kept(), await kept()];
      const tables = await bringSchema(writing, this.#kinds);
      await makeLookUpTable(writing);
      await bringSeries(reading);
      const state = await readState(writing, tables);
      this.#opened = { writing, reading, tables, connect, close };
      return state;
    } catch (error) {
      close();
      throw error;
    }
  }

  async rowsAt(kind: string, identities: readonly Identity[]): Promise<HistoryRow[]> {
    const { writing, tables } = this.#mustBeOpen();
    return readRowsAt(writing, kind, identities, tables);
  }

  async commit(batch: HistoryBatch): Promise<void> {
    const { writing, tables } = this.#mustBeOpen();
    await writing.run('BEGIN TRANSACTION');
    try {
      for (const [kind, rows] of byKind(batch.replacements)) {
        await deleteRows(writing, kind, rows);
        await appendRows(writing, kind, rows, tables);
      }
      for (const [kind, rows] of byKind(batch.inserts)) await appendRows(writing, kind, rows, tables);
      if (batch.events.length > 0) await appendEvents(writing, batch.events);
      const progress = [BigInt(batch.cursor), JSON.stringify(batch.counts)];
      await writing.run('UPDATE progress SET cursor = $1, counts = $2', progress);
      await writing.run('COMMIT');
    } catch (error) {
      await writing.run('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async readings(query: ReadingsQuery): Promise<ReadingItem[]> {
    const field = fieldOf(this.#mustBeOpen().tables, query);
    return this.#ask((reading) => readReadings(reading, query, field));
  }

  async rows(query: RowsQuery): Promise<HistoryRow[]> {
    const fields = fieldsOf(this.#mustBeOpen().tables, query.kind);
    return this.#ask((reading) => readRows(reading, query, fields));
  }

  async events(after: EventPlace, limit: number): Promise<HistoryEvent[]> {
    return this.#ask((reading) => readEvents(reading, after, limit));
  }

  async eventsEnd(): Promise<EventPlace> {
    return this.#ask(readEventsEnd);
  }

  kept(): KeptFields {
    return this.#mustBeOpen().tables;
  }

  async count(kind: string, from?: number): Promise<number> {
    if (!this.#mustBeOpen().tables.has(kind)) return 0;
    const source = `SELECT count(*) FROM ${tableOf(kind)}`;
    const result = await this.#ask((reading) =>
      from === undefined
        ? reading.runAndReadAll(source)
        : reading.runAndReadAll(`${source} WHERE ts >= $1`, [BigInt(Math.trunc(from))]),
    );
    return Number(result.getRowsJS()[0]?.[0]);
  }

  async keep(points: readonly SeriesPoint[]): Promise<void> {
    return this.#ask((reading) => keepPoints(reading, points));
  }

  async series(query: SeriesQuery): Promise<SeriesPoint[]> {
    return this.#ask((reading) => readSeries(reading, query));
  }

  async seriesSums(query: SeriesSumsQuery): Promise<SeriesSums[]> {
    return this.#ask((reading) => sumSeries(reading, query));
  }

  async copyTo(directory: string): Promise<HistoryCopy> {
    return this.#read(this.#copy(directory, this.#mustBeOpen()));
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened === null) return;
    this.#opened = null;
    for (const copying of this.#copying) copying.abort();
    await Promise.allSettled(this.#reads);
    opened.close();
  }

  async #copy(directory: string, { connect, tables }: Opened): Promise<HistoryCopy> {
    const copying = new AbortController();
    this.#copying.add(copying);
    const connection = await connect();
    try {
      return await copyFile(connection, this.#path, directory, tables, copying.signal);
    } catch (cause) {
      if (!copying.signal.aborted) throw cause;
      const message = 'the history was closed while it was copied: try again in a moment';
      throw new TownError('unavailable', message, { cause });
    } finally {
      this.#copying.delete(copying);
      connection.closeSync();
    }
  }

  /** Puts a question once those before it are answered. */
  #ask<T>(question: (reading: DuckDBConnection) => Promise<T>): Promise<T> {
    const { reading } = this.#mustBeOpen();
    const answer = this.#asked.then(() => question(reading));
    this.#asked = answer.catch(() => {});
    return this.#read(answer);
  }

  /** Remembers a query until it ends: a connection must not be closed under it. */
  async #read<T>(query: Promise<T>): Promise<T> {
    this.#reads.add(query);
    try {
      return await query;
    } finally {
      this.#reads.delete(query);
    }
  }

  #mustBeOpen(): Opened {
    if (this.#opened === null) throw new TownError('unavailable', 'the history is not open now: try again in a moment');
    return this.#opened;
  }
}

async function readState(connection: DuckDBConnection, tables: KeptFields): Promise<HistoryState> {
  const [progress = []] = (await connection.runAndReadAll('SELECT cursor, counts FROM progress')).getRowsJS();
  const [cursor, counts] = progress;
  const newest = new Map<string, number>();
  for (const kind of tables.keys()) {
    const rows = await connection.runAndReadAll(`SELECT device, max(ts) FROM ${tableOf(kind)} GROUP BY device`);
    for (const [device, ts] of rows.getRowsJS()) {
      newest.set(String(device), Math.max(Number(ts), newest.get(String(device)) ?? -Infinity));
    }
  }
  return { cursor: Number(cursor), counts: JSON.parse(String(counts)), newest };
}

async function appendEvents(connection: DuckDBConnection, events: readonly HistoryEvent[]): Promise<void> {
  await withAppender(await connection.createAppender('events'), (appender) => {
    for (const { at, what, by, detail } of events) {
      appender.appendBigInt(BigInt(at));
      appender.appendVarchar(what);
      appender.appendVarchar(by);
      appender.appendVarchar(detail);
      appender.endRow();
    }
  });
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
