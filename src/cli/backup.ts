import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { readBackup } from '../backup/archive.ts';
import type { Manifest } from '../backup/manifest.ts';
import { TownError } from '../kernel/errors.ts';
import { Client, type ClientOptions, clientCommand } from './client.ts';
import { refuseExisting, writeWhole } from './whole-file.ts';

const TAR = 'application/x-tar';

/** `townpulse backup FILE` */
export function backupCommand(): Command {
  return clientCommand(
    'backup <file>',
    'copies all that the service keeps into one file, while it runs; - is standard output',
    'backup townpulse-2026-11-23.tar',
  ).action(run);
}

async function run(file: string, options: ClientOptions): Promise<void> {
  const client = new Client(options);
  if (file === '-') {
    if (options.json) throw new TownError('invalid', '--json tells of a file: name one instead of -');
    await pipeline(await client.download('POST', '/backup', TAR), process.stdout);
    console.error('The backup holds tokens and secrets: keep it as you keep those.');
    return;
  }
  refuseExisting(file);
  const manifest = await writeWhole('the backup', () => client.download('POST', '/backup', TAR), file, readBackup);
  if (options.json) console.log(JSON.stringify(manifest, null, 2));
  else for (const line of describeBackup(manifest)) console.log(line);
  console.error(`${file} holds tokens and secrets: keep it as you keep those (it is readable by you only, mode 0600).`);
  if (manifest.ledger.balanced) return;
  console.error('townpulse: the ledger in it is not balanced: samples are missing or counted twice; see GET /ledger');
  process.exitCode = 1;
}

/** What a backup holds, for people. */
export function describeBackup({ town, madeAt, ledger, history, journal, files }: Manifest): string[] {
  const { stored, pending, received } = ledger;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const rows = Object.values(history.rows ?? {}).reduce((sum, count) => sum + count, 0);
  return [
    `${town} as of ${madeAt}: ${received} samples received, ${stored} stored, ${pending} pending; ledger ${ledger.balanced ? 'balanced' : 'NOT BALANCED'}`,
    history.rows === null
      ? `the readings are not in it: they lie in ${history.store}, which needs a backup of its own`
      : `${rows} readings up to record ${history.cursor - 1}, journal ${journal.start} to ${journal.end - 1}, ${(bytes / 1e6).toFixed(1)} MB`,
  ];
}
