import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkDataDirectory, type Surroundings } from '../../../src/cli/doctor/data-directory.ts';
import { DATA_FORMAT, openStore } from '../../../src/kernel/store.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const EXT4 = 0xef53;
const own = process.geteuid?.() ?? 0;
const here: Surroundings = { user: own, freeBytes: () => 1e12, diskType: () => EXT4 };

const problems = async (directory: string, around: Partial<Surroundings> = {}) =>
  (await checkDataDirectory(directory, 512 * 1024 ** 2, { ...here, ...around })).filter(({ ok }) => !ok);

it('an empty directory of our own is fine', async () => {
  expect(await problems(temporaryFolder())).toEqual([]);
});

it('root on the data of another user would leave files that he cannot write', async () => {
  const directory = temporaryFolder();
  const owner = own === 0 ? 4_711 : own;
  if (own === 0) chownSync(directory, owner, owner);
  expect(await problems(directory, { user: 0 })).toMatchObject([
    { check: 'data directory', todo: `run townpulse as that user: sudo -u '#${owner}' townpulse doctor` },
  ]);
});

it('too little disk is told in figures, before readings are refused for it', async () => {
  const found = await problems(temporaryFolder(), { freeBytes: () => 300 * 1024 ** 2 });
  expect(found).toMatchObject([
    { check: 'disk', says: '300 MiB are free on its disk, and below 512 MiB no reading is taken' },
  ]);
  expect(await problems(temporaryFolder(), { freeBytes: () => 512 * 1024 ** 2 })).toEqual([]);
});

it.each([
  ['NFS', 0x6969],
  ['SMB', 0xff534d42],
  ['SMB', 0xfe534d42],
])('a disk on another machine (%s) is no place for the store', async (name, type) => {
  const found = await problems(temporaryFolder(), { diskType: () => type });
  expect(found).toMatchObject([{ check: 'disk', says: expect.stringContaining(name) }]);
});

it('data of a newer version are told, with what to do', async () => {
  const directory = temporaryFolder();
  const store = await openStore(directory);
  await store.transaction(() => store.table<string, number>('format').put('store', DATA_FORMAT + 1));
  await store.close();
  expect(await problems(directory)).toMatchObject([
    { check: 'format', todo: expect.stringContaining('newer Townpulse') },
  ]);
});

it('a store that is none is told', async () => {
  const directory = temporaryFolder();
  writeFileSync(join(directory, 'townpulse.mdb'), Buffer.alloc(8_192, 'x'));
  expect(await problems(directory)).toMatchObject([
    { check: 'format', todo: expect.stringContaining('restore a backup') },
  ]);
});

it('a restore that was broken off is told', async () => {
  const directory = temporaryFolder();
  mkdirSync(join(directory, 'restore.partial'));
  expect(await problems(directory)).toMatchObject([{ says: expect.stringContaining('broken off') }]);
});

it('a directory that is not there, where none can be made, is told', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(await problems(join(file, 'data'))).toMatchObject([{ todo: expect.stringContaining('mkdir') }]);
});
