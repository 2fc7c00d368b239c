import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { packBackup } from '../../../src/backup/archive.ts';
import { BACKUP_FORMAT, type Manifest } from '../../../src/backup/manifest.ts';
import { DATA_FORMAT } from '../../../src/kernel/store.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A manifest of files that are of no further interest. */
export function manifestOf(files: Record<string, Buffer>, more: Partial<Manifest> = {}): Manifest {
  return {
    what: 'townpulse-backup',
    format: BACKUP_FORMAT,
    townpulse: '0.1.0',
    madeAt: '2026-11-23T12:31:05.000Z',
    town: 'lailong',
    dataFormat: DATA_FORMAT,
    journal: { start: 1, end: 8 },
    history: { store: 'duckdb', cursor: 5, rows: { 'water-pressure': 3 } },
    ledger: {
      ...{ received: 4, stored: 3, merged: 0, duplicate: 0, rejected: 0, pending: 1, balanced: true },
      byKind: {},
    },
    files: Object.entries(files).map(([name, { length }]) => ({ name, bytes: length })),
    contains: 'tokens and secrets',
    ...more,
  };
}

/** Three files of sizes at which a tar is padded differently. */
export const THREE_FILES = {
  'cli.token': Buffer.from('the-token-of-the-tests\n'),
  'history.duckdb': Buffer.alloc(1_500_000, 'readings '),
  'townpulse.mdb': Buffer.alloc(4_096, 7),
};

/** Writes a backup of these files, as the service would send it. */
export async function writeBackup(files: Record<string, Buffer>, more: Partial<Manifest> = {}): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const file = join(temporaryFolder(), 'town.tar');
  await pipeline(Readable.from(packBackup(folder, manifestOf(files, more))), createWriteStream(file));
  return file;
}
