import type { DuckDBConnection } from '@duckdb/node-api';
import type { HistoryRow, Identity } from '../port.ts';
import type { Span } from '../rollups.ts';
import { tableOf } from './names.ts';
import { rowColumns, rowOf, withAppender } from './rows.ts';
import { type Places, rowsOf } from './source.ts';

const SAME = 't.device = l.device AND t.ts = l.ts AND t.ts BETWEEN $1 AND $2';

/** Makes the place where identities are put, for one join instead of many questions. It is the connection's own. */
export async function makeLookUpTable(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE TEMP TABLE looked_up (device VARCHAR NOT NULL, ts BIGINT NOT NULL)');
}

/** The rows of a kind that are there under these identities. */
export async function readRowsAt(
  connection: DuckDBConnection,
  kind: string,
  identities: readonly Identity[],
  places: Places,
): Promise<HistoryRow[]> {
  const fields = places.tables.get(kind);
  if (fields === undefined || identities.length === 0) return [];
  const { from, to } = await putIdentities(connection, identities);
  const columns = rowColumns(fields).map((name) => `t.${name}`);
  const result = await connection.runAndReadAll(
    `SELECT ${columns.join(', ')} FROM ${rowsOf(places, kind, { from, to: to + 1 })} t SEMI JOIN looked_up l ON ${SAME}`,
    [BigInt(from), BigInt(to)],
  );
  return result.getRowsJS().map((cells) => rowOf(kind, fields, cells));
}

/** Takes rows of a kind away from its table, by their identities. */
export async function deleteRows(
  connection: DuckDBConnection,
  kind: string,
  identities: readonly Identity[],
): Promise<void> {
  const { from, to } = await putIdentities(connection, identities);
  const span = [BigInt(from), BigInt(to)];
  await connection.run(`DELETE FROM ${tableOf(kind)} t USING looked_up l WHERE ${SAME}`, span);
}

/** Fills the table of identities; answers the first and last of their times, so that the store can skip what lies outside. */
export async function putIdentities(connection: DuckDBConnection, identities: readonly Identity[]): Promise<Span> {
  await connection.run('DELETE FROM looked_up');
  let from = Infinity;
  let to = -Infinity;
  await withAppender(await connection.createAppender('looked_up', 'main', 'temp'), (appender) => {
    for (const { device, ts } of identities) {
      appender.appendVarchar(device);
      appender.appendBigInt(BigInt(ts));
      appender.endRow();
      from = Math.min(from, ts);
      to = Math.max(to, ts);
    }
  });
  return { from, to };
}
