import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { HistoryCopy } from '../port.ts';
import { text } from './names.ts';
import { folderOf, type Places, rowsOf } from './source.ts';

/**
 * Puts a copy of an open file, under its own name, and of its sealed months into `directory`: as of one instant, while
 * others write, and nobody seals. It reads every row, so the copy is smaller than a file in which much was deleted.
 * `connection` is used by nobody else meanwhile.
 * `signal` is looked at between its steps; whoever aborts it interrupts the connection.
 * @throws Error when the copy does not hold what was there, or when `signal` is aborted
 */
export async function copyFile(
  connection: DuckDBConnection,
  path: string,
  directory: string,
  places: Places,
  signal: AbortSignal,
): Promise<HistoryCopy> {
  const run = async (sql: string) => {
    signal.throwIfAborted();
    await connection.run(sql);
  };
  const [[own] = []] = (await connection.runAndReadAll('SELECT current_database()')).getRowsJS();
  const source = `"${String(own).replaceAll('"', '""')}"`;
  await run(`ATTACH ${text(join(directory, basename(path)))} AS "backup copy"`);
  try {
    // One transaction sees one instant, whatever others commit.
    await run('BEGIN TRANSACTION');
    await run(`COPY FROM DATABASE ${source} TO "backup copy"`);
    const before = await countRows(connection, { ...places, database: `${source}.` });
    await run('COMMIT');
    await run('CHECKPOINT "backup copy"');
    const copied = folderOf(join(directory, basename(path)));
    copySealed(places, copied);
    const rows = await countRows(connection, { ...places, folder: copied, database: '"backup copy".' });
    for (const [kind, count] of Object.entries(before)) {
      if (rows[kind] !== count) throw new Error(`the copy has ${rows[kind]} rows of ${kind}, there are ${count}`);
    }
    const [progress = []] = (
      await connection.runAndReadAll('SELECT cursor, counts FROM "backup copy".progress')
    ).getRowsJS();
    return { cursor: Number(progress[0]), counts: JSON.parse(String(progress[1])), rows };
  } finally {
    await connection.run('ROLLBACK').catch(() => {});
    await connection.run('DETACH "backup copy"');
  }
}

/** Puts sealed months, which never change, into another folder: on the same disk they take no room. */
function copySealed({ folder, sealed }: Places, into: string): void {
  if (sealed.length === 0) return;
  mkdirSync(into, { recursive: true, mode: 0o700 });
  for (const { file } of sealed) {
    try {
      linkSync(join(folder, file), join(into, file));
    } catch {
      copyFileSync(join(folder, file), join(into, file));
    }
  }
}

async function countRows(connection: DuckDBConnection, places: Places): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const kind of places.tables.keys()) {
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${rowsOf(places, kind)}`);
    rows[kind] = Number(counted.getRowsJS()[0]?.[0]);
  }
  return rows;
}
