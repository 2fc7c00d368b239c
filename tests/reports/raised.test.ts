import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { Device } from '../../src/model/device.ts';
import { type MeanBook, Raised } from '../../src/reports/raised.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';
import { HOUR, KINDS, point, pressure, ReportedTown } from './support/reported-town.ts';

const DAY = 24 * HOUR;
const BASELINE = { baselineFrom: '2026-11-01', baselineTo: '2026-11-02' };
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
      point('WP-1', { attributes: { ...BASELINE } }),
      point('WP-2', { attributes: { ...BASELINE, baselineTo: '2026-11-01' } }),
      point('WP-3', { attributes: { ...BASELINE } }),
      point('WP-4'),
    );
    await reported.passTo(midnight('2026-11-04'));
    const values = [0.2, 0.24, 0.3];
    for (const id of ['WP-1', 'WP-2'])
      await reported.arrive(...values.map((value, day) => pressure(id, midnight('2026-11-01') + day * DAY, value)));
    await reported.arrive(pressure('WP-3', midnight('2026-11-01'), 0.2));
    const answer = await raised.over(midnight('2026-11-03'), midnight('2026-11-04'));
    expect(answer).toMatchObject([
      { id: 'WP-1', baseline: { mean: 0.22, samples: 2 }, period: { mean: 0.3, samples: 1 }, raised: 0.08 },
      { id: 'WP-2', baseline: { mean: 0.2, samples: 1 }, raised: 0.1 },
      { id: 'WP-3', baseline: { mean: 0.2 }, period: { mean: null, samples: 0 }, raised: null },
    ]);
    expect(answer[0]?.baseline).toMatchObject({ from: '2026-10-31T16:00:00.000Z', to: '2026-11-02T16:00:00.000Z' });
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
