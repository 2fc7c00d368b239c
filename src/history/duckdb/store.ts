import type { DuckDBConnection } from '@duckdb/node-api';
import { TownError } from '../../kernel/errors.ts';
import { noPoint, type Point } from '../../kernel/points.ts';
import type { Kinds } from '../../model/kind.ts';
import type { SeriesPoint } from '../../model/series.ts';
import { fieldOf, fieldsOf } from '../fields.ts';
import type {
  CountsBeside,
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
  RowsFileQuery,
  RowsQuery,
  SeriesQuery,
  SeriesSums,
  SeriesSumsQuery,
  StoreOptions,
} from '../port.ts';
import { type Horizons, insteadOf } from '../rollups.ts';
import { copyBytes, lookInto } from './copy.ts';
import { openFile } from './file.ts';
import { deleteRows, makeLookUpTable, readRowsAt } from './lookups.ts';
import { readEvents, readEventsEnd, readRows } from './pages.ts';
import { readReadings } from './readings.ts';
import { droppingOf, dropRows } from './retention.ts';
import { noteLate, rollUpPiece } from './rollups.ts';
import { appendRows, withAppender } from './rows.ts';
import { writeRows } from './rows-file.ts';
import { bringSchema } from './schema.ts';
import { nextMonth, recordMonth, tidyFolder, writeMonth } from './sealing.ts';
import { bringSeries, countBeside, keepPoints, readSeries, sumSeries } from './series.ts';
import { folderOf, type Places, rowsOf, type SealedMonth } from './source.ts';
import { readStanding, readState, type Standing } from './standing.ts';
import { Turns } from './turns.ts';

interface Opened {
  /** The writer's own: a reader must not see into its transactions. */
  writing: DuckDBConnection;
  /** Questions take turns on it, and so do points of series, which are no part of a batch. */
  reading: DuckDBConnection;
  tables: KeptFields;
  standing: Standing;
  /** A connection of its own, for as long as it is used. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

/**
 * The embedded history: one DuckDB file, one wide table a kind, the cursor in the same transaction as the rows; closed months
 * in Parquet files beside it.
 */
export class DuckDbHistory implements HistoryStore {
  readonly name = 'duckdb';
  readonly #path: string;
  readonly #kinds: Kinds;
  readonly #memory: string;
  readonly #origin: number;
  readonly #point: Point;
  /** What must end before the file is closed. */
  readonly #running = new Set<Promise<unknown>>();
  /** Ends what copies or seals at the moment. */
  readonly #ends = new Set<AbortController>();
  /** Questions take turns: on their one connection they would wait for each other in threads that the journal needs. */
  readonly #questions = new Turns();
  /** So does whoever writes, for its transaction's sake. */
  readonly #writes = new Turns();
  /** What is copied is not sealed or let go at the same time. */
  readonly #files = new Turns();
  /** The month that is being sealed, and what came for it meanwhile. */
  #sealing: { month: SealedMonth; touched: Identity[] } | null = null;
  #opened: Opened | null = null;

  /** `memory` such as `128MiB` bounds what DuckDB takes for queries and buffers. */
  constructor(path: string, kinds: Kinds, memory: string, { origin = 0, point = noPoint }: StoreOptions = {}) {
    this.#path = path;
    this.#kinds = kinds;
    this.#memory = memory;
    this.#origin = origin;
    this.#point = point;
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
      const [state, standing] = [await readState(writing, tables), await readStanding(writing)];
      const opened = { writing, reading, tables, standing, connect, close };
      tidyFolder(this.#places(opened));
      this.#opened = opened;
      return state;
    } catch (error) {
      close();
      throw error;
    }
  }

  rowsAt(kind: string, identities: readonly Identity[]): Promise<HistoryRow[]> {
    return this.#write((opened) => readRowsAt(opened.writing, kind, identities, this.#places(opened)));
  }

  commit(batch: HistoryBatch): Promise<void> {
    return this.#write(({ writing, tables, standing }) =>
      inTransaction(writing, async () => {
        for (const [kind, rows] of byKind(batch.replacements)) {
          await deleteRows(writing, kind, rows);
          await appendRows(writing, kind, rows, tables);
        }
        for (const [kind, rows] of byKind(batch.inserts)) await appendRows(writing, kind, rows, tables);
        for (const rows of [batch.inserts, batch.replacements]) {
          await noteLate(writing, rows, standing.rolledUp, this.#origin);
          this.#touch(rows);
        }
        if (batch.events.length > 0) await appendEvents(writing, batch.events);
        const progress = [BigInt(batch.cursor), JSON.stringify(batch.counts)];
        await writing.run('UPDATE progress SET cursor = $1, counts = $2', progress);
      }),
    );
  }

  async readings(query: ReadingsQuery): Promise<ReadingItem[]> {
    const field = fieldOf(this.#mustBeOpen().tables, query);
    return this.#ask((opened) => {
      const instead = insteadOf(query, opened.standing.horizons, this.#origin);
      return readReadings(opened.reading, query, field, this.#places(opened), instead);
    });
  }

  async rows(query: RowsQuery): Promise<HistoryRow[]> {
    const fields = fieldsOf(this.#mustBeOpen().tables, query.kind);
    return this.#ask((opened) => readRows(opened.reading, query, fields, this.#places(opened)));
  }

  async writeRows(query: RowsFileQuery, file: string): Promise<void> {
    const fields = fieldsOf(this.#mustBeOpen().tables, query.kind);
    return this.#untilClosed('read', (opened, connection) =>
      writeRows(connection, query, file, fields, this.#places(opened)),
    );
  }

  async events(after: EventPlace, limit: number): Promise<HistoryEvent[]> {
    return this.#ask(({ reading }) => readEvents(reading, after, limit));
  }

  async eventsEnd(): Promise<EventPlace> {
    return this.#ask(({ reading }) => readEventsEnd(reading));
  }

  kept(): KeptFields {
    return this.#mustBeOpen().tables;
  }

  async count(kind: string, from = -Infinity): Promise<number> {
    if (!this.#mustBeOpen().tables.has(kind)) return 0;
    const since = from === -Infinity ? '' : ` WHERE ts >= ${Math.trunc(from)}`;
    const result = await this.#ask((opened) => {
      const source = rowsOf(this.#places(opened), kind, { from, to: Infinity });
      return opened.reading.runAndReadAll(`SELECT count(*) FROM ${source}${since}`);
    });
    return Number(result.getRowsJS()[0]?.[0]);
  }

  countBeside(from: number): Promise<CountsBeside> {
    return this.#ask(({ reading }) => countBeside(reading, from));
  }

  async keep(points: readonly SeriesPoint[]): Promise<void> {
    return this.#ask(({ reading }) => keepPoints(reading, points));
  }

  async series(query: SeriesQuery): Promise<SeriesPoint[]> {
    return this.#ask(({ reading }) => readSeries(reading, query));
  }

  async seriesSums(query: SeriesSumsQuery): Promise<SeriesSums[]> {
    return this.#ask(({ reading }) => sumSeries(reading, query));
  }

  async rollUp(until: number): Promise<boolean> {
    return this.#write((opened) =>
      this.#maintain(opened, async () => {
        const { writing, standing } = opened;
        this.#point('rollup.begun');
        const found = await rollUpPiece(writing, this.#places(opened), standing.rolledUp, until, this.#origin);
        this.#point('rollup.made');
        return found;
      }),
    );
  }

  async drop(wanted: Horizons): Promise<void> {
    await this.#files.take(() =>
      this.#alone(async (opened) => {
        const { horizons, rolledUp } = opened.standing;
        const places = this.#places(opened);
        const dropping = droppingOf(wanted, horizons, places, rolledUp, this.#origin);
        if (dropping === null) return;
        await this.#maintain(opened, () => dropRows(opened.writing, places, dropping));
        this.#point('drop.recorded');
        tidyFolder(this.#places(opened));
        await opened.writing.run('CHECKPOINT');
      }),
    );
  }

  seal(closed: number): Promise<boolean> {
    return this.#untilClosed('sealed', (opened, connection) => this.#seal(opened, connection, closed));
  }

  copyTo(directory: string): Promise<HistoryCopy> {
    return this.#untilClosed('copied', async (opened, _connection, signal) => {
      const places = this.#places(opened);
      await this.#alone(() => copyBytes(this.#path, directory, places, signal));
      return lookInto(this.#path, directory, places, this.#memory);
    });
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened === null) return;
    this.#opened = null;
    for (const end of this.#ends) end.abort();
    await Promise.allSettled(this.#running);
    opened.close();
  }

  async #seal(opened: Opened, connection: DuckDBConnection, closed: number): Promise<boolean> {
    const places = this.#places(opened);
    const month = await nextMonth(connection, places, closed, this.#origin);
    if (month === null) return false;
    const sealing = { month, touched: [] };
    try {
      // From the end of the commit under way on, so that no row slips in between the file and the table.
      await this.#write(async () => {
        this.#sealing = sealing;
      });
      await writeMonth(connection, places, month, this.#point);
      await this.#alone(async () => {
        await this.#maintain(opened, () => recordMonth(opened.writing, places, month, sealing.touched));
        this.#point('seal.recorded');
        await opened.writing.run('CHECKPOINT');
      });
      return true;
    } finally {
      this.#sealing = null;
    }
  }

  /** Remembers what comes for the month that is being sealed. */
  #touch(rows: Iterable<Identity>): void {
    if (this.#sealing === null) return;
    const { month, touched } = this.#sealing;
    for (const { kind, device, ts } of rows) {
      if (kind === month.kind && ts >= month.from && ts < month.to) touched.push({ kind, device, ts });
    }
  }

  /** Changes what is there in one transaction, and knows afterwards what came of it, however that ended. */
  async #maintain<T>(opened: Opened, change: () => Promise<T>): Promise<T> {
    try {
      return await inTransaction(opened.writing, change);
    } finally {
      opened.standing = await readStanding(opened.writing);
    }
  }

  #places({ tables, standing }: Opened): Places {
    return { tables, folder: folderOf(this.#path), sealed: standing.sealed };
  }

  async #write<T>(run: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = this.#mustBeOpen();
    return this.#run(this.#writes.take(() => run(opened)));
  }

  async #ask<T>(question: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = this.#mustBeOpen();
    return this.#run(this.#questions.take(() => question(opened)));
  }

  /** Runs while nobody writes or asks: the files that a question names are there until it is answered. */
  #alone<T>(run: (opened: Opened) => Promise<T>): Promise<T> {
    return this.#write(() => this.#ask(run));
  }

  /** Runs what takes long on a connection of its own, one at a time, and ends it when the history is closed. */
  async #untilClosed<T>(
    what: string,
    run: (opened: Opened, connection: DuckDBConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const opened = this.#mustBeOpen();
    const end = new AbortController();
    this.#ends.add(end);
    const { signal } = end;
    const working = this.#files.take(async () => {
      signal.throwIfAborted();
      const connection = await opened.connect();
      signal.addEventListener('abort', () => connection.interrupt());
      try {
        return await run(opened, connection, signal);
      } finally {
        connection.closeSync();
      }
    });
    try {
      return await this.#run(working);
    } catch (cause) {
      if (!signal.aborted) throw cause;
      const message = `the history was closed while it was ${what}: try again in a moment`;
      throw new TownError('unavailable', message, { cause });
    } finally {
      this.#ends.delete(end);
    }
  }

  /** Remembers what runs until it ends: a connection must not be closed under it. */
  async #run<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  #mustBeOpen(): Opened {
    if (this.#opened === null) throw new TownError('unavailable', 'the history is not open now: try again in a moment');
    return this.#opened;
  }
}

async function inTransaction<T>(connection: DuckDBConnection, change: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await change();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {});
    throw error;
  }
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
