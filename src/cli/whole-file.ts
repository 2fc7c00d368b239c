import { once } from 'node:events';
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, TownError } from '../kernel/errors.ts';

/** @throws TownError `invalid` when there is such a file already */
export function refuseExisting(file: string): void {
  if (existsSync(file)) throw new TownError('invalid', `${file} exists already: choose another name`);
}

/**
 * Writes what `ask` gives to a file, readable by its owner only, that appears under its name once it is whole, looked at by `check`,
 * and on the disk; gives what `check` answers. Nothing is asked for that could not be written. `what` is what the file is called in words.
 * @throws TownError `unavailable` when it cannot be written or breaks off, and what `check` throws
 */
export async function writeWhole<T>(
  what: string,
  ask: () => Promise<Readable>,
  file: string,
  check: (path: string) => T | Promise<T>,
): Promise<T> {
  const target = resolve(file);
  const partial = `${target}.${process.pid}.partial`;
  try {
    const sink = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    await once(sink, 'open');
    try {
      await pipeline(await ask(), sink);
    } finally {
      sink.destroy();
    }
    const checked = await check(partial);
    await rename(partial, target);
    const folder = await open(dirname(target), 'r');
    await folder.sync();
    await folder.close();
    return checked;
  } catch (error) {
    if (error instanceof TownError) throw error;
    throw new TownError('unavailable', `${what} was not written to ${target}: ${messageOf(error)}`, { cause: error });
  } finally {
    rmSync(partial, { force: true });
  }
}
