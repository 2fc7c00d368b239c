import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, TownError } from './errors.ts';
import { makeFolder } from './folder.ts';

interface Holder {
  pid: number;
  /** When the process started, in the kernel's ticks since boot: a pid alone may be somebody else's by now. */
  started: string | null;
}

/**
 * Makes the data directory if need be and takes it for this process; gives back how to let it go. A lock whose holder is
 * dead (or a zombie) is taken over.
 * @throws TownError `data-dir-locked` naming the holder, `data-dir-unusable` when it can't be written
 */
export function takeDataDirectory(directory: string): () => void {
  const lock = join(directory, 'lock');
  const mine = join(directory, `lock.${process.pid}`);
  const self: Holder = { pid: process.pid, started: startOf(process.pid)?.started ?? null };
  try {
    makeFolder(directory, 0o750);
    writeFileSync(mine, JSON.stringify(self));
  } catch (cause) {
    throw new TownError(
      'data-dir-unusable',
      `the data directory ${directory} cannot be used (${messageOf(cause)}): make it readable and writable for this user, or set TOWNPULSE_DATA_DIR to another`,
      { cause },
    );
  }
  try {
    // A link is made whole or not at all, so two that start together can't both hold it.
    for (let attempt = 0; attempt < 3; attempt++) {
      if (tryLink(mine, lock)) return () => release(lock);
      const holder = read(lock);
      if (holder !== null && isAlive(holder)) throw locked(directory, holder);
      const stale = `${mine}.stale`;
      renameSync(lock, stale);
      const renamed = read(stale);
      if (renamed !== null && isAlive(renamed)) {
        tryLink(stale, lock);
        throw locked(directory, renamed);
      }
      rmSync(stale, { force: true });
    }
    throw new TownError('data-dir-locked', `the lock ${lock} keeps changing hands: start one Townpulse at a time`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Which process holds a directory or left its lock there, and whether it lives; null when there is no lock. */
export function holderOf(directory: string): { pid: number; alive: boolean } | null {
  const holder = read(join(directory, 'lock'));
  return holder === null ? null : { pid: holder.pid, alive: isAlive(holder) };
}

function locked(directory: string, holder: Holder): TownError {
  return new TownError(
    'data-dir-locked',
    `the data directory ${directory} is held by process ${holder.pid}: stop that Townpulse, or set TOWNPULSE_DATA_DIR to another`,
  );
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function release(lock: string): void {
  if (read(lock)?.pid === process.pid) rmSync(lock, { force: true });
}

function read(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(holder.pid);
  if (now === null) return true;
  return now.state !== 'Z' && (holder.started === null || holder.started === now.started);
}

/** State and start of a process from /proc; null where there is no /proc. */
function startOf(pid: number): { state: string; started: string } | null {
  try {
    // The name in parentheses may hold anything; what counts comes after the last one (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return null;
  }
}
