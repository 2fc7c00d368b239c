import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import type { SampleFlag } from '../../model/sample.ts';
import { type HistoryRow, RefusedByStore } from '../port.ts';
import { type Tables, tableName } from './schema.ts';

const FLAG_BITS: Record<SampleFlag, number> = { clock: 1, late: 2, correction: 4 };

/** The flags of a row's column. */
export function flagsOfBits(bits: number): SampleFlag[] {
  return (Object.keys(FLAG_BITS) as SampleFlag[]).filter((flag) => (bits & FLAG_BITS[flag]) !== 0);
}

/**
 * Appends rows of one kind, in the transaction of the connection.
 * @throws RefusedByStore for a row that its table has no place for
 */
export async function appendRows(
  connection: DuckDBConnection,
  kind: string,
  rows: readonly HistoryRow[],
  tables: Tables,
): Promise<void> {
  const fields = tables.get(kind);
  if (fields === undefined) throw new RefusedByStore(`there is no kind ${kind}`);
  await withAppender(await connection.createAppender(tableName(kind)), (appender) => {
    for (const row of rows) {
      appender.appendVarchar(row.device);
      appender.appendBigInt(BigInt(row.ts));
      appender.appendBigInt(BigInt(row.receivedAt));
      appendInteger(appender, row.deviceTs);
      appendInteger(appender, row.seq);
      appender.appendUTinyInt(row.flags.reduce((bits, flag) => bits | FLAG_BITS[flag], 0));
      appendText(appender, row.area);
      appendText(appender, row.road);
      appendText(appender, row.organisation);
      let placed = 0;
      for (const { field, type } of fields) {
        const value = row.values[field];
        if (value === undefined) appender.appendNull();
        else if (typeof value !== type) throw new RefusedByStore(`${kind}.${field} is a ${type}, not ${value}`);
        else {
          placed++;
          if (typeof value === 'boolean') appender.appendBoolean(value);
          else appender.appendDouble(value);
        }
      }
      if (placed < Object.keys(row.values).length) {
        const stray = Object.keys(row.values).filter((name) => !fields.some(({ field }) => field === name));
        throw new RefusedByStore(`${kind} has no field ${stray.join(', ')}`);
      }
      appender.endRow();
    }
  });
}

/** Fills an appender; what was appended before a failure is dropped, not flushed. */
export async function withAppender(appender: DuckDBAppender, fill: (appender: DuckDBAppender) => void): Promise<void> {
  try {
    fill(appender);
    appender.flushSync();
  } catch (error) {
    appender.clear();
    throw error;
  } finally {
    appender.closeSync();
  }
}

function appendInteger(appender: DuckDBAppender, value: number | null): void {
  if (value === null) appender.appendNull();
  else appender.appendBigInt(BigInt(value));
}

function appendText(appender: DuckDBAppender, text: string | null): void {
  if (text === null) appender.appendNull();
  else appender.appendVarchar(text);
}
