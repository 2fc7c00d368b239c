import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { freeBytesOf } from '../../kernel/disk.ts';
import { TownError } from '../../kernel/errors.ts';
import { fieldsOf } from '../fields.ts';
import { type HistoryRow, type HistoryStore, ROWS_PAGE } from '../port.ts';
import { columnsOf } from './columns.ts';
import { csvOf } from './csv.ts';
import { writeParquet } from './parquet.ts';

/** Where Parquet files lie until they are sent; what a kill leaves there goes at the next start. */
const STAGING = 'export.partial';
/** Bytes that a page of rows may take on the disk, and more. */
const ROOM = 64 * 1024 ** 2;

/** What to export; `from` is inclusive, `to` exclusive, ms. */
export interface ExportQuery {
  kind: string;
  from: number;
  to: number;
  format: 'csv' | 'parquet';
}

/** An export on its way out. A stream that fails or is not as long as `bytes` is not whole. */
export interface Exported {
  stream: Readable;
  /** Null where nobody knows before its end. */
  bytes: number | null;
}

/** Gives the rows of a kind as a table for other programs, from any store, in constant memory. */
export class Exporter {
  readonly #store: Pick<HistoryStore, 'rows' | 'kept'>;
  readonly #staging: string;
  readonly #floor: number;
  readonly #freeBytes: (directory: string) => number;
  /** Ends the Parquet export that is being made or sent. */
  #making: AbortController | null = null;

  /** `floor` bytes of the disk stay free, or readings would have to wait for the export (P5). */
  constructor(
    store: Pick<HistoryStore, 'rows' | 'kept'>,
    dataDir: string,
    floor: number,
    freeBytes: (directory: string) => number = freeBytesOf,
  ) {
    this.#store = store;
    this.#staging = join(dataDir, STAGING);
    this.#floor = floor;
    this.#freeBytes = freeBytes;
  }

  /** Clears what a kill may have left. */
  start(): void {
    rmSync(this.#staging, { recursive: true, force: true });
  }

  /** Ends what is being made. */
  stop(): void {
    this.#making?.abort(new TownError('unavailable', 'the service is stopping: export after its next start'));
  }

  /**
   * Begins an export; `signal` ends it. The stream has to be read or destroyed.
   * @throws TownError `invalid` for a kind that nobody knows, `unavailable` for want of the history or of disk, `conflict`
   * while another Parquet file is made
   */
  async make(query: ExportQuery, signal: AbortSignal): Promise<Exported> {
    const columns = columnsOf(fieldsOf(this.#store.kept(), query.kind));
    if (query.format === 'csv') {
      const pages = this.#pages(query, signal);
      // What cannot be answered at all is said before anything is sent.
      const first = await pages.next();
      const text = csvOf(columns, first.done === true ? pages : onward(first.value, pages));
      return { stream: Readable.from(text, { objectMode: false, highWaterMark: 1 }), bytes: null };
    }
    if (this.#making !== null) {
      throw new TownError('conflict', 'another Parquet export is under way: wait for it, or take format=csv');
    }
    const making = new AbortController();
    this.#making = making;
    const clear = () => {
      rmSync(this.#staging, { recursive: true, force: true });
      this.#making = null;
    };
    try {
      mkdirSync(this.#staging, { mode: 0o700, recursive: true });
      const folder = mkdtempSync(join(this.#staging, 'table-'));
      const path = await writeParquet(folder, columns, this.#pages(query, AbortSignal.any([signal, making.signal])));
      signal.throwIfAborted();
      const stream = createReadStream(path);
      stream.once('close', clear);
      return { stream, bytes: statSync(path).size };
    } catch (error) {
      clear();
      throw error;
    }
  }

  async *#pages({ kind, from, to, format }: ExportQuery, signal: AbortSignal): AsyncGenerator<HistoryRow[], void> {
    for (let last: HistoryRow | undefined; ; ) {
      signal.throwIfAborted();
      if (format === 'parquet') this.#mustHaveRoom();
      const after = last === undefined ? {} : { after: { ts: last.ts, device: last.device } };
      const page = await this.#store.rows({ kind, from, to, limit: ROWS_PAGE, ...after });
      yield page;
      if (page.length < ROWS_PAGE) return;
      last = page.at(-1);
    }
  }

  #mustHaveRoom(): void {
    const free = this.#freeBytes(this.#staging);
    if (free >= this.#floor + ROOM) return;
    const mib = Math.floor(free / 1024 ** 2);
    throw new TownError(
      'unavailable',
      `the disk of ${this.#staging} has only ${mib} MiB left, too little to make a Parquet file: make room, ask for a shorter time, or take format=csv`,
    );
  }
}

async function* onward<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void> {
  yield first;
  yield* rest;
}
