import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startService } from '../../src/app.ts';
import { describeProgress, ProgressLine } from '../../src/cli/progress-line.ts';
import { loadSettings } from '../../src/config/load.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { openStore } from '../../src/kernel/store.ts';
import { Marks } from '../../src/reports/marks.ts';
import { watchedPressures } from '../../src/reports/record.ts';
import { ServiceClient } from '../support/service-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { runService } from './support/service.ts';
import { typed } from './support/typed.ts';

const INFLUX = { INFLUX_URL: 'http://127.0.0.1:1', INFLUX_BUCKET: 'town' };

it('history copy wants two stores, and their settings: 2', async () => {
  const TOWNPULSE_DATA_DIR = temporaryFolder();
  const copy = ['history', 'copy', '--from', 'duckdb', '--to'];
  expect(await typed([...copy, 'duckdb'], { TOWNPULSE_DATA_DIR })).toMatchObject({
    ...{ code: 2, err: 'townpulse: --from and --to are both duckdb: name two stores\n' },
  });
  expect(await typed([...copy, 'influxdb'], { TOWNPULSE_DATA_DIR })).toMatchObject({
    ...{ code: 2, err: expect.stringContaining('influxdb needs an address: set INFLUX_URL') },
  });
  expect(await typed([...copy, 'influxdb', '--since', '2026-01-01'], { ...INFLUX, TOWNPULSE_DATA_DIR })).toMatchObject({
    ...{ code: 2, err: expect.stringContaining('--since 2026-01-01: write an instant with its offset') },
  });
});

it('history copy makes no town where there is none: 2', async () => {
  const TOWNPULSE_DATA_DIR = join(temporaryFolder(), 'nowhere');
  const outcome = await typed(['history', 'copy', '--from', 'duckdb', '--to', 'influxdb'], {
    ...{ ...INFLUX, TOWNPULSE_DATA_DIR },
  });
  expect([outcome.code, outcome.err]).toEqual([
    2,
    expect.stringContaining(`there is no town in ${TOWNPULSE_DATA_DIR}`),
  ]);
  expect(existsSync(TOWNPULSE_DATA_DIR)).toBe(false);
});

it('progress says how many, how fast, and how long it may take', () => {
  expect(describeProgress('gas-meter', 1_200_000, 5_000_000, 80_000)).toBe(
    'gas-meter: 1,200,000 of 5,000,000 rows, 80,000 rows/s, 0:48 left',
  );
  expect(describeProgress('gas-meter', 5_000, 605_000, 1_000)).toBe(
    'gas-meter: 5,000 of 605,000 rows, 1,000 rows/s, 10:00 left',
  );
  expect(describeProgress('events', 7, 0, 3)).toBe('events: 7 rows, 3 rows/s');
  expect(describeProgress('gas-meter', 5_000, 605_000, 0)).toBe('gas-meter: 5,000 of 605,000 rows');
});

it('progress ends with the last of each, however soon it came', () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  onTestFinished(() => write.mockRestore());
  const line = new ProgressLine();
  for (const done of [5_000, 10_000, 128_800]) line.show('lighting_rate', done, 0);
  for (const done of [5_000, 34_481]) line.show('ledger', done, 0);
  line.end();
  line.end();
  expect(lines.map((text) => text.split(' rows')[0])).toEqual([
    ...['lighting_rate: 5,000', 'lighting_rate: 128,800', 'ledger: 5,000', 'ledger: 34,481'],
  ]);
});

it('history import takes a file while the service is stopped, and the town goes on with a balanced ledger', async () => {
  const service = await runService();
  onTestFinished(() => service.end());
  const where = ['--kind', 'water-pressure', '--area', 'town-centre', '--organisation', 'water-company'];
  await service.typed('devices', 'add', 'WP-9001', ...where);
  const [folder, env] = [temporaryFolder(), { TOWNPULSE_DATA_DIR: service.dataDir }];
  const [file, bad] = [join(folder, 'logger.csv'), join(folder, 'bad.csv')];
  writeFileSync(file, '时间,压力 (MPa)\n2019-05-01 08:00,0.31\n2019-05-01 08:05,99\n2019-05-01 08:10,0.32\n');
  const words = [
    'history',
    'import',
    file,
    '--device',
    'WP-9001',
    '--utc-offset',
    '+08:00',
    '--column',
    '压力 (MPa)=pressure',
  ];

  expect(await typed(words, env)).toMatchObject({
    code: 2,
    err: expect.stringContaining(`held by process ${process.pid}`),
  });
  await service.stop();
  const refused = await typed(words, env);
  expect([refused.code, refused.err.split('\n')]).toEqual([
    2,
    [
      `townpulse: 1 problem(s) in ${file}; nothing was imported`,
      '  line 3, pressure: 99 lies outside -0.1 to 2.5 MPa',
      '',
    ],
  ]);
  const taken = await typed([...words, '--skip-bad', bad], env);
  expect([taken.code, taken.out]).toEqual([
    0,
    `${file}: 3 rows of water-pressure, 1 bad; 2 new, 0 laid over one, 0 there already\n`,
  ]);
  expect(readFileSync(bad, 'utf8')).toBe(
    '时间,压力 (MPa),problem\n2019-05-01 08:05,99,99 lies outside -0.1 to 2.5 MPa\n',
  );

  const store = await openStore(service.dataDir);
  const marked = new Marks(
    store,
    watchedPressures(() => false),
  ).ready(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  await store.close();
  expect([...marked], 'and the record of its hour is made again').toEqual([
    [Date.parse('2019-05-01T00:00:00Z'), ['WP-9001']],
  ]);

  const { settings } = loadSettings({ ...env, TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0' });
  const again = await startService(settings, { trial: null, log: silentLogger, sync: false });
  onTestFinished(async () => void (await again.stop()));
  const token = readFileSync(join(service.dataDir, 'cli.token'), 'utf8').trim();
  const client = new ServiceClient(again.httpPort, again.mqttPort, token);
  expect(await client.ledger()).toMatchObject({ received: 0, stored: 0, imported: 2, balanced: true });
  const { items } = await client.api<{ items: unknown[] }>(
    '/readings?device=WP-9001&metric=pressure&from=2019-01-01T00:00:00Z&to=2020-01-01T00:00:00Z',
  );
  expect(items).toEqual([
    { ts: '2019-05-01T00:00:00.000Z', pressure: 0.31 },
    { ts: '2019-05-01T00:10:00.000Z', pressure: 0.32 },
  ]);
});
