import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { messageOf, TownError } from '../../kernel/errors.ts';

/** Files that this process has open. */
const opened = new Set<string>();

/** An open DuckDB file, and how to close it. */
export interface DuckDbFile {
  instance: DuckDBInstance;
  close(): void;
}

/**
 * Opens (or makes) a DuckDB file. Opening one twice in a process succeeds in DuckDB and loses rows (DESIGN.md §5), so it
 * is refused here. `memory` such as `128MiB` bounds its buffers.
 * @throws TownError `data-dir-unusable`
 */
export async function openFile(path: string, memory: string): Promise<DuckDbFile> {
  const file = resolve(path);
  if (opened.has(file)) throw new Error(`${file} is open in this process already`);
  opened.add(file);
  try {
    const instance = await DuckDBInstance.create(file, {
      memory_limit: memory,
      threads: '2',
      // Nothing is ever fetched from the network, whatever a query asks for.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return {
      instance,
      close: () => {
        instance.closeSync();
        opened.delete(file);
      },
    };
  } catch (cause) {
    opened.delete(file);
    throw new TownError(
      'data-dir-unusable',
      `the history ${file} cannot be opened: check that it may be read and written and that no other program has it open; if it is damaged, restore a backup (${messageOf(cause)})`,
      { cause },
    );
  }
}

function resolve(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch (cause) {
    throw new TownError('data-dir-unusable', `the folder ${dirname(path)} of the history cannot be read`, { cause });
  }
}
