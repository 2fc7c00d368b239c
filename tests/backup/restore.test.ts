import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { restoreBackup } from '../../src/backup/restore.ts';
import { takeDataDirectory } from '../../src/kernel/data-directory.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { manifestOf, THREE_FILES, writeBackup } from './support/manifest.ts';

const FILES = { ...THREE_FILES, 'history/2026-10.parquet': Buffer.from('sealed') };

function expectFiles(dataDir: string): void {
  for (const [name, bytes] of Object.entries(FILES)) {
    expect(readFileSync(join(dataDir, name)).equals(bytes), name).toBe(true);
    expect(statSync(join(dataDir, name)).mode & 0o777, name).toBe(0o600);
  }
}

const refused = (file: string, dataDir: string, code: string, words: string) =>
  expect(restoreBackup(file, dataDir)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });

describe('a restore', () => {
  it('makes the data directory, with every file of the backup and nothing else, for its owner only', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    expect(await restoreBackup(await writeBackup(FILES), dataDir)).toEqual(manifestOf(FILES));
    expectFiles(dataDir);
    expect(readdirSync(dataDir).sort()).toEqual(['cli.token', 'history', 'history.duckdb', 'townpulse.mdb']);
    expect(statSync(dataDir).mode & 0o007).toBe(0);
  });

  it('takes an empty directory, also the root of a volume', async () => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, 'lost+found'));
    await restoreBackup(await writeBackup(FILES), dataDir);
    expectFiles(dataDir);
  });

  it('refuses a directory that holds something, and leaves it as it was', async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'townpulse.mdb'), 'the town of somebody');
    await refused(await writeBackup(FILES), dataDir, 'data-dir-unusable', 'is not empty (townpulse.mdb)');
    expect(readdirSync(dataDir)).toEqual(['townpulse.mdb']);
    expect(readFileSync(join(dataDir, 'townpulse.mdb'), 'utf8')).toBe('the town of somebody');
  });

  it('refuses a directory that a process holds, and names it', async () => {
    const dataDir = temporaryFolder();
    const letGo = takeDataDirectory(dataDir);
    await refused(await writeBackup(FILES), dataDir, 'data-dir-locked', `process ${process.pid}`);
    letGo();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it.each([true, false])('a damaged backup touches nothing (the directory exists: %s)', async (exists) => {
    const dataDir = join(temporaryFolder(), 'data');
    if (exists) mkdirSync(dataDir);
    const file = await writeBackup(FILES);
    truncateSync(file, statSync(file).size - 1_600);
    await refused(file, dataDir, 'invalid', 'cut off');
    expect(existsSync(dataDir) ? readdirSync(dataDir) : null).toEqual(exists ? [] : null);
  });

  it('one that was broken off is named as such', async () => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, 'restore.partial'));
    writeFileSync(join(dataDir, 'history.duckdb'), 'half');
    await refused(await writeBackup(FILES), dataDir, 'data-dir-unusable', 'was broken off');
  });

  it('a backup that is larger than the disk is refused before anything is written', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const file = await writeBackup(FILES);
    await expect(restoreBackup(file, dataDir, () => 1_000_000)).rejects.toMatchObject({
      code: 'data-dir-unusable',
      message: expect.stringMatching(/needs 2 MiB in .*, where 1 MiB are free/),
    });
    expect(existsSync(dataDir)).toBe(false);
  });
});
