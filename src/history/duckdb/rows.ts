import { setImmediate } from 'node:timers/promises';
import { type DuckDBAppender, type DuckDBConnection, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import { messageOf } from '../../kernel/errors.ts';
import type { SampleFlag, Value } from '../../model/sample.ts';
import { refuseStrays } from '../fields.ts';
import { type HistoryRow, type KeptField, type KeptFields, RefusedByStore } from '../port.ts';
import { columnOf, ROW_COLUMNS, tableName } from './names.ts';

/** Rows of a chunk: the most that DuckDB takes in one. */
const CHUNK = 2_048;

const FLAG_BITS: Record<SampleFlag, number> = { clock: 1, late: 2, correction: 4 };

/** The columns of a kind's rows as SQL has them, in the order in which {@link rowOf} reads them. */
export function rowColumns(fields: readonly KeptField[]): string[] {
  return [...Object.keys(ROW_COLUMNS), ...fields.map(({ field }) => columnOf(field))];
}

/** The row that stands in the cells of {@link rowColumns}. */
export function rowOf(kind: string, fields: readonly KeptField[], cells: readonly unknown[]): HistoryRow {
  const [device, ts, receivedAt, deviceTs, seq, flags, area, road, organisation, ...rest] = cells;
  const values: Record<string, Value> = {};
  for (const [index, { field }] of fields.entries()) {
    const value = rest[index];
    if (typeof value === 'number' || typeof value === 'boolean') values[field] = value;
  }
  return {
    kind,
    device: device as string,
    ts: Number(ts),
    receivedAt: Number(receivedAt),
    deviceTs: deviceTs === null ? null : Number(deviceTs),
    seq: seq === null ? null : Number(seq),
    flags: flagsOfBits(Number(flags)),
    area: area as string | null,
    road: road as string | null,
    organisation: organisation as string | null,
    values,
  };
}

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
