import { statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DATA_FORMAT, openStore, type Store } from '../../src/kernel/store.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';

describe('the store', () => {
  it('keeps all of a transaction or nothing', async () => {
    const store = await temporaryStore();
    const table = store.table<string, number>('numbers');
    await store.transaction(() => table.put('kept', 1));
    const failing = store.transaction(() => {
      table.put('lost', 2);
      table.remove('kept');
      throw new Error('half way');
    });
    await expect(failing).rejects.toThrow('half way');
    expect([...table.entries()]).toEqual([{ key: 'kept', value: 1 }]);
  });

  it('refuses a write outside of a transaction', async () => {
    const table = (await temporaryStore()).table<string, number>('numbers');
    expect(() => table.put('a', 1)).toThrow('outside of a transaction');
  });

  it('reads ranges forwards and backwards', async () => {
    const store = await temporaryStore();
    const table = store.table<number, string>('range');
    await store.transaction(() => {
      for (const key of [1, 2, 3, 4]) table.put(key, String(key));
    });
    expect([...table.keys({ start: 2, end: 4 })]).toEqual([2, 3]);
    expect([...table.keys({ start: 3, reverse: true, limit: 2 })]).toEqual([3, 2]);
    expect(table.count({ start: 2 })).toBe(3);
  });

  it('keeps what it had when it is opened again', async () => {
    const folder = temporaryFolder();
    const first = await openStore(folder);
    await first.transaction(() => first.table<string, string>('words').put('a', 'b'));
    await first.close();
    const again = await temporaryStore(folder);
    expect(again.table('words').get('a')).toBe('b');
  });

  it('is copied as of one instant while it is written, for any machine', async () => {
    onTestFinished(() => {
      delete process.env.LMDB_RESTORE;
    });
    const folder = temporaryFolder();
    const store = await openStore(folder);
    onTestFinished(() => store.close());
    const [blocks, counts] = [store.bytes<number>('blocks'), store.table<string, number>('counts')];
    let written = 0;
    let acknowledged = 0;
    const seen: number[] = [];
    let done = false;
    const writing = (async () => {
      while (!done) {
        const started = Array.from({ length: 5 }, () =>
          store.transaction(() => {
            blocks.put(++written, Buffer.alloc(3_000, written));
            counts.put('blocks', written);
          }),
        );
        await Promise.all(started);
        acknowledged = written;
      }
    })();
    for (let round = 0; round < 20; round++) {
      const copyFolder = join(folder, `copy-${round}`);
      const before = acknowledged;
      const look = (copy: Store) => [
        copy.table<string, number>('counts').get('blocks') ?? 0,
        copy.bytes('blocks').count(),
      ];
      const looked = await store.copyTo(copyFolder, look);
      // lmdb believes only what was synced, as on another machine.
      process.env.LMDB_RESTORE = 'safe';
      const copy = await openStore(copyFolder);
      delete process.env.LMDB_RESTORE;
      expect(look(copy)).toEqual(looked);
      await copy.close();
      seen.push(looked[0] as number);
      expect(looked[0]).toBe(looked[1]);
      expect(looked[0]).toBeGreaterThanOrEqual(before);
    }
    done = true;
    await writing;
    expect(new Set(seen).size, 'different instants').toBeGreaterThan(5);
  });

  it('refuses data of a newer version in words', async () => {
    const folder = temporaryFolder();
    const newer = await openStore(folder);
    await newer.transaction(() => newer.table<string, number>('format').put('store', DATA_FORMAT + 1));
    await newer.close();
    await expect(openStore(folder)).rejects.toMatchObject({
      code: 'data-newer',
      message: expect.stringContaining('newer version'),
    });
  });

  it('refuses a file that is none of its own, in words', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'townpulse.mdb'), Buffer.alloc(8_192, 'x'));
    await expect(openStore(folder)).rejects.toMatchObject({ code: 'data-dir-unusable' });
  });

  it('counts as room what is free on its disk, and the pages of its file that are free again', async () => {
    const [folder, mebibyte] = [temporaryFolder(), 1024 ** 2];
    const store = await temporaryStore(folder);
    const table = store.bytes<number>('blocks');
    await store.transaction(() => table.put(1, Buffer.alloc(64 * mebibyte)));
    const free = () => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    };
    expect(store.shortOf(free() / 2)).toBe(null);
    expect(store.shortOf(free() + 32 * mebibyte)).toMatch(
      /^the disk of \S+ is full but for \d+ MiB, and \d+ MiB are kept/,
    );
    await store.transaction(() => table.remove(1));
    expect(store.shortOf(free() + 32 * mebibyte)).toBe(null);
  });
});
