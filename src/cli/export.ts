import { statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Option } from 'commander';
import { messageOf, TownError } from '../kernel/errors.ts';
import { Client, type ClientOptions, clientCommand } from './client.ts';
import { refuseExisting, writeWhole } from './whole-file.ts';

const MEDIA = { csv: 'text/csv', parquet: 'application/vnd.apache.parquet' } as const;

interface Options extends ClientOptions {
  kind: string;
  from?: string;
  to?: string;
  format: keyof typeof MEDIA;
  output: string;
}

/** `townpulse export` */
export function exportCommand() {
  const example =
    'export --kind water-pressure --from 2026-10-01T00:00:00+08:00 --format parquet --output october.parquet';
  return clientCommand('export', 'writes the stored rows of a kind as a table for other programs', example)
    .requiredOption('--kind <kind>', 'water-pressure, lighting-controller …')
    .option('--from <instant>', 'with its offset; a day before the end unless said')
    .option('--to <instant>', "exclusive; the town's now unless said")
    .addOption(new Option('--format <format>', 'how').choices(Object.keys(MEDIA)).default('csv'))
    .option('--output <file>', 'a new file, which appears once it is whole; - is standard output', '-')
    .action(run);
}

async function run({ kind, from, to, format, output, ...options }: Options): Promise<void> {
  const client = new Client(options);
  const toTerminal = output === '-';
  if (!toTerminal) refuseExisting(output);
  else if (options.json)
    throw new TownError('invalid', `--json tells of a file: say --output FILE (the rows themselves are ${format})`);
  else if (format === 'parquet' && process.stdout.isTTY)
    throw new TownError('invalid', 'a Parquet file is nothing to look at: say --output FILE');
  const given = Object.entries({ kind, from, to, format }).filter((entry): entry is [string, string] =>
    Boolean(entry[1]),
  );
  const ask = () => client.download('GET', `/export?${new URLSearchParams(given)}`, MEDIA[format]);
  if (toTerminal) {
    await pipeline(await ask(), process.stdout, { end: false }).catch((cause: unknown) => {
      const message = `the export broke off, what was written is not whole: ${messageOf(cause)}`;
      throw new TownError('unavailable', message, { cause });
    });
    return;
  }
  const bytes = await writeWhole('the export', ask, output, (path) => statSync(path).size);
  if (options.json) console.log(JSON.stringify({ file: output, format, bytes }, null, 2));
  else console.log(`${output}: ${(bytes / 1e6).toFixed(1)} MB`);
}
