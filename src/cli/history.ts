import { Command, Option } from 'commander';
import { loadSettings } from '../config/load.ts';
import { TownError } from '../kernel/errors.ts';
import { copyHistory, importHistory } from '../offline.ts';
import { ProgressLine } from './progress-line.ts';
import { SkippedRows } from './skipped-rows.ts';
import { printTable } from './table.ts';

const STORES = ['duckdb', 'influxdb'] as const;
/** Before every reading, ms: the first instant that a date can tell. */
const EVER = -8_640_000_000_000_000;

/** `townpulse history …` */
export function historyCommand(): Command {
  return new Command('history')
    .description('the history of readings')
    .addCommand(copyCommand())
    .addCommand(importCommand())
    .addHelpText('after', '\nExample:\n  $ townpulse history copy --from duckdb --to influxdb');
}

function copyCommand(): Command {
  interface Options {
    from: (typeof STORES)[number];
    to: (typeof STORES)[number];
    since?: string;
    dataDir?: string;
    json?: boolean;
  }
  return new Command('copy')
    .description('copies the history into another store, while townpulse is stopped; ended at any moment, it goes on')
    .addOption(new Option('--from <store>', 'where it is').choices(STORES).makeOptionMandatory())
    .addOption(
      new Option('--to <store>', 'where it is to be; what is there of this town is lost')
        .choices(STORES)
        .makeOptionMandatory(),
    )
    .option('--since <instant>', 'only what was measured at this instant or later, such as 2026-01-01T00:00:00+08:00')
    .option('--data-dir <folder>', 'the data directory (TOWNPULSE_DATA_DIR)')
    .option('--json', 'one JSON document instead of words')
    .addHelpText(
      'after',
      '\nExample:\n  $ townpulse history copy --from duckdb --to influxdb --since 2025-01-01T00:00:00+08:00',
    )
    .action(async ({ from, to, since, dataDir, json }: Options) => {
      if (from === to) throw new TownError('invalid', `--from and --to are both ${from}: name two stores`);
      // Both stores' settings are checked, whichever is in force.
      const { settings } = loadSettings(process.env, { dataDir, 'history.store': from === 'influxdb' ? from : to });
      const line = new ProgressLine();
      const outcome = await copyHistory(settings, {
        ...{ from, to, since: since === undefined ? EVER : instantOf('--since', since) },
        progress: ({ what, done, total }) => line.show(what, done, total),
      }).finally(() => line.end());
      if (json) console.log(JSON.stringify(outcome, null, 2));
      else {
        printTable(
          ['what', from, to],
          [...outcome.kinds.map(({ kind, ...counts }) => ({ what: kind, ...counts })), ...outcome.beside].map(
            ({ what, source, target }) => [what, source, target],
          ),
        );
      }
      if (outcome.finished) {
        console.error(`The history is in ${to}: set TOWNPULSE_HISTORY=${to}, and start townpulse.`);
        return;
      }
      console.error(
        `townpulse: the counts differ, so that ${to} is not taken for the history; was it empty? Copy again, into an empty one`,
      );
      process.exitCode = 1;
    });
}

function importCommand(): Command {
  interface Options {
    kind?: string;
    device?: string;
    column: Map<string, string>;
    utcOffset?: string;
    skipBad?: string;
    dryRun?: boolean;
    dataDir?: string;
    json?: boolean;
  }
  return new Command('import')
    .description('takes readings of any age from a CSV or Parquet file, while townpulse is stopped; no rule is run')
    .argument('<file>', 'device, ts and fields of one kind, as townpulse export writes them, or as people call them')
    .option('--kind <kind>', 'unless said, that of the first registered device in it')
    .option('--device <id>', 'whose the rows are, where no column says so')
    .option(
      '--column <name=field>',
      'what a column is, where its name does not say; NAME= leaves it out',
      addColumn,
      new Map(),
    )
    .option('--utc-offset <offset>', 'of times that have none, such as +08:00')
    .option('--skip-bad <file>', 'takes the good rows, and writes the bad ones with what is wrong into this new CSV')
    .option('--dry-run', 'only looks at every row')
    .option('--data-dir <folder>', 'the data directory (TOWNPULSE_DATA_DIR)')
    .option('--json', 'one JSON document instead of words')
    .addHelpText(
      'after',
      '\nExample:\n  $ townpulse history import logger.csv --device WP-0001 --column 压力=pressure --utc-offset +08:00',
    )
    .action(async (file: string, options: Options) => {
      const { kind, device, column, utcOffset, skipBad, dryRun = false, dataDir, json } = options;
      const { settings } = loadSettings(process.env, { dataDir });
      const [line, skipped] = [new ProgressLine(), skipBad === undefined ? null : new SkippedRows(skipBad)];
      const order = {
        ...{ file, columns: column, dryRun, offset: utcOffset === undefined ? null : offsetOf(utcOffset) },
        skip: skipped === null ? null : skipped.take,
        ...(kind === undefined ? {} : { kind }),
        ...(device === undefined ? {} : { device }),
      };
      try {
        const outcome = await importHistory(settings, order, (done, total) => line.show('looked at', done, total));
        line.end();
        await skipped?.finish();
        if (json) return console.log(JSON.stringify(outcome, null, 2));
        const { rows, imported, merged, duplicate } = outcome;
        const done = dryRun
          ? 'nothing was taken'
          : `${imported} new, ${merged} laid over one, ${duplicate} there already`;
        console.log(`${file}: ${rows} rows of ${outcome.kind}, ${outcome.skipped} bad; ${done}`);
      } finally {
        line.end();
        await skipped?.abandon();
      }
    });
}

function addColumn(text: string, columns: Map<string, string>): Map<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new TownError('invalid', `--column ${text}: write NAME=FIELD, or NAME= to leave it out`);
  return new Map([...columns, [text.slice(0, at), text.slice(at + 1)]]);
}

/** `+08:00`, ms east of Greenwich. @throws TownError `invalid` */
function offsetOf(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
  if (sign === undefined) throw new TownError('invalid', `--utc-offset ${text}: write +08:00`);
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** An instant as somebody types it, ms. @throws TownError `invalid` */
function instantOf(option: string, text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new TownError(
    'invalid',
    `${option} ${text}: write an instant with its offset, such as 2026-01-15T20:00:00+08:00`,
  );
}
