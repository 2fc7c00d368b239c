import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeProgress } from '../../src/cli/progress-line.ts';
import { temporaryFolder } from '../support/temporary.ts';
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
