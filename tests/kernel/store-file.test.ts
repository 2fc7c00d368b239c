import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore, STORE_FILE } from '../../src/kernel/store.ts';
import { mustBeWhole } from '../../src/kernel/store-file.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A store of some MiB, closed. */
async function storeFile(): Promise<string> {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  const table = store.bytes<number>('bulk');
  await store.transaction(() => {
    for (let key = 0; key < 500; key++) table.put(key, Buffer.alloc(10_000, key));
  });
  await store.close();
  return join(folder, STORE_FILE);
}

describe('the file of the store', () => {
  it('passes as lmdb left it', async () => {
    const file = await storeFile();
    expect(() => mustBeWhole(file)).not.toThrow();
  });

  it.each([
    ['most of it', 100_000],
    ['a part of it', 3_000_000],
    ['its second page', 4_096],
  ])('is refused in words when %s is cut off: lmdb would end the process', async (_what, length) => {
    const file = await storeFile();
    expect(statSync(file).size).toBeGreaterThan(5_000_000);
    truncateSync(file, length);
    expect(() => mustBeWhole(file)).toThrow(/townpulse\.mdb cannot be opened: its end is missing; restore a backup/);
  });

  it('is refused in words when it is something else', () => {
    const file = join(temporaryFolder(), STORE_FILE);
    writeFileSync(file, 'not a database, but long enough to be looked at as if it were one. '.repeat(10));
    expect(() => mustBeWhole(file)).toThrow(/damaged, or not a store of Townpulse/);
  });

  it('may be missing or empty', () => {
    const file = join(temporaryFolder(), STORE_FILE);
    expect(() => mustBeWhole(file)).not.toThrow();
    writeFileSync(file, '');
    expect(() => mustBeWhole(file)).not.toThrow();
  });
});
