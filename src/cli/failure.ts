import { TownError } from '../kernel/errors.ts';

/** Codes that mean the command was used or configured wrongly: exit code 2 (CONTRACT.md §1). */
const WRONG_USE = new Set([
  'config-invalid',
  'rulebook-invalid',
  'town-invalid',
  'data-dir-locked',
  'data-dir-unusable',
  'data-newer',
  'clock-mismatch',
  'port-in-use',
  'kind-changed',
  'invalid',
]);

/** Says on standard error what went wrong, every problem on a line, never a stack trace; gives the exit code. */
export function report(error: unknown): number {
  if (!(error instanceof TownError)) {
    console.error(`townpulse: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  console.error(`townpulse: ${error.message}`);
  for (const { path, message } of error.problems) console.error(`  ${path}: ${message}`);
  return WRONG_USE.has(error.code) ? 2 : 1;
}
