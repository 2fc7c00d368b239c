import { copyFileSync, createReadStream, createWriteStream, existsSync, linkSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { HistoryCopy } from '../port.ts';
import { openFile } from './file.ts';
import { folderOf, type Places, rowsOf } from './source.ts';

/**
 * Puts the bytes of an open file, under its own name, and its sealed months into `directory`. Nobody may write meanwhile:
 * it takes no memory to speak of, where a copy by SQL of a few hundred thousand rows took all that the store may have.
 * @throws what ends it: the disk, or `signal`
 */
export async function copyBytes(path: string, directory: string, places: Places, signal: AbortSignal): Promise<void> {
  const copied = join(directory, basename(path));
  for (const part of ['', '.wal']) {
    if (!existsSync(path + part)) continue;
    const into = createWriteStream(copied + part, { mode: 0o600, flush: true });
    await pipeline(createReadStream(path + part), into, { signal });
  }
  copySealed(places, folderOf(copied));
}

/**
 * What a copy of `path` in `directory` holds: it is opened as the history itself would be, with `memory` such as `128MiB`,
 * and left as one file.
 */
export async function lookInto(
  path: string,
  directory: string,
  places: Pick<Places, 'tables' | 'sealed'>,
  memory: string,
): Promise<HistoryCopy> {
  const copied = join(directory, basename(path));
  const file = await openFile(copied, memory);
  const connection = await file.instance.connect();
  try {
    const rows = await countRows(connection, { ...places, folder: folderOf(copied) });
    const [progress = []] = (await connection.runAndReadAll('SELECT cursor, counts FROM progress')).getRowsJS();
    await connection.run('CHECKPOINT');
    return { cursor: Number(progress[0]), counts: JSON.parse(String(progress[1])), rows };
  } finally {
    connection.closeSync();
    file.close();
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
