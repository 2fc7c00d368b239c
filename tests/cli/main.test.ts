import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { ended } from '../support/child.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Processes of their own take their time on a busy machine. */
const PATIENCE_MS = 60_000;

/** `townpulse …` as a process of its own, and what it printed so far. */
function townpulse(words: readonly string[], env: Record<string, string> = {}) {
  const program = ['--import', 'tsx', join(packageRoot, 'src/cli/main.ts'), ...words];
  const child = spawn(process.execPath, program, {
    cwd: packageRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    printed.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    printed.err += chunk;
  });
  return { child, printed };
}

/** Resolves when it said so many lines on standard output. @throws Error when it ends before */
async function said(lines: number, { child, printed }: { child: ChildProcess; printed: { out: string; err: string } }) {
  while (printed.out.split('\n').length <= lines) {
    if (child.exitCode !== null) throw new Error(`it ended: ${printed.err}`);
    await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), once(child, 'exit')]);
  }
}

it('what goes wrong on the way is exit code 1, one sentence and no stack trace', { timeout: PATIENCE_MS }, async () => {
  const { child, printed } = townpulse(['devices', 'list', '--url', 'http://127.0.0.1:1', '--token', 'x']);
  expect([await ended(child), printed]).toEqual([
    1,
    { out: '', err: expect.stringMatching(/^townpulse: http:\/\/127\.0\.0\.1:1 does not answer .*\n$/) },
  ]);
});

it('where the folder is gone that it is started in is exit code 2 and one sentence', async () => {
  const [folder, main] = [join(temporaryFolder(), 'gone'), join(temporaryFolder(), 'main.mjs')];
  // What strips the types wants a folder too; this file has none, and comes to no other.
  copyFileSync(join(packageRoot, 'src/cli/main.ts'), main);
  const words = [process.execPath, main, 'init', 'town'].map((word) => `'${word}'`).join(' ');
  const child = spawn('sh', ['-c', `mkdir '${folder}' && cd '${folder}' && rmdir '${folder}' && exec ${words}`]);
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  expect([await ended(child), said.join('')]).toEqual([
    2,
    'townpulse: the folder that this was started in is gone: change to another one\n',
  ]);
});

it('starts, says one line when it is ready, keeps a second one off its data, and ends with 0 when it is told to', {
  timeout: PATIENCE_MS,
}, async () => {
  const TOWNPULSE_DATA_DIR = join(temporaryFolder(), 'data');
  const service = townpulse(['start'], { TOWNPULSE_DATA_DIR });
  await said(1, service);
  const ready = /^ready (http:\/\/127\.0\.0\.1:\d+) mqtt:\/\/127\.0\.0\.1:\d+\n$/.exec(service.printed.out);
  expect(service.printed.out).toMatch(/^ready http:\/\/127\.0\.0\.1:[1-9]\d* mqtt:\/\/127\.0\.0\.1:[1-9]\d*\n$/);
  expect((await fetch(`${ready?.[1]}/readyz`)).status).toBe(200);

  const token = join(TOWNPULSE_DATA_DIR, 'cli.token');
  expect(service.printed.err).toContain(token);
  expect(service.printed.err).not.toContain(readFileSync(token, 'utf8').trim());
  expect((statSync(token).mode & 0o777).toString(8)).toBe('600');

  const second = townpulse(['start'], { TOWNPULSE_DATA_DIR });
  expect([await ended(second.child), second.printed.out]).toEqual([2, '']);
  expect(second.printed.err).toContain(`is held by process ${service.child.pid}: stop that Townpulse`);

  service.child.kill('SIGTERM');
  expect(await ended(service.child)).toBe(0);
});
