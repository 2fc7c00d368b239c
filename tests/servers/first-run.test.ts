import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { mountsOf, readCompose } from '../deploy/support/compose.ts';
import { hasInflux, InfluxProcess, influxTitle } from '../support/influxdb.ts';
import { temporaryFolder } from '../support/temporary.ts';

const VERSION = '2.7.12';
const compose = readCompose();
const { INFLUX_ORG = '', INFLUX_BUCKET = '' } = compose.services['first-run']?.environment ?? {};
const secretsOf = new Map(
  mountsOf(compose.services['first-run'] ?? { image: '' }).map(({ from, to }) => [from, to.replace('/secrets/', '')]),
);

describe.skipIf(!hasInflux(VERSION))(`the first run of docker-compose.yml and ${influxTitle(VERSION)}`, () => {
  let server: InfluxProcess;
  let secrets: string;
  beforeAll(async () => {
    secrets = mkdtempSync(join(tmpdir(), 'townpulse-secrets-'));
    server = await InfluxProcess.startNew(VERSION);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(secrets, { recursive: true });
  });

  /** Runs it as the container does; resolves with what it says. @throws Error with what it complains of */
  async function firstRun(folder: string): Promise<string> {
    const program = ['--import', 'tsx', join(packageRoot, 'deploy/first-run.ts')];
    const env = { PATH: process.env.PATH, SECRETS: folder, INFLUX_URL: server.url, INFLUX_ORG, INFLUX_BUCKET };
    const { stdout } = await promisify(execFile)(process.execPath, program, { env, cwd: packageRoot });
    return stdout;
  }

  const read = (name: string) => readFileSync(join(secrets, name), 'utf8').trim();
  const all = () =>
    readdirSync(secrets, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(secrets, name)).isFile())
      .sort();

  /** Whether a token may write to the bucket, and see a point there. */
  async function may(token: string): Promise<{ write: boolean; read: boolean }> {
    const headers = { authorization: `Token ${token}` };
    const to = new URLSearchParams({ org: INFLUX_ORG, bucket: INFLUX_BUCKET });
    const written = await fetch(`${server.url}/api/v2/write?${to}`, { method: 'POST', headers, body: 'm f=1' });
    const q = new URLSearchParams({ db: INFLUX_BUCKET, q: 'SELECT f FROM m' });
    const seen = await (await fetch(`${server.url}/query?${q}`, { headers })).text();
    return { write: written.status === 204, read: seen.includes('"values"') };
  }

  it('makes what every part looks for, each for its own reader, and gives each no more than it needs', async () => {
    expect(await firstRun(secrets)).toContain('InfluxDB is set up');
    expect(all()).toEqual([
      ...['grafana/admin-password', 'grafana/influx-token', 'influxdb/operator-token', 'influxdb/password'],
      ...['townpulse/admin-token', 'townpulse/influx-token'],
    ]);
    const owners: Record<string, number> = { influxdb: 0, townpulse: 1_000, grafana: 472 };
    for (const name of all()) {
      const { mode, uid } = statSync(join(secrets, name));
      expect(mode & 0o777, name).toBe(0o400);
      if (process.getuid?.() === 0) expect(uid, name).toBe(owners[name.split('/')[0] as string]);
      expect(read(name).length, name).toBeGreaterThan(40);
    }
    expect(new Set(all().map(read)).size).toBe(all().length);
    expect(await may(read('townpulse/influx-token'))).toEqual({ write: true, read: true });
    expect(await may(read('grafana/influx-token'))).toEqual({ write: false, read: true });
  });

  it('every secret that a service or Grafana’s provisioning reads is among them', () => {
    const sources = readFileSync(join(packageRoot, 'dashboards/provisioning/datasources/townpulse.yaml'), 'utf8');
    let checked = 0;
    for (const [name, service] of Object.entries(compose.services)) {
      const volume = mountsOf(service).find(({ to }) => to === '/secrets')?.from ?? '';
      const text = JSON.stringify(service.environment ?? {}) + (name === 'grafana' ? sources : '');
      for (const [, file = ''] of text.matchAll(/\/secrets\/([\w-]+)/g)) {
        expect(existsSync(join(secrets, secretsOf.get(volume) ?? 'nowhere', file)), `${name}: ${file}`).toBe(true);
        checked++;
      }
    }
    expect(checked).toBe(5);
  });

  it('a second time changes nothing', async () => {
    const before = all().map(read);
    await firstRun(secrets);
    expect(all().map(read)).toEqual(before);
  });

  it('makes anew what was lost of it', async () => {
    rmSync(join(secrets, 'grafana'), { recursive: true });
    await firstRun(secrets);
    expect(await may(read('grafana/influx-token'))).toEqual({ write: false, read: true });
  });

  it('an InfluxDB that somebody else has set up is told in words', async () => {
    const others = temporaryFolder();
    const failed = await firstRun(others).catch((error: { code: number; stderr: string }) => error);
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^first-run: the InfluxDB was set up with another token than .*\n$/),
    });
  });
});
