import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { ended } from '../support/child.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { typed } from './support/typed.ts';

/** Starts on free ports in a data directory of its own; here it never gets so far as to run. */
async function refused(words: string[], env: Record<string, string> = {}) {
  const dataDir = join(temporaryFolder(), 'data');
  const free = { TOWNPULSE_DATA_DIR: dataDir, TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0' };
  const { code, out, err } = await typed(['start', ...words], { TOWNPULSE_LOG_LEVEL: 'error', ...free, ...env });
  expect([code, out]).toEqual([2, '']);
  expect(err).not.toMatch(/\n\s+at /);
  return { lines: err.trim().split('\n'), dataDir };
}

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a start that cannot be is refused with 2, in words that say what to do', () => {
  it.each([
    [['--speed', '2'], '--speed goes with --at: a real clock has one speed'],
    [['--at', 'tonight'], '--at tonight: write an instant with its offset, such as 2026-01-15T20:00:00+08:00'],
    [['--at', '2026-01-15T20:00:00'], '--at 2026-01-15T20:00:00: write an instant with its offset'],
    [['--at', '2026-01-15T20:00:00+08:00', '--speed', '61'], '--speed 61: a number from 1 to 60'],
    [['--at', '2026-01-15T20:00:00+08:00', '--speed', 'fast'], '--speed fast: a number from 1 to 60'],
  ])('%j', async (words, sentence) => {
    const { lines } = await refused(words);
    expect(lines).toEqual([expect.stringContaining(`townpulse: ${sentence}`)]);
  });

  it('a port that is none', async () => {
    expect((await refused(['--http-port', 'web'])).lines).toEqual([
      'townpulse: 1 problem(s) in the settings',
      expect.stringMatching(/^ {2}--http-port: http\.port: /),
    ]);
  });

  it('a port that is in use, for HTTP or for MQTT', async () => {
    const port = await takenPort();
    const http = await refused(['--http-port', String(port)]);
    expect(http.lines).toEqual([
      expect.stringMatching(
        new RegExp(`^townpulse: port ${port} on 127.0.0.1, for HTTP, is in use: .*TOWNPULSE_HTTP_PORT`),
      ),
    ]);
    const mqtt = await refused(['--mqtt-port', String(port)]);
    expect(mqtt.lines).toEqual([
      expect.stringMatching(new RegExp(`^townpulse: MQTT port ${port} on 127.0.0.1 is in use: .*TOWNPULSE_MQTT_PORT`)),
    ]);
    // What was opened on the way is closed again.
    expect(readdirSync(mqtt.dataDir)).not.toContain('lock');
  });

  it("a town's folder with mistakes: each with its line", async () => {
    const town = temporaryFolder();
    writeFileSync(join(town, 'town.yaml'), 'id: lailong\nname: { zh: 来龙镇, en: Lailong }\ntimezone: Asia/Shanghai\n');
    const { lines } = await refused(['--town', town]);
    expect(lines[0]).toMatch(/^townpulse: \d+ problem\(s\) in the town's folder/);
    expect(lines.slice(1)).toContainEqual(expect.stringMatching(/^ {2}.*\/town\.yaml:3:\d+: .*timezone/));
  });

  it('a town that is not there', async () => {
    const { lines } = await refused(['--town', '/nowhere/town']);
    expect(lines.slice(1)).toContainEqual(
      expect.stringMatching(/\/nowhere\/town\/town\.yaml: the file cannot be read/),
    );
  });

  it('a data directory that is none', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const { lines } = await refused(['--data-dir', file]);
    expect(lines).toEqual([
      expect.stringMatching(/^townpulse: the data directory .* cannot be used .*TOWNPULSE_DATA_DIR/),
    ]);
  });

  it('a data directory that somebody else holds', async () => {
    const dataDir = temporaryFolder();
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'lock'), JSON.stringify({ pid: process.pid, started: null }));
    const { lines } = await refused(['--data-dir', dataDir]);
    expect(lines).toEqual([
      `townpulse: the data directory ${dataDir} is held by process ${process.pid}: stop that Townpulse, or set TOWNPULSE_DATA_DIR to another`,
    ]);
  });
});

describe('a start', () => {
  it('does not say that it is ready while no reading can be taken, and can be stopped', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const child = spawn(process.execPath, ['--import', 'tsx', join(packageRoot, 'src/cli/main.ts'), 'start'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        TOWNPULSE_DATA_DIR: dataDir,
        TOWNPULSE_HTTP_PORT: '0',
        TOWNPULSE_MQTT_PORT: '0',
        // More than any disk has.
        TOWNPULSE_DISK_FLOOR: String(Number.MAX_SAFE_INTEGER),
      },
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
    const exit = ended(child);
    onTestFinished(() => void child.kill('SIGKILL'));
    await expect.poll(() => printed, { timeout: 20_000 }).toContain('it runs and is not ready');
    const url = readFileSync(join(dataDir, 'cli.url'), 'utf8').trim();
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(printed).toMatch(/"reason":"the disk of [^"]+ is full/);
    expect(printed).not.toMatch(/^ready /m);
  }, 30_000);
});
