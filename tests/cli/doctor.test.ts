import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { openStore } from '../../src/kernel/store.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningService, runService } from './support/service.ts';
import { typed } from './support/typed.ts';

const FREE = { TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0' };

/** What the doctor finds, and its exit code. */
async function examine(env: Record<string, string>, ...words: string[]) {
  const { code, out, err } = await typed(['doctor', '--json', ...words], { ...FREE, ...env });
  expect(err).toBe('');
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  expect(code).toBe(ok ? 0 : 1);
  for (const finding of findings) expect(finding.todo === null, finding.says).toBe(finding.ok);
  return { findings, problems: findings.filter((finding) => !finding.ok) };
}

describe('an installation that was never started', () => {
  it('has nothing wrong: 0', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const { code, out } = await typed(['doctor'], { ...FREE, TOWNPULSE_DATA_DIR: dataDir });
    expect([code, out]).toEqual([0, expect.stringMatching(/\nnothing is wrong\n$/)]);
    expect(out).toContain('the first start makes it');
    expect(out).toContain('not started yet');
  });

  it('with wrong settings names each: 1', async () => {
    const { problems } = await examine({ TOWNPULSE_HTTP_PORT: 'http', TOWNPULSE_LOG_LEVEL: 'loud' });
    expect(problems.map(({ check, says }) => [check, says.split(':')[0]])).toEqual([
      ['settings', 'TOWNPULSE_LOG_LEVEL'],
      ['settings', 'TOWNPULSE_HTTP_PORT'],
    ]);
  });

  it('with a wrong town names the lines of its folder and of its rules', async () => {
    const folder = join(temporaryFolder(), 'town');
    expect(await examine({ TOWNPULSE_TOWN: folder })).toMatchObject({ problems: [{ check: 'town' }] });
    await typed(['init', folder]);
    expect((await examine({ TOWNPULSE_TOWN: folder })).problems).toEqual([]);
    writeFileSync(join(folder, 'rules.yaml'), '- id: x\n  type: silense\n');
    const { problems } = await examine({ TOWNPULSE_TOWN: folder });
    expect(problems.length).toBeGreaterThan(0);
    for (const { check, says } of problems)
      expect([check, says]).toEqual(['town', expect.stringContaining('rules.yaml:')]);
  });

  it('whose port is taken says which, and how to set another', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { problems } = await examine({ TOWNPULSE_MQTT_PORT: String(port) });
    expect(problems).toMatchObject([
      { check: 'ports', says: expect.stringContaining(`MQTT: port ${port} on 127.0.0.1 is taken`) },
    ]);
    expect(problems[0]?.todo).toContain('TOWNPULSE_MQTT_PORT');
  });

  it('whose address is not of this machine says so', async () => {
    const { problems } = await examine({ TOWNPULSE_HOST: '192.0.2.1', TOWNPULSE_HTTP_PORT: '18080' });
    expect(problems).toMatchObject([{ check: 'ports', todo: expect.stringContaining('TOWNPULSE_HOST') }]);
  });

  it('with a secret that is given twice says which one is used', async () => {
    const file = join(temporaryFolder(), 'token');
    writeFileSync(file, 'a-token-of-sixteen-letters');
    const { problems } = await examine({
      ...{ TOWNPULSE_ADMIN_TOKEN: 'another-of-sixteen-letters', TOWNPULSE_ADMIN_TOKEN_FILE: file },
    });
    expect(problems).toMatchObject([
      { check: 'settings', says: expect.stringMatching(/TOWNPULSE_ADMIN_TOKEN is used$/) },
    ]);
  });

  it('whose InfluxDB does not know it says which variable to correct', async () => {
    const server = createHttpServer((request, response) => {
      response.setHeader('x-influxdb-version', 'v2.7.12');
      response.statusCode = request.url === '/ping' ? 204 : 401;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const INFLUX_TOKEN_FILE = join(temporaryFolder(), 'token');
    writeFileSync(INFLUX_TOKEN_FILE, 'guessed');
    const INFLUX_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { TOWNPULSE_HISTORY: 'influxdb', INFLUX_BUCKET: 'town', INFLUX_URL, INFLUX_TOKEN_FILE };
    const { problems } = await examine(env);
    expect(problems.filter(({ check }) => check === 'history')).toMatchObject([
      { todo: 'correct INFLUX_TOKEN_FILE: the server knows nobody by it' },
    ]);
  });

  it('whose InfluxDB does not answer says so', async () => {
    const env = { TOWNPULSE_HISTORY: 'influxdb', INFLUX_URL: 'http://127.0.0.1:9', INFLUX_BUCKET: 'town' };
    const { problems } = await examine(env);
    expect(problems).toMatchObject([
      { check: 'history', says: expect.stringContaining('http://127.0.0.1:9 cannot be reached') },
    ]);
  });
});

describe('a service that runs', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await runService();
  });
  afterAll(() => service.end());

  it('has nothing wrong: every check, in words and as JSON', async () => {
    const env = { TOWNPULSE_DATA_DIR: service.dataDir };
    const { findings, problems } = await examine(env);
    expect(problems).toEqual([]);
    const ports = ['ports', 'ports'];
    expect(findings.map(({ check }) => check)).toEqual([
      ...[
        'node',
        'settings',
        'town',
        'data directory',
        'disk',
        'lock',
        ...ports,
        'service',
        'token',
        'ledger',
        'retention',
      ],
    ]);
    const told = await typed(['doctor'], { ...FREE, ...env });
    // Others write to the same disk between the two.
    const steady = (text: string) => text.replace(/\d+ MiB are free/, 'some MiB are free');
    for (const { says } of findings) expect(steady(told.out)).toContain(steady(says));
    expect(findings.find(({ check }) => check === 'lock')?.says).toBe(
      `process ${process.pid} holds the data directory`,
    );
  });

  it('asked with a wrong token: what to do', async () => {
    const { problems } = await examine({ TOWNPULSE_DATA_DIR: service.dataDir }, '--token', 'guessed');
    expect(problems).toMatchObject([{ check: 'token', todo: expect.stringContaining('cli.token') }]);
    const none = await examine({}, '--url', `http://127.0.0.1:${service.httpPort}`);
    expect(none.problems).toMatchObject([{ check: 'token', says: expect.stringContaining('no API token') }]);
  });

  it('on another port than the settings say is found out', async () => {
    const { problems } = await examine({ TOWNPULSE_DATA_DIR: service.dataDir, TOWNPULSE_MQTT_PORT: '9' });
    expect(problems).toMatchObject([
      { check: 'ports', says: expect.stringContaining('port 9 on 127.0.0.1 does not answer') },
    ]);
  });

  it('whose token can be read by others says so', async () => {
    const file = join(service.dataDir, 'cli.token');
    chmodSync(file, 0o644);
    const { problems } = await examine({ TOWNPULSE_DATA_DIR: service.dataDir });
    chmodSync(file, 0o600);
    expect(problems).toMatchObject([{ says: expect.stringContaining('read by others'), todo: `chmod 600 ${file}` }]);
  });
});

describe('a service that does not', () => {
  it('answer as Townpulse does, or at all, is a problem', async () => {
    const server = createHttpServer((_request, response) => response.end('{"hello":1}')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const asked = await examine({}, '--url', `http://127.0.0.1:${port}`);
    expect(asked.problems).toMatchObject([
      { check: 'service', says: expect.stringContaining('not as Townpulse does') },
    ]);
    const nobody = await examine({ TOWNPULSE_URL: 'http://127.0.0.1:9' });
    expect(nobody.problems).toMatchObject([{ check: 'service', says: expect.stringContaining('does not answer') }]);
  });

  it('run although it has run is a problem; what a dead process left is none', async () => {
    const stopped = await runService();
    await stopped.stop();
    onTestFinished(() => stopped.end());
    writeFileSync(join(stopped.dataDir, 'lock'), JSON.stringify({ pid: 999_999_999, started: '1' }));
    const { findings, problems } = await examine({ TOWNPULSE_DATA_DIR: stopped.dataDir });
    expect(problems).toMatchObject([{ check: 'service', todo: 'start it: townpulse start' }]);
    expect(findings.filter(({ ok }) => ok).map(({ says }) => says)).toEqual(
      expect.arrayContaining([
        'process 999999999 left its lock and is gone; the next start takes it over',
        'this version can read the data',
      ]),
    );
  });

  it('run, since its history is half a copy of another one, says how to finish that', async () => {
    const stopped = await runService();
    await stopped.stop();
    onTestFinished(() => stopped.end());
    const store = await openStore(stopped.dataDir, { sync: false });
    await store.transaction(() =>
      store.table<string, object>('history.transfer').put('mark', { from: 'influxdb', to: 'duckdb' }),
    );
    await store.close();
    const { problems } = await examine({ TOWNPULSE_DATA_DIR: stopped.dataDir });
    expect(problems).toMatchObject([
      {
        ...{ check: 'service', says: expect.stringContaining('half a copy of the one in influxdb') },
        todo: expect.stringContaining('townpulse history copy --from influxdb --to duckdb'),
      },
    ]);
  });

  it('say where it listens is waited for', async () => {
    const dataDir = temporaryFolder();
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'lock'), JSON.stringify({ pid: process.pid, started: null }));
    const { problems } = await examine({ TOWNPULSE_DATA_DIR: dataDir });
    expect(problems).toMatchObject([{ check: 'service', says: expect.stringContaining('where it listens') }]);
  });
});
