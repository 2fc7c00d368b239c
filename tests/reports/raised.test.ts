import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { Device } from '../../src/model/device.ts';
import { type MeanBook, Raised } from '../../src/reports/raised.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';
import { HOUR, KINDS, point, pressure, ReportedTown } from './support/reported-town.ts';

const DAY = 24 * HOUR;
const BASELINE = { baselineFrom: '2026-11-01', baselineTo: '2026-11-02' };
const DAILY = { reportInterval: 86_400 };
/** Midnight of the town (UTC+8). */
const midnight = (date: string) => Date.parse(`${date}T00:00+08:00`);

async function town() {
  const history = new DuckDbHistory(join(temporaryFolder(), 'history.duckdb'), KINDS, '64MiB');
  await history.open();
  const reported = new ReportedTown(midnight('2026-11-01'), await temporaryStore(), history);
  await reported.start();
  onTestFinished(async () => {
    await reported.stop();
    await history.close();
  });
  const raised = new Raised(reported.registry, history, 'Asia/Shanghai');
  return { reported, raised };
}

describe('by how much pressure was raised', () => {
  it('is the mean of the period less that of the baseline, both of whose days belong to it', async () => {
    const { reported, raised } = await town();
    await reported.register(
      point('WP-1', { ...DAILY, attributes: { ...BASELINE } }),
      point('WP-2', { ...DAILY, attributes: { ...BASELINE, baselineTo: '2026-11-01' } }),
      point('WP-3', { ...DAILY, attributes: { ...BASELINE } }),
      point('WP-4'),
    );
    await reported.passTo(midnight('2026-11-04'));
    const values = [0.2, 0.24, 0.3];
    for (const id of ['WP-1', 'WP-2'])
      await reported.arrive(...values.map((value, day) => pressure(id, midnight('2026-11-01') + day * DAY, value)));
    await reported.arrive(pressure('WP-3', midnight('2026-11-01'), 0.2));
    const answer = await raised.over(midnight('2026-11-03'), midnight('2026-11-04'));
    expect(answer).toMatchObject([
      {
        id: 'WP-1',
        baseline: { mean: 0.22, samples: 2 },
        period: { mean: 0.3, samples: 1 },
        raised: 0.08,
        reason: null,
      },
      { id: 'WP-2', baseline: { mean: 0.2, samples: 1 }, raised: 0.1 },
      { id: 'WP-3', baseline: { mean: 0.2 }, period: { mean: null, samples: 0 }, raised: null, reason: 'coverage' },
    ]);
    expect(answer[0]?.baseline).toMatchObject({ from: '2026-10-31T16:00:00.000Z', to: '2026-11-02T16:00:00.000Z' });
  });

  it('is not said where more than a fifth of either period is missing; how much is there is shown', async () => {
    const { reported, raised } = await town();
    const hourly = {
      reportInterval: 21_600,
      sampleInterval: 3_600,
      attributes: { baselineFrom: '2026-11-01', baselineTo: '2026-11-01' },
    };
    await reported.register(...['WP-1', 'WP-2', 'WP-3', 'WP-4'].map((id) => point(id, hourly)));
    await reported.passTo(midnight('2026-11-03'));
    // 19 of 24 hours are 0.79, 20 are 0.83: a mean of 0.224 against 0.22. The evening's pressure is the same on both days, and higher than the day's.
    const hoursOf = { 'WP-1': [16, 0], 'WP-2': [4, 0], 'WP-3': [5, 0], 'WP-4': [0, 5] } as const;
    for (const [id, first] of Object.entries(hoursOf))
      for (const day of [0, 1])
        for (let hour = first[day] ?? 0; hour < 24; hour++)
          await reported.arrive(pressure(id, midnight('2026-11-01') + day * DAY + hour * HOUR, hour < 16 ? 0.2 : 0.26));
    expect(await raised.over(midnight('2026-11-02'), midnight('2026-11-03'))).toMatchObject([
      { id: 'WP-1', baseline: { samples: 8, expected: 24, coverage: 0.3333 }, raised: null, reason: 'coverage' },
      {
        id: 'WP-2',
        baseline: { coverage: 0.8333 },
        period: { expected: 24, coverage: 1 },
        raised: -0.004,
        reason: null,
      },
      { id: 'WP-3', baseline: { coverage: 0.7917 }, raised: null, reason: 'coverage' },
      { id: 'WP-4', baseline: { coverage: 1 }, period: { coverage: 0.7917 }, raised: null, reason: 'coverage' },
    ]);
  });

  it.each([
    ['an evening', '2026-11-02T16:00+08:00', '2026-11-03T00:00+08:00', 'hours'],
    ['a day and an evening', '2026-11-01T16:00+08:00', '2026-11-03T00:00+08:00', 'hours'],
    ['a day from one evening to the next', '2026-11-01T16:00+08:00', '2026-11-02T16:00+08:00', null],
  ])('is said of %s only if that is whole days, as a baseline is', async (_what, from, to, reason) => {
    const { reported, raised } = await town();
    const attributes = { baselineFrom: '2026-11-01', baselineTo: '2026-11-01' };
    await reported.register(point('WP-1', { reportInterval: 3_600, attributes }));
    await reported.passTo(midnight('2026-11-03'));
    for (let at = midnight('2026-11-01'); at < midnight('2026-11-03'); at += HOUR)
      await reported.arrive(pressure('WP-1', at, 0.2));
    const [answer] = await raised.over(Date.parse(from), Date.parse(to));
    expect(answer).toMatchObject({ raised: reason === null ? 0 : null, reason, period: { mean: 0.2, coverage: 1 } });
  });

  it.each([
    ['none', {}],
    ['half of one', { baselineFrom: '2026-11-01' }],
    ['one that ends before it begins', { baselineFrom: '2026-11-05', baselineTo: '2026-11-01' }],
    ['a day that is none', { baselineFrom: '2026-13-45', baselineTo: '2026-13-46' }],
  ])('is not said of a point that states %s, and nothing is read for it', async (_what, attributes) => {
    const history: MeanBook = { readings: () => Promise.reject(new Error('nothing is to be read')) };
    const device = { id: 'WP-1', name: { zh: '点', en: 'Point' }, attributes, retiredAt: null } as unknown as Device;
    expect(await new Raised({ list: () => [device] }, history, 'Asia/Shanghai').over(0, DAY)).toEqual([]);
  });
});
