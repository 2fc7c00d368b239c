import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'townpulse/servers/container-check-1/container-check',
);

/** Whether Docker's own code is in the cache; `npm run servers` builds it. */
export const hasContainerCheck = existsSync(PROGRAM);

/** What a test that was skipped for want of it is called. */
export const checkTitle = hasContainerCheck
  ? 'by Docker’s own code'
  : 'by Docker’s own code (not in the cache: run `npm run servers`)';

/** What it finds wrong; nothing where all is well. */
export function containerCheck(...files: string[]): string {
  const { status, stdout, stderr } = spawnSync(PROGRAM, files, { encoding: 'utf8' });
  if (status !== 0 && stdout === '') throw new Error(stderr);
  return stdout;
}
