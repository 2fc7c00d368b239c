import { describe, expect, it } from 'vitest';
import type { HistoryRow, HistoryStore, ReadingItem, ReadingsQuery } from '../../src/history/port.ts';
import { type Horizons, ROLL_UP_NAMES, ROLL_UPS, type RollUp } from '../../src/history/rollups.ts';
import type { Point, PointName } from '../../src/kernel/points.ts';
import { Kind, type Kinds } from '../../src/model/kind.ts';
import { SMALL_KINDS } from '../support/kinds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The town's midnight, with clocks eight hours ahead. */
const ORIGIN = -8 * HOUR;
const KIND = 'water-pressure';
/** A midnight of the town. */
const START = Date.UTC(2026, 2, 1) + ORIGIN;

/** A bucket as the contract sees it. */
export interface FoundBucket {
  ts: number;
  device: string;
  area: string;
  revision: number;
  figures: Record<string, number>;
}

/** Reads all buckets of a roll-up that a place holds, behind the store's back; ascending by ts, then device, then area. */
export type ReadBuckets = (place: string, kind: string, name: RollUp) => Promise<FoundBucket[]>;

const name = { zh: '名', en: 'name' };
/** Kinds of the contract: the small ones, and one with a switch. */
export const ROLL_UP_KINDS: Kinds = new Map([
  ...SMALL_KINDS,
  [
    'smart-pole',
    Kind.parse({
      ...{ id: 'smart-pole', name, reportInterval: 60 },
      fields: { doorOpen: { type: 'boolean', name }, tilt: { type: 'number', name } },
    }),
  ],
]);

function row(device: string, ts: number, values: HistoryRow['values'], area = 'village'): HistoryRow {
  return {
    ...{ kind: KIND, device, ts, receivedAt: ts, deviceTs: null, seq: null, flags: [] },
    ...{ area, road: null, organisation: 'water-company', values },
  };
}

/** What readings come to, computed one by one. */
function bucketsOf(rows: readonly HistoryRow[], name: RollUp, until: number): Omit<FoundBucket, 'revision'>[] {
  const width = ROLL_UPS[name];
  const groups = new Map<string, { ts: number; device: string; area: string; values: Map<string, number[]> }>();
  for (const { device, ts, area, values } of rows) {
    const begin = Math.floor((ts - ORIGIN) / width) * width + ORIGIN;
    if (begin + width > until) continue;
    const key = `${begin} ${device} ${area}`;
    const group = groups.get(key) ?? { ts: begin, device, area: area ?? '', values: new Map() };
    groups.set(key, group);
    for (const [metric, value] of Object.entries(values)) {
      group.values.set(metric, [...(group.values.get(metric) ?? []), Number(value)]);
    }
  }
  const found = [...groups.values()].map(({ values, ...bucket }) => {
    const figures: Record<string, number> = {};
    for (const [metric, list] of values) {
      figures[`${metric}_mean`] = list.reduce((sum, value) => sum + value, 0) / list.length;
      figures[`${metric}_min`] = Math.min(...list);
      figures[`${metric}_max`] = Math.max(...list);
      figures[`${metric}_count`] = list.length;
    }
    return { ...bucket, figures };
  });
  return found.sort((a, b) => a.ts - b.ts || compare(a.device, b.device) || compare(a.area, b.area));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function near(figures: Record<string, number>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, name.endsWith('_mean') ? expect.closeTo(value, 9) : value]),
  );
}

/** Hours of a day in which devices speak: the fewer there are, the sooner they are rolled up. */
const HOURS = [0, 1, 3, 4, 11, 12];
/** Two and a half days of two devices; one moves at noon. No two values are alike. */
const ROWS: HistoryRow[] = Array.from({ length: (2.5 * DAY) / (7 * MINUTE) }, (_, index) => index * 7 * MINUTE)
  .filter((after) => HOURS.includes(Math.floor((after % DAY) / HOUR)))
  .flatMap((after, index) => {
    const moving = { pressure: 0.3 + index / 10_000, battery: 90 - index / 100 };
    const other = row('WP-2', START + after + 1, { pressure: 0.5 - index / 10_000 });
    return [
      row('WP-1', START + after, moving, after < DAY / 2 ? 'village' : 'park'),
      ...(index % 3 === 0 ? [other] : []),
    ];
  });
const END = START + 2.5 * DAY;

/**
 * What every history store must do with figures of readings over the years. `make` gives a store over the place that it
 * names, of {@link ROLL_UP_KINDS}, whose town's midnight is at 16:00 UTC; called inside a `describe`.
 */
export function rollUpsContract(
  make: (place: string, point?: Point) => HistoryStore,
  newPlace: () => string,
  readBuckets: ReadBuckets,
): void {
  async function during<T>(place: string, use: (store: HistoryStore) => Promise<T>, point?: Point): Promise<T> {
    const store = make(place, point);
    await store.open();
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  let cursor = 1;
  const commit = (store: HistoryStore, inserts: HistoryRow[], replacements: HistoryRow[] = []) =>
    store.commit({ cursor: ++cursor, counts: {}, inserts, replacements, events: [] });

  async function rollUp(store: HistoryStore, until: number): Promise<void> {
    while (await store.rollUp(until));
  }

  async function expectBuckets(place: string, rows: readonly HistoryRow[], until: number, revision = 1) {
    for (const name of ROLL_UP_NAMES) {
      const found = await readBuckets(place, KIND, name);
      const wanted = bucketsOf(rows, name, until).map(({ figures, ...bucket }) => ({
        ...bucket,
        figures: near(figures),
        revision,
      }));
      expect(found, name).toEqual(wanted);
    }
  }

  function query(more: Partial<ReadingsQuery>): ReadingsQuery {
    const aggregates = ['mean', 'min', 'max', 'count'] as const;
    return { kind: KIND, metric: 'pressure', from: START, to: END, aggregates, limit: 10_000, ...more };
  }

  it('rolls readings up to five minutes, hours and the town’s days, as they were computed one by one', async () => {
    const place = newPlace();
    await during(place, async (store) => {
      await commit(store, ROWS);
      await rollUp(store, END);
    });
    await expectBuckets(place, ROWS, END);
    const days = await readBuckets(place, KIND, '1d');
    expect(days.map(({ ts, device, area }) => [(ts - START) / DAY, device, area])).toEqual([
      [0, 'WP-1', 'park'],
      [0, 'WP-1', 'village'],
      [0, 'WP-2', 'village'],
      [1, 'WP-1', 'park'],
      [1, 'WP-2', 'village'],
    ]);
  });

  it('makes each bucket once it has ended, and not before, in pieces and after restarts', async () => {
    const place = newPlace();
    const until = START + DAY + HOUR + 7 * MINUTE;
    await during(place, (store) => commit(store, ROWS));
    for (const now of [START + 3 * MINUTE, START + 61 * MINUTE, START + DAY - 1, until]) {
      // One piece, and a restart after it.
      while (await during(place, (store) => store.rollUp(now)));
      await expectBuckets(place, ROWS, Math.floor(now / (5 * MINUTE)) * 5 * MINUTE);
    }
  });

  it('makes again what a late reading touches, with the next revision, and nothing else', async () => {
    const place = newPlace();
    const late = row('WP-2', START + 3 * HOUR + 11, { pressure: 0.9 });
    await during(place, async (store) => {
      await commit(store, ROWS);
      await rollUp(store, END);
      await commit(store, [late]);
      await rollUp(store, END);
    });
    for (const name of ROLL_UP_NAMES) {
      const begin = Math.floor((late.ts - ORIGIN) / ROLL_UPS[name]) * ROLL_UPS[name] + ORIGIN;
      const wasThere = bucketsOf(ROWS, name, END).some(({ ts, device }) => ts === begin && device === 'WP-2');
      const found = await readBuckets(place, KIND, name);
      const wanted = bucketsOf([...ROWS, late], name, END).map(({ figures, ...bucket }) => ({
        ...{ ...bucket, figures: near(figures) },
        revision: bucket.ts === begin && bucket.device === 'WP-2' && wasThere ? 2 : 1,
      }));
      expect(found, name).toEqual(wanted);
    }
  });

  it('makes again what a correction touches; one that says the same leaves the revision', async () => {
    const place = newPlace();
    const old = ROWS[0] as HistoryRow;
    const corrected = { ...old, values: { ...old.values, pressure: 0.7 } };
    await during(place, async (store) => {
      await commit(store, ROWS);
      await rollUp(store, END);
      await store.rowsAt(KIND, [old]);
      await commit(store, [], [{ ...old, seq: 9 }]);
      await rollUp(store, END);
    });
    await expectBuckets(place, ROWS, END);
    await during(place, async (store) => {
      await store.rowsAt(KIND, [old]);
      await commit(store, [], [corrected]);
      await rollUp(store, END);
    });
    const [first] = await readBuckets(place, KIND, '5m');
    expect(first).toMatchObject({ ts: old.ts, revision: 2, figures: { pressure_max: 0.7 } });
  });

  it('keeps a note of what came late through a restart', async () => {
    const place = newPlace();
    const late = row('WP-3', START + 60_001, { pressure: 0.9 });
    await during(place, async (store) => {
      await commit(store, ROWS);
      await rollUp(store, END);
      await commit(store, [late]);
    });
    await during(place, (store) => rollUp(store, END));
    await expectBuckets(place, [...ROWS, late], END);
  });

  it('counts switches as 0 and 1, and answers them from figures as from readings', async () => {
    const place = newPlace();
    const open = (minute: number, doorOpen: boolean) => ({
      ...row('SP-1', START + minute * MINUTE, { doorOpen }),
      kind: 'smart-pole',
    });
    const rows = [open(0, true), open(1, false), open(2, false), open(3, true), open(5, false), open(61, true)];
    const asked = { kind: 'smart-pole', metric: 'doorOpen', bucket: { width: HOUR, origin: ORIGIN } };
    await during(place, async (store) => {
      await commit(store, rows);
      await rollUp(store, END);
      const before = await store.readings(query(asked));
      await store.drop({ raw: END });
      expect(await store.count('smart-pole')).toBe(0);
      expect(await store.readings(query(asked))).toEqual(before);
      expect(before.map(({ aggregates }) => aggregates?.mean)).toEqual([0.4, 1]);
    });
    const [first, second] = await readBuckets(place, 'smart-pole', '5m');
    const figures = (mean: number, min: number, max: number, count: number) => ({
      ...{ doorOpen_mean: mean, doorOpen_min: min, doorOpen_max: max, doorOpen_count: count },
    });
    expect(first?.figures).toEqual(figures(0.5, 0, 1, 4));
    expect(second?.figures).toEqual(figures(0, 0, 0, 1));
  });

  it.each<PointName>(['rollup.begun', 'rollup.made'])('skips and doubles nothing when it ends at %s', async (last) => {
    const place = newPlace();
    await during(place, (store) => commit(store, ROWS));
    let left = 3;
    const point: Point = (name) => {
      if (name === last && left-- === 0) throw new Error('killed');
    };
    await expect(during(place, (store) => rollUp(store, END), point)).rejects.toThrow('killed');
    await during(place, (store) => rollUp(store, END));
    await expectBuckets(place, ROWS, END);
  });

  it.each<PointName>(['rollup.begun', 'rollup.made'])('misses nothing that comes at %s', async (at) => {
    const place = newPlace();
    const late = row('WP-4', START + 3, { pressure: 0.6 });
    let coming: Promise<void> | null = null;
    let store: HistoryStore | null = null;
    const point: Point = (name) => {
      if (name === at && store !== null) coming ??= commit(store, [late]);
    };
    await during(
      place,
      async (opened) => {
        await commit(opened, ROWS);
        store = opened;
        expect(await opened.rollUp(START + HOUR)).toBe(true);
        await coming;
        await rollUp(opened, END);
      },
      point,
    );
    expect(coming).not.toBeNull();
    await expectBuckets(place, [...ROWS, late], END);
  });

  it('does nothing when nothing is due, and goes over a time without readings in one step', async () => {
    const place = newPlace();
    const later = row('WP-1', END + 400 * DAY, { pressure: 0.2 });
    await during(place, async (store) => {
      expect(await store.rollUp(START)).toBe(true);
      expect(await store.rollUp(START)).toBe(false);
      await commit(store, [...ROWS.slice(0, 3), later]);
      let pieces = 0;
      while (await store.rollUp(END + 401 * DAY)) pieces++;
      expect(pieces).toBeLessThan(6);
      expect(await store.rollUp(END + 401 * DAY)).toBe(false);
    });
    await expectBuckets(place, [...ROWS.slice(0, 3), later], END + 401 * DAY);
  });

  describe('and what is let go', () => {
    const HORIZON = START + DAY;

    async function dropped(horizons: Horizons, use: (store: HistoryStore, before: ReadingItem[][]) => Promise<void>) {
      const place = newPlace();
      await during(place, async (store) => {
        await commit(store, ROWS);
        await rollUp(store, END);
        const before = await Promise.all(QUERIES.map((more) => store.readings(query(more))));
        await store.drop(horizons);
        await use(store, before);
      });
      return place;
    }

    const QUERIES: Partial<ReadingsQuery>[] = [
      { bucket: { width: 5 * MINUTE, origin: ORIGIN }, devices: ['WP-1'] },
      { bucket: { width: HOUR, origin: ORIGIN }, groupBy: 'device' },
      { bucket: { width: DAY, origin: ORIGIN }, groupBy: 'area' },
      { bucket: { width: 7 * DAY, origin: START - 2 * DAY } },
      { bucket: { width: 2 * HOUR, origin: ORIGIN }, area: ['park'], aggregates: ['max'] },
      { bucket: { width: HOUR, origin: ORIGIN }, from: START + HOUR, to: START + 5 * HOUR, devices: ['WP-2'] },
    ];

    it('lets readings go, and answers buckets as before from their figures', async () => {
      await dropped({ raw: HORIZON }, async (store, before) => {
        const young = ROWS.filter(({ ts }) => ts >= HORIZON);
        expect(await store.count(KIND)).toBe(young.length);
        const { bucket: _none, ...plain } = query({});
        expect((await store.readings(plain))[0]?.ts).toBe(young[0]?.ts);
        for (const [index, more] of QUERIES.entries()) {
          const near = (items: ReadingItem[] = []) =>
            items.map(({ aggregates, ...item }) => ({
              ...item,
              aggregates: Object.fromEntries(
                Object.entries(aggregates ?? {}).map(([name, value]) => [
                  name,
                  name === 'mean' ? expect.closeTo(value, 9) : value,
                ]),
              ),
            }));
          expect(await store.readings(query(more)), JSON.stringify(more)).toEqual(near(before[index]));
        }
      });
    });

    it('gives buckets that are partly gone page by page as at once', async () => {
      await dropped({ raw: HORIZON }, async (store) => {
        const asked = query({ bucket: { width: 6 * HOUR, origin: ORIGIN }, groupBy: 'device' });
        const all = await store.readings(asked);
        const paged: ReadingItem[] = [];
        for (let after: ReadingItem | undefined; ; after = paged.at(-1)) {
          const page = await store.readings({ ...asked, limit: 3, ...(after === undefined ? {} : { after }) });
          paged.push(...page);
          if (page.length < 3) break;
        }
        expect(paged).toEqual(all);
        expect(all.length).toBeGreaterThan(12);
      });
    });

    it('lets no reading go that is not rolled up, and whole days only', async () => {
      const place = newPlace();
      await during(place, async (store) => {
        await commit(store, ROWS);
        await store.drop({ raw: END });
        expect(await store.count(KIND)).toBe(ROWS.length);
        await rollUp(store, START + DAY + HOUR);
        await store.drop({ raw: END });
        expect(await store.count(KIND)).toBe(ROWS.filter(({ ts }) => ts >= START + DAY).length);
      });
    });

    it('lets figures go by their own horizons', async () => {
      const place = await dropped({ '5m': START + 2 * DAY + HOUR, '1h': START + DAY }, async () => {});
      const first = async (name: RollUp) => ((await readBuckets(place, KIND, name))[0]?.ts ?? 0) - START;
      expect(await first('5m')).toBe(2 * DAY);
      expect(await first('1h')).toBe(DAY);
      expect(await first('1d')).toBe(0);
    });

    it('keeps the figures of readings that are gone when one comes very late', async () => {
      const late = row('WP-1', START + HOUR, { pressure: 9 });
      const place = await dropped({ raw: HORIZON }, async (store) => {
        await commit(store, [late]);
        await rollUp(store, END);
      });
      const [day] = (await readBuckets(place, KIND, '1d')).filter(({ area }) => area === 'village');
      expect(day).toMatchObject({ ts: START, device: 'WP-1', revision: 1 });
      const whole = ROWS.filter(({ device, area, ts }) => device === 'WP-1' && area === 'village' && ts < HORIZON);
      expect(day?.figures.pressure_count).toBe(whole.length);
    });

    it('knows after a restart what is gone', async () => {
      const place = await dropped({ raw: HORIZON }, async () => {});
      await during(place, async (store) => {
        const bucket = { width: DAY, origin: ORIGIN };
        const items = await store.readings(query({ bucket, aggregates: ['count'] }));
        expect(items.map(({ aggregates }) => aggregates?.count)).toEqual(
          [0, 1, 2].map((day) => ROWS.filter(({ ts }) => Math.floor((ts - START) / DAY) === day).length),
        );
        const newest = (await store.open()).newest;
        expect(newest.get('WP-1')).toBe(ROWS.filter(({ device }) => device === 'WP-1').at(-1)?.ts);
      });
    });
  });
}
