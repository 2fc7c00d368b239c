import { describe, expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown, NOW } from '../support/town.ts';

/** Noon of the town's day, in UTC. */
const NOON = Date.parse('2026-11-23T04:00:00.000Z');
const MINUTE = 60_000;
const DAY = 'from=2026-11-23T00:00:00%2B08:00&to=2026-11-24T00:00:00%2B08:00';

/** Two points in two areas; each reports every five minutes from noon on, four times. */
function twoPoints(): MemoryTown {
  const town = new MemoryTown();
  town.devices.add({ id: 'WP-0001', area: 'village' });
  town.devices.add({ id: 'WP-0002', area: 'lailong' });
  town.devices.add({ id: 'LC-0001', kind: 'lighting-controller' });
  for (let step = 0; step < 4; step++) {
    const ts = NOON + step * 5 * MINUTE;
    const common = { metric: 'pressure', ts };
    town.stored.push({ ...common, device: 'WP-0001', area: 'village', value: (300 + step) / 1_000 });
    town.stored.push({ ...common, device: 'WP-0002', area: 'lailong', value: (200 + step) / 1_000 });
  }
  return town;
}

const items = async (query: string, town = twoPoints()) => {
  const { status, json } = await asking(town)('GET', `/api/v1/readings?${query}`);
  expect(status).toBe(200);
  return json.items;
};

describe('readings as they came', () => {
  it('of one device are ts and the metric, ascending', async () => {
    expect(await items(`device=WP-0001&metric=pressure&${DAY}`)).toEqual([
      { ts: '2026-11-23T04:00:00.000Z', pressure: 0.3 },
      { ts: '2026-11-23T04:05:00.000Z', pressure: 0.301 },
      { ts: '2026-11-23T04:10:00.000Z', pressure: 0.302 },
      { ts: '2026-11-23T04:15:00.000Z', pressure: 0.303 },
    ]);
  });

  it('from is inclusive, to is not; both may be epoch milliseconds', async () => {
    const found = await items(`device=WP-0001&metric=pressure&from=${NOON + 5 * MINUTE}&to=${NOON + 15 * MINUTE}`);
    expect(found.map(({ pressure }: { pressure: number }) => pressure)).toEqual([0.301, 0.302]);
  });

  it('a plus that arrives as a space is a plus', async () => {
    const period = 'from=2026-11-23T12:15:00+08:00&to=2026-11-23T12:15:01+08:00';
    expect(await items(`device=WP-0001&metric=pressure&${period}`)).toEqual([
      { ts: '2026-11-23T04:15:00.000Z', pressure: 0.303 },
    ]);
  });

  it('are of the last day of town time unless it is said otherwise', async () => {
    const town = twoPoints();
    const common = { device: 'WP-0001', area: 'village', metric: 'pressure', value: 1 };
    town.stored.push({ ...common, ts: NOW - 24 * 60 * MINUTE - 1 }, { ...common, ts: NOW });
    expect(await items('device=WP-0001&metric=pressure', town)).toHaveLength(4);
  });

  it.each([
    ['kind=water-pressure', ['WP-0001', 'WP-0002']],
    ['area=village', ['WP-0001']],
    ['area=lailong', ['WP-0001', 'WP-0002']],
    ['kind=water-pressure&groupBy=device', ['WP-0001', 'WP-0002']],
  ])('of many devices name their device: %s', async (who, devices) => {
    const found = await items(`${who}&metric=pressure&from=${NOON}&to=${NOON + 1}`);
    const values: Record<string, number> = { 'WP-0001': 0.3, 'WP-0002': 0.2 };
    expect(found).toEqual(
      devices.map((device) => ({ ts: '2026-11-23T04:00:00.000Z', device, pressure: values[device] })),
    );
  });

  it.each([1, 3, 8, 1_000])('walk in pages of %i without loss or repetition', async (limit) => {
    const path = `/api/v1/readings?kind=water-pressure&metric=pressure&${DAY}`;
    const found = (await walk(asking(twoPoints()), path, limit)) as { ts: string; device: string }[];
    expect(found.map(({ ts, device }) => `${ts.slice(14, 16)} ${device}`)).toEqual([
      ...['00 WP-0001', '00 WP-0002', '05 WP-0001', '05 WP-0002'],
      ...['10 WP-0001', '10 WP-0002', '15 WP-0001', '15 WP-0002'],
    ]);
  });
});

describe('readings in buckets', () => {
  it('are ts and what they come to', async () => {
    expect(await items(`device=WP-0001&metric=pressure&${DAY}&bucket=10m&agg=mean,min,max,count`)).toEqual([
      { ts: '2026-11-23T04:00:00.000Z', mean: 0.3005, min: 0.3, max: 0.301, count: 2 },
      { ts: '2026-11-23T04:10:00.000Z', mean: 0.3025, min: 0.302, max: 0.303, count: 2 },
    ]);
  });

  it('hold the aggregates that are asked for, all of them unless said', async () => {
    const bucketed = `device=WP-0001&metric=pressure&${DAY}&bucket=1h`;
    expect(await items(`${bucketed}&agg=max`)).toEqual([{ ts: '2026-11-23T04:00:00.000Z', max: 0.303 }]);
    expect(Object.keys((await items(bucketed))[0])).toEqual(['ts', 'mean', 'min', 'max', 'count']);
  });

  it("begin a day at the town's midnight", async () => {
    expect(await items(`device=WP-0001&metric=pressure&${DAY}&bucket=1d&agg=count`)).toEqual([
      { ts: '2026-11-22T16:00:00.000Z', count: 4 },
    ]);
  });

  it('are of all together, or name their group', async () => {
    const bucketed = `kind=water-pressure&metric=pressure&${DAY}&bucket=1h&agg=min,count`;
    const ts = '2026-11-23T04:00:00.000Z';
    expect(await items(bucketed)).toEqual([{ ts, min: 0.2, count: 8 }]);
    expect(await items(`${bucketed}&groupBy=device`)).toEqual([
      { ts, device: 'WP-0001', min: 0.3, count: 4 },
      { ts, device: 'WP-0002', min: 0.2, count: 4 },
    ]);
    expect(await items(`${bucketed}&groupBy=area`)).toEqual([
      { ts, area: 'lailong', min: 0.2, count: 4 },
      { ts, area: 'village', min: 0.3, count: 4 },
    ]);
  });
});

describe('a question about readings that cannot be answered', () => {
  it.each([
    [`device=WP-0001&${DAY}`, ['metric'], 'is missing'],
    [`metric=pressure&${DAY}`, ['device'], 'say device=, kind= or area='],
    ['device=WP-0009&metric=pressure', ['device'], 'no device WP-0009 is registered'],
    ['device=WP-0001&kind=lighting-controller&metric=pressure', ['kind'], 'WP-0001 is a water-pressure'],
    ['device=WP-0001&metric=presure', ['metric'], 'did you mean pressure?'],
    ['device=WP-0001&metric=voltage', ['metric'], 'no water-pressure has a voltage'],
    ['area=village&metric=speed', ['metric'], 'no kind has a speed'],
    ['device=WP-0001&metric=toString', ['metric'], 'has a toString'],
    ['kind=water&metric=pressure', ['kind'], 'no kind water'],
    ['area=vilage&metric=pressure', ['area'], 'did you mean village?'],
    [`device=WP-0001&metric=pressure&bucket=5&${DAY}`, ['bucket'], 'write 90s, 10m, 1h or 30d'],
    [`device=WP-0001&metric=pressure&bucket=0s&${DAY}`, ['bucket'], 'at least 1s'],
    [`device=WP-0001&metric=pressure&bucket=5m&agg=median&${DAY}`, ['agg.0'], '"median" is not known'],
    [`device=WP-0001&metric=pressure&agg=mean&${DAY}`, ['agg'], 'needs a bucket'],
    [`area=village&metric=pressure&groupBy=area&${DAY}`, ['groupBy'], 'need a bucket'],
    ['device=WP-0001&metric=pressure&groupBy=road', ['groupBy'], '"road" is not known'],
    ['device=WP-0001&metric=pressure&from=now', ['from'], 'is no instant'],
    ['device=WP-0001&metric=pressure&from=2000&to=1000', ['from'], 'is not before the end'],
    ['device=WP-0001&metric=pressure&limit=1001', ['limit'], '1000'],
    ['device=WP-0001&metric=pressure&orderBy=ts', ['orderBy'], 'unknown key'],
  ])('?%s', async (query, paths, hint) => {
    const answer = await asking(twoPoints())('GET', `/api/v1/readings?${query}`);
    expect(expectProblem(answer, 422, 'invalid')).toEqual(paths);
    expect(answer.json.errors[0].message).toContain(hint);
  });

  it('is 503 while the store is down, and names it', async () => {
    const town = twoPoints();
    town.historyDown = true;
    const answer = await asking(town)('GET', '/api/v1/readings?device=WP-0001&metric=pressure');
    expectProblem(answer, 503, 'unavailable');
    expect(answer.json.detail).toContain('history');
  });
});
