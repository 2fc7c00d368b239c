import { describe, expect, it } from 'vitest';
import { asking, expectProblem, walk } from '../support/asking.ts';
import { MemoryTown } from '../support/town.ts';

/** What CONTRACT.md §4 shows. */
const RATE = {
  id: 'lailong',
  name: { zh: '来龙镇', en: 'Lailong' },
  dark: true,
  expected: 3000,
  lit: 2930,
  out: 40,
  unknown: 30,
  low: 0.9767,
  high: 0.9867,
  reported: 0.9865,
  coverage: 0.99,
  target: 0.97,
  verdict: 'ok',
  reason: null,
  revision: 1,
};
const NIGHT = { date: '2026-11-22', low: 0.971, high: 0.983, reported: 0.982, verdict: 'ok' as const };

describe('the lighting rate now', () => {
  it.each(['town', 'village', 'road', 'class'])('has the shape of CONTRACT.md §4: group=%s', async (group) => {
    const { status, json } = await asking(new MemoryTown())('GET', `/api/v1/lighting-rate/now?group=${group}`);
    expect(status).toBe(200);
    expect(json).toEqual({
      items: [
        {
          ...RATE,
          group,
          at: '2026-11-23T12:31:05.000Z',
          sources: { telemetry: 2_970, patrol: 0, meter: 0 },
          lastNight: null,
        },
      ],
      next: null,
    });
  });

  it('tells what the last night came to, and by day nothing of now', async () => {
    const town = new MemoryTown();
    const now = town.lightingRate.now;
    const idle = { dark: false, expected: 0, lit: 0, out: 0, unknown: 0, low: null, high: null, reported: null };
    const byDay = { ...idle, coverage: null, verdict: 'idle' as const, reason: 'daylight', lastNight: NIGHT };
    town.lightingRate.now = (group) => now(group).map((rate) => ({ ...rate, ...byDay }));
    const [item] = (await asking(town)('GET', '/api/v1/lighting-rate/now?group=town')).json.items;
    expect(item).toMatchObject(byDay);
  });

  it('of groups that are not there is an empty list', async () => {
    const { json } = await asking(new MemoryTown())('GET', '/api/v1/lighting-rate/now?group=feeder');
    expect(json).toEqual({ items: [], next: null });
  });

  it('walks its groups in their order', async () => {
    const town = new MemoryTown();
    const [rate] = town.lightingRate.now('town');
    const ids = ['F-3', 'F-1', 'F-2'];
    town.lightingRate.now = () => ids.flatMap((id) => (rate === undefined ? [] : [{ ...rate, id }]));
    const found = (await walk(asking(town), '/api/v1/lighting-rate/now?group=feeder', 2)) as { id: string }[];
    expect(found.map(({ id }) => id)).toEqual(ids);
  });

  it.each([
    ['', 'group', 'is missing'],
    ['group=vilage', 'group', 'did you mean village?'],
    ['group=town&id=lailong', 'id', 'unknown key'],
  ])('?%s is 422 by its name', async (query, path, hint) => {
    const answer = await asking(new MemoryTown())('GET', `/api/v1/lighting-rate/now?${query}`);
    expect(expectProblem(answer, 422, 'invalid')).toEqual([path]);
    expect(answer.json.errors[0].message).toContain(hint);
  });
});

describe('the lighting rate over time', () => {
  it('has the shape of now, with ts; from counts, to does not', async () => {
    const period = 'from=2026-11-23T18:00:00%2B08:00&to=2026-11-23T18:30:00%2B08:00';
    const { json } = await asking(new MemoryTown())('GET', `/api/v1/lighting-rate?group=town&${period}`);
    expect(json).toEqual({
      items: ['2026-11-23T10:00:00.000Z', '2026-11-23T10:15:00.000Z'].map((ts) => ({
        ...{ ...RATE, group: 'town', at: ts, ts },
      })),
      next: null,
    });
  });

  it('is the last day of town time unless it is said otherwise', async () => {
    const found = (await walk(asking(new MemoryTown()), '/api/v1/lighting-rate?group=town', 40)) as { ts: string }[];
    expect(found).toHaveLength(96);
    expect([found[0]?.ts, found.at(-1)?.ts]).toEqual(['2026-11-22T12:45:00.000Z', '2026-11-23T12:30:00.000Z']);
    expect(new Set(found.map(({ ts }) => ts)).size).toBe(96);
  });

  it('hands on the group, the width and where to go on', async () => {
    const town = new MemoryTown();
    const asked: object[] = [];
    const past = town.lightingRate.past;
    town.lightingRate.past = (query) => {
      asked.push(query);
      return past(query);
    };
    const ask = asking(town);
    const query = 'group=feeder&id=F-001&from=1000&to=9000000&bucket=1h&limit=1';
    const first = await ask('GET', `/api/v1/lighting-rate?${query}`);
    await ask('GET', `/api/v1/lighting-rate?${query}&cursor=${first.json.next}`);
    const common = { group: 'feeder', id: 'F-001', from: 1_000, to: 9_000_000, bucket: 3_600_000, limit: 2 };
    expect(asked).toEqual([common, { ...common, after: { ts: '1970-01-01T00:15:00.000Z', id: 'lailong' } }]);
  });

  it.each([
    ['group=town&from=2026-11-23T18:00:00%2B08:00&to=2026-11-23T18:00:00%2B08:00', 'from', 'is not before the end'],
    ['group=town&bucket=fortnight', 'bucket', 'write 90s, 10m, 1h or 30d'],
    ['from=0', 'group', 'is missing'],
  ])('?%s is 422 by its name', async (query, path, hint) => {
    const answer = await asking(new MemoryTown())('GET', `/api/v1/lighting-rate?${query}`);
    expect(expectProblem(answer, 422, 'invalid')).toEqual([path]);
    expect(answer.json.errors[0].message).toContain(hint);
  });
});

describe('the lighting rate of a month', () => {
  it('is of the month that it is in the town, unless another one is asked for', async () => {
    const ask = asking(new MemoryTown());
    const { status, json } = await ask('GET', '/api/v1/lighting-rate/months?group=town');
    expect([status, json.items.map(({ month }: { month: string }) => month)]).toEqual([200, ['2026-11']]);
    expect(json.items[0]).toMatchObject({
      lampHours: { expected: 1_000.5 },
      inspection: { time: '21:00', nights: 30 },
    });
    const other = await ask('GET', '/api/v1/lighting-rate/months?group=road&id=avenue&month=2026-09');
    expect(other.json.items).toMatchObject([{ group: 'road', id: 'avenue', month: '2026-09' }]);
    expectProblem(await ask('GET', '/api/v1/lighting-rate/months?group=town&month=2026-13'), 422, 'invalid');
  });
});
