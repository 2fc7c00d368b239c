import type { DuckDBConnection } from '@duckdb/node-api';
import type { KeptField, RowsFileQuery } from '../port.ts';
import { columnOf, quoted, text } from './names.ts';
import { type Places, rowsOf } from './source.ts';

/** Writes whole rows into a Parquet file, in the order of their arrival. Nothing of it passes through this thread. */
export async function writeRows(
  connection: DuckDBConnection,
  { kind, from, to }: RowsFileQuery,
  file: string,
  fields: readonly KeptField[],
  places: Places,
): Promise<void> {
  const columns = [
    'device AS "@device"',
    // Numbers of JavaScript: instants in ms fit, and need no BigInt.
    ...['ts', 'received_at', 'device_ts'].map((name) => `CAST(${name} AS DOUBLE) AS "@${name}"`),
    ...fields.map(({ field }) => `${columnOf(field)} AS ${quoted(field)}`),
  ];
  const span = { from, to };
  await connection.run(
    `COPY (SELECT ${columns.join(', ')} FROM ${rowsOf(places, kind, span)} WHERE ts >= ${from} AND ts < ${to} ORDER BY received_at, ts, device) TO ${text(file)} (FORMAT parquet)`,
  );
}
