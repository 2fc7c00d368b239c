import { expect, it } from 'vitest';
import type { HistoryRow, HistoryStore, ReadingItem, ReadingsQuery } from '../../src/history/port.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SHANGHAI = 8 * HOUR;

function row(device: string, ts: number, values: HistoryRow['values'], area: string | null): HistoryRow {
  return {
    kind: 'water-pressure',
    device,
    ts,
    receivedAt: ts,
    deviceTs: null,
    seq: null,
    flags: [],
    area,
    road: null,
    organisation: 'water-company',
    values,
  };
}

/** Two hours of two devices, one reading each in five minutes; WP-2 tells no battery, and stands in no area. */
const ROWS: HistoryRow[] = Array.from({ length: 24 }, (_, index) => index * 5).flatMap((minute) => [
  row('WP-1', minute * MINUTE, { pressure: 0.3 + minute / 1_000, battery: 50 }, 'village'),
  row('WP-2', minute * MINUTE, { pressure: 0.5 }, null),
]);

function query(more: Partial<ReadingsQuery> = {}): ReadingsQuery {
  return { kind: 'water-pressure', metric: 'pressure', from: 0, to: 1e15, aggregates: [], limit: 1_000, ...more };
}

/** What every history store must answer; called inside a `describe`. */
export function readingsContract(make: () => HistoryStore): void {
  async function reading<T>(read: (store: HistoryStore) => Promise<T>): Promise<T> {
    const store = make();
    await store.open();
    try {
      await store.commit({ cursor: 2, counts: {}, inserts: ROWS, replacements: [], events: [] });
      return await read(store);
    } finally {
      await store.close();
    }
  }
  const ask = (more: Partial<ReadingsQuery>) => reading((store) => store.readings(query(more)));

  it('gives readings in order, from inclusive, to exclusive', async () => {
    expect(await ask({ devices: ['WP-1'], from: 5 * MINUTE, to: 15 * MINUTE })).toEqual([
      { ts: 5 * MINUTE, group: 'WP-1', value: 0.305 },
      { ts: 10 * MINUTE, group: 'WP-1', value: 0.31 },
    ]);
  });

  it('gives no reading of a row without the metric', async () => {
    const items = await ask({ metric: 'battery' });
    expect(items.length).toBe(24);
    expect(new Set(items.map(({ group }) => group))).toEqual(new Set(['WP-1']));
  });

  it('keeps to the devices and areas that are asked for', async () => {
    expect((await ask({ devices: ['WP-2', 'WP-9'] })).length).toBe(24);
    expect((await ask({ area: ['village', 'park'] })).every(({ group }) => group === 'WP-1')).toBe(true);
    expect(await ask({ devices: [] })).toEqual([]);
    expect(await ask({ devices: ["' OR 1=1 --"] })).toEqual([]);
  });

  it('puts readings into buckets', async () => {
    const bucket = { width: HOUR, origin: 0 };
    const items = await ask({ devices: ['WP-1'], bucket, aggregates: ['mean', 'min', 'max', 'count'] });
    expect(items).toEqual([
      { ts: 0, group: '', aggregates: { mean: expect.closeTo(0.3275, 10), min: 0.3, max: 0.355, count: 12 } },
      { ts: HOUR, group: '', aggregates: { mean: expect.closeTo(0.3875, 10), min: 0.36, max: 0.415, count: 12 } },
    ]);
  });

  it("counts buckets from where it is told: days are the town's days", async () => {
    const midnight = -SHANGHAI;
    const bucket = { width: 24 * HOUR, origin: midnight + 24 * HOUR * 365 };
    expect(await ask({ devices: ['WP-1'], bucket, aggregates: ['count'] })).toEqual([
      { ts: midnight, group: '', aggregates: { count: 24 } },
    ]);
  });

  it('begins a bucket at its own beginning, also when the period begins within it', async () => {
    const bucket = { width: HOUR, origin: 30 * MINUTE };
    const items = await ask({ devices: ['WP-1'], from: 40 * MINUTE, bucket, aggregates: ['count'] });
    expect(items.map(({ ts, aggregates }) => [ts, aggregates?.count])).toEqual([
      [30 * MINUTE, 10],
      [90 * MINUTE, 6],
    ]);
  });

  it('tells devices and areas apart where asked to', async () => {
    const bucket = { width: 2 * HOUR, origin: 0 };
    const groups = async (groupBy: 'device' | 'area') => {
      const items = await ask({ bucket, aggregates: ['count', 'max'], groupBy });
      return items.map(({ group, aggregates }) => [group, aggregates?.count, aggregates?.max]);
    };
    expect(await groups('device')).toEqual([
      ['WP-1', 24, 0.415],
      ['WP-2', 24, 0.5],
    ]);
    expect(await groups('area')).toEqual([
      ['', 24, 0.5],
      ['village', 24, 0.415],
    ]);
  });

  it.each([
    ['readings', {}],
    [
      'buckets',
      { bucket: { width: 7 * MINUTE, origin: 0 }, aggregates: ['count' as const], groupBy: 'device' as const },
    ],
  ])('gives the same %s page by page as at once', async (_what, more) => {
    const [all, paged] = await reading(async (store) => {
      const pages: ReadingItem[] = [];
      for (;;) {
        const last = pages.at(-1);
        const after = last === undefined ? {} : { after: { ts: last.ts, group: last.group } };
        const page = await store.readings(query({ ...more, limit: 5, ...after }));
        if (page.length === 0) return [await store.readings(query(more)), pages];
        pages.push(...page);
      }
    });
    expect(all?.length).toBeGreaterThan(30);
    expect(paged).toEqual(all);
  });

  it('knows kinds and metrics by their right names only', async () => {
    await expect(ask({ metric: 'presure' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('did you mean pressure?'),
      problems: [{ path: 'metric' }],
    });
    await expect(ask({ kind: 'water-presure' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('did you mean water-pressure?'),
      problems: [{ path: 'kind' }],
    });
  });

  it('says that it is unavailable while it is closed', async () => {
    const store = make();
    await expect(store.readings(query())).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.count('water-pressure')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('counts the rows of a kind, and none of a kind that nobody has written', async () => {
    const counts = await reading(async (store) => [
      await store.count('water-pressure'),
      await store.count('lighting-controller'),
      await store.count('drain-level'),
    ]);
    expect(counts).toEqual([48, 0, 0]);
  });
}
