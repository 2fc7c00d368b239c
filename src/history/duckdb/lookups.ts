import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { HistoryRow, Identity, KeptFields } from '../port.ts';
import { rowColumns, rowOf, withAppender } from './rows.ts';
import { tableOf } from './schema.ts';

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
  tables: KeptFields,
): Promise<HistoryRow[]> {
  const fields = tables.get(kind);
  if (fields === undefined || identities.length === 0) return [];
  const span = await putIdentities(connection, identities);
  const columns = rowColumns(fields).map((name) => `t.${name}`);
  const result = await connection.runAndReadAll(
    `SELECT ${columns.join(', ')} FROM ${tableOf(kind)} t SEMI JOIN looked_up l ON ${SAME}`,
    span,
  );
  return result.getRowsJS().map((cells) => rowOf(kind, fields, cells));
}

/** Takes rows of a kind away, by their identities. */
export async function deleteRows(
  connection: DuckDBConnection,
  kind: string,
  identities: readonly Identity[],
): Promise<void> {
  const span = await putIdentities(connection, identities);
  await connection.run(`DELETE FROM ${tableOf(kind)} t USING looked_up l WHERE ${SAME}`, span);
}

/** Fills the table of identities; answers the span of their times, so that the store can skip what lies outside. */
async function putIdentities(connection: DuckDBConnection, identities: readonly Identity[]): Promise<DuckDBValue[]> {
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
  return [BigInt(from), BigInt(to)];
}
