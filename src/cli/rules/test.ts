import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { loadSettings } from '../../config/load.ts';
import { messageOf, TownError } from '../../kernel/errors.ts';
import { TESTS_FILE, type TestedFile, testRules } from '../../offline.ts';
import { junitOf } from './junit.ts';
import { picture } from './picture.ts';

/** `townpulse rules test` */
export function testCommand(): Command {
  return new Command('test')
    .description("runs tests of rules (the town's own unless files are given); works on files alone")
    .argument('[file...]', 'files of tests')
    .option('--junit <file>', 'also writes what came of them as JUnit XML')
    .option('--json', 'one JSON document instead of lines')
    .addHelpText(
      'after',
      '\nHow to write one: docs/rules.md\n\nExample:\n  $ townpulse rules test seeds/lailong/rules.test.yaml --junit report.xml',
    )
    .action((files: string[], options: { junit?: string; json?: boolean }) => {
      const { settings } = loadSettings(process.env);
      const paths = files.length === 0 ? [near(join(settings.town, TESTS_FILE))] : files;
      const tested = paths.map((path) => testRules(settings, path, () => performance.now()));
      if (options.junit !== undefined) write(options.junit, junitOf(tested));
      if (options.json) console.log(JSON.stringify(tested, null, 2));
      else tested.forEach(print);
      if (tested.some(({ problems }) => problems.length > 0)) process.exitCode = 2;
      else if (tested.some(({ outcomes }) => outcomes.some(({ isRight }) => !isRight))) process.exitCode = 1;
    });
}

/** So many rules without a test are named; of more it is told how many they are. */
const MOST_NAMED = 10;

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new TownError('config-invalid', `--junit ${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function print({ path, problems, outcomes, untested }: TestedFile): void {
  for (const problem of problems) console.error(`${problem.path}: ${problem.message}`);
  if (problems.length > 0) return;
  const failed = outcomes.filter(({ isRight }) => !isRight);
  for (const outcome of failed) console.log(`${picture(outcome)}\n`);
  const ms = Math.round(outcomes.reduce((sum, outcome) => sum + outcome.ms, 0));
  console.log(`${path}: ${outcomes.length - failed.length} passed, ${failed.length} failed (${ms} ms)`);
  const which = untested.length > MOST_NAMED ? untested.length : untested.join(', ');
  if (untested.length > 0) console.log(`rules without a test: ${which}`);
}

/** A path as people would type it here. */
function near(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
