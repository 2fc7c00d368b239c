import { basename, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { HistoryCopy, KeptFields } from '../port.ts';
import { tableOf } from './schema.ts';

/**
 * Puts a copy of an open file, under its own name, into `directory`: as of one instant, while others write. It reads every
 * row, so the copy is smaller than a file in which much was deleted. `connection` is used by nobody else meanwhile.
 * @throws Error when the copy does not hold what was there, or when `signal` is aborted
 */
export async function copyFile(
  connection: DuckDBConnection,
  path: string,
  directory: string,
  tables: KeptFields,
  signal: AbortSignal,
): Promise<HistoryCopy> {
  const run = async (sql: string) => {
    signal.throwIfAborted();
    await connection.run(sql);
  };
  const interrupt = () => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  const [[own] = []] = (await connection.runAndReadAll('SELECT current_database()')).getRowsJS();
  const source = `"${String(own).replaceAll('"', '""')}"`;
  await run(`ATTACH '${join(directory, basename(path)).replaceAll("'", "''")}' AS "backup copy"`);
  try {
    // One transaction sees one instant, whatever others commit.
    await run('BEGIN TRANSACTION');
    await run(`COPY FROM DATABASE ${source} TO "backup copy"`);
    const before = await countRows(connection, source, tables);
    await run('COMMIT');
    await run('CHECKPOINT "backup copy"');
    const rows = await countRows(connection, '"backup copy"', tables);
    for (const [kind, count] of Object.entries(before)) {
      if (rows[kind] !== count) throw new Error(`the copy has ${rows[kind]} rows of ${kind}, there are ${count}`);
    }
    const [progress = []] = (
      await connection.runAndReadAll('SELECT cursor, counts FROM "backup copy".progress')
    ).getRowsJS();
    return { cursor: Number(progress[0]), counts: JSON.parse(String(progress[1])), rows };
  } finally {
    signal.removeEventListener('abort', interrupt);
    await connection.run('ROLLBACK').catch(() => {});
    await connection.run('DETACH "backup copy"');
  }
}

async function countRows(
  connection: DuckDBConnection,
  database: string,
  tables: KeptFields,
): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const kind of tables.keys()) {
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${database}.${tableOf(kind)}`);
    rows[kind] = Number(counted.getRowsJS()[0]?.[0]);
  }
  return rows;
}
