import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { TownError } from './errors.ts';

/*
 * The head of an LMDB file, as lmdb 3.5 writes it: a first page that says what the file is, and a second one like it; of the
 * two, the one with the higher transaction is in force.
 *
 *   byte 24  u32 magic          48  u32 bytes of a page      152  u64 transaction
 *        28  u16 version       144  u64 last page
 */
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const AT = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 } as const;
const HEAD = 160;
/** Pages at the end may have been taken and given back without ever being written. */
const UNWRITTEN_PAGES = 256;

/**
 * Looks at a store's file before lmdb does: lmdb ends the whole process, without a word, over a file that is none of its own
 * or has lost its end. A file that is not there, or is empty, is fine.
 * @throws TownError `data-dir-unusable`
 */
export function mustBeWhole(path: string): void {
  const flaw = flawOf(path);
  if (flaw === null) return;
  throw new TownError(
    'data-dir-unusable',
    `${path} cannot be opened: ${flaw}; restore a backup, or move the directory away to begin anew`,
  );
}

function flawOf(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    // It is not there yet, or opening it will say what is wrong.
    return null;
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return null;
    const first = readAt(file, 0);
    const isLmdb = first?.readUInt32LE(AT.magic) === MAGIC && first.readUInt16LE(AT.version) === VERSION;
    if (first === null || !isLmdb) return 'it is damaged, or not a store of Townpulse';
    const pageSize = first.readUInt32LE(AT.pageSize);
    const second = readAt(file, pageSize);
    if (second === null) return 'its end is missing';
    const inForce = second.readBigUInt64LE(AT.transaction) > first.readBigUInt64LE(AT.transaction) ? second : first;
    const pages = Number(inForce.readBigUInt64LE(AT.lastPage)) + 1 - UNWRITTEN_PAGES;
    return size < pages * pageSize ? 'its end is missing' : null;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number): Buffer | null {
  const head = Buffer.alloc(HEAD);
  return readSync(file, head, 0, HEAD, position) === HEAD ? head : null;
}
