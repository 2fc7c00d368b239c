import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { takeDataDirectory } from '../kernel/data-directory.ts';
import { freeBytesOf } from '../kernel/disk.ts';
import { messageOf, TownError } from '../kernel/errors.ts';
import { STORE_FILE } from '../kernel/store.ts';
import { type FileSink, readBackup } from './archive.ts';
import type { Manifest } from './manifest.ts';

/** Where files lie until all of them are there. */
const STAGING = 'restore.partial';
/** What an empty directory may hold: a volume's own folder, and our lock. */
const NOTHING = new Set(['lost+found', 'lock']);

/**
 * Brings a backup into an empty (or new) data directory that no service runs on. All of the backup is verified before
 * anything is written; its files appear together at the end, readable by their owner only.
 * @throws TownError `invalid`, `data-newer` for the backup; `data-dir-locked`, `data-dir-unusable` (also: not empty)
 */
export async function restoreBackup(
  file: string,
  dataDir: string,
  freeBytes: (directory: string) => number = freeBytesOf,
): Promise<Manifest> {
  const manifest = await readBackup(file);
  const isNew = !existsSync(dataDir);
  const letGo = takeDataDirectory(dataDir);
  try {
    refuseFull(dataDir);
    refuseTooLarge(manifest, dataDir, freeBytes(dataDir));
    const staging = join(dataDir, STAGING);
    try {
      await readBackup(file, filesInto(staging));
      // The store comes last: a directory without it is none that the service would go on with.
      const names = manifest.files
        .map(({ name }) => name)
        .sort((a, b) => Number(a === STORE_FILE) - Number(b === STORE_FILE));
      const folders = new Set([dataDir]);
      for (const name of names) {
        const folder = dirname(join(dataDir, name));
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        renameSync(join(staging, name), join(dataDir, name));
        folders.add(folder);
      }
      for (const folder of folders) await sync(folder);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
    return manifest;
  } catch (error) {
    if (error instanceof TownError) throw error;
    throw new TownError('data-dir-unusable', `the backup could not be written to ${dataDir}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    letGo();
    if (isNew && readdirSync(dataDir).length === 0) rmSync(dataDir, { recursive: true });
  }
}

function refuseFull(dataDir: string): void {
  const found = readdirSync(dataDir).filter((name) => !NOTHING.has(name));
  if (found.length === 0) return;
  const advice = 'move what it holds away, or set TOWNPULSE_DATA_DIR to an empty one';
  if (found.includes(STAGING)) {
    throw new TownError(
      'data-dir-unusable',
      `a restore into ${dataDir} was broken off: remove ${join(dataDir, STAGING)} and what else lies there, and restore again`,
    );
  }
  const shown = found.slice(0, 3).join(', ') + (found.length > 3 ? ` and ${found.length - 3} more` : '');
  throw new TownError('data-dir-unusable', `the data directory ${dataDir} is not empty (${shown}): ${advice}`);
}

function refuseTooLarge(manifest: Manifest, dataDir: string, free: number): void {
  const needed = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed < free) return;
  const [need, have] = [needed, free].map((bytes) => `${Math.ceil(bytes / 1024 ** 2)} MiB`);
  throw new TownError('data-dir-unusable', `the backup needs ${need} in ${dataDir}, where ${have} are free: make room`);
}

/** Writes each file below `folder`, synced. */
function filesInto(folder: string): FileSink {
  let file: FileHandle | null = null;
  return {
    open: async (name) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
      file = await open(join(folder, name), 'wx', 0o600);
    },
    write: async (chunk) => {
      await file?.writeFile(chunk);
    },
    close: async () => {
      await file?.sync();
      await file?.close();
      file = null;
    },
  };
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync();
  await handle.close();
}
