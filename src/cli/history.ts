import { Command, Option } from 'commander';
import { loadSettings } from '../config/load.ts';
import { TownError } from '../kernel/errors.ts';
import { copyHistory } from '../offline.ts';
import { ProgressLine } from './progress-line.ts';
import { printTable } from './table.ts';

const STORES = ['duckdb', 'influxdb'] as const;
/** Before every reading, ms: the first instant that a date can tell. */
const EVER = -8_640_000_000_000_000;

/** `townpulse history …` */
export function historyCommand(): Command {
  return new Command('history')
    .description('the history of readings')
    .addCommand(copyCommand())
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
          ['kind', from, to],
          outcome.kinds.map(({ kind, source, target }) => [kind, source, target]),
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

/** An instant as somebody types it, ms. @throws TownError `invalid` */
function instantOf(option: string, text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new TownError(
    'invalid',
    `${option} ${text}: write an instant with its offset, such as 2026-01-15T20:00:00+08:00`,
  );
}
