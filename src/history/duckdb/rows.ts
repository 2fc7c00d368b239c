import { setImmediate } from 'node:timers/promises';
import { type DuckDBAppender, type DuckDBConnection, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import { messageOf } from '../../kernel/errors.ts';
import type { SampleFlag } from '../../model/sample.ts';
import { type KeptFields, refuseStrays } from '../fields.ts';
import { type HistoryRow, RefusedByStore } from '../port.ts';
import { ROW_COLUMNS, tableName } from './schema.ts';

/** Rows of a chunk: the most that DuckDB takes in one. */
const CHUNK = 2_048;

const FLAG_BITS: Record<SampleFlag, number> = { clock: 1, late: 2, correction: 4 };

/** The flags of a row's column. */
export function flagsOfBits(bits: number): SampleFlag[] {
  return (Object.keys(FLAG_BITS) as SampleFlag[]).filter((flag) => (bits & FLAG_BITS[flag]) !== 0);
}

/** What a row has for a column. */
type Cell = (row: HistoryRow) => DuckDBValue;

const ROW_CELLS: Record<keyof typeof ROW_COLUMNS, Cell> = {
  device: (row) => row.device,
  ts: (row) => BigInt(row.ts),
  received_at: (row) => BigInt(row.receivedAt),
  device_ts: (row) => (row.deviceTs === null ? null : BigInt(row.deviceTs)),
  seq: (row) => (row.seq === null ? null : BigInt(row.seq)),
  flags: (row) => row.flags.reduce((bits, flag) => bits | FLAG_BITS[flag], 0),
  area: (row) => row.area,
  road: (row) => row.road,
  organisation: (row) => row.organisation,
};

/**
 * Appends rows of one kind, in the transaction of the connection. A chunk of 2,048 rows with three fields each takes about
 * 5 ms; between two chunks whoever waits for the process has a turn.
 * @throws RefusedByStore for a row that its table has no place for
 */
export async function appendRows(
  connection: DuckDBConnection,
  kind: string,
  rows: readonly HistoryRow[],
  tables: KeptFields,
): Promise<void> {
  const fields = tables.get(kind);
  if (fields === undefined) throw new RefusedByStore(`there is no kind ${kind}`);
  refuseStrays(kind, rows, fields);
  const cells = [...rowCells(), ...fields.map(({ field }) => valueCell(field))];
  await withAppender(await connection.createAppender(tableName(kind)), async (appender) => {
    const chunk = DuckDBDataChunk.create(cells.map((_, index) => appender.columnType(index)));
    for (let start = 0; start < rows.length; start += CHUNK) {
      const some = rows.slice(start, start + CHUNK);
      fillChunk(chunk, some, cells);
      appender.appendDataChunk(chunk);
      await setImmediate();
    }
  });
}

function rowCells(): Cell[] {
  return (Object.keys(ROW_COLUMNS) as (keyof typeof ROW_COLUMNS)[]).map((name) => ROW_CELLS[name]);
}

function valueCell(field: string): Cell {
  return (row) => row.values[field] ?? null;
}

function fillChunk(chunk: DuckDBDataChunk, rows: readonly HistoryRow[], cells: readonly Cell[]): void {
  chunk.reset();
  chunk.rowCount = rows.length;
  try {
    for (const [index, cell] of cells.entries()) chunk.setColumnValues(index, rows.map(cell));
  } catch (cause) {
    // No disk or connection has a part in this: what does not become a column now never will.
    throw new RefusedByStore(messageOf(cause), { cause });
  }
}

/** Fills an appender; what was appended before a failure is dropped, not flushed. */
export async function withAppender(
  appender: DuckDBAppender,
  fill: (appender: DuckDBAppender) => void | Promise<void>,
): Promise<void> {
  try {
    await fill(appender);
    appender.flushSync();
  } catch (error) {
    appender.clear();
    throw error;
  } finally {
    appender.closeSync();
  }
}
