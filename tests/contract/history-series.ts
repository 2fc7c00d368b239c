import { expect, it } from 'vitest';
import type { HistoryStore, SeriesQuery } from '../../src/history/port.ts';
import type { SeriesPoint } from '../../src/model/series.ts';

const HOUR = 3_600_000;
/** Before and after 1970. */
const HOURS = [-2, -1, 0, 1, 2, 3];

function hour(id: string, ts: number, more: SeriesPoint['fields'] = {}): SeriesPoint {
  const fields = { valid: 12, inBounds: 11, expected: 12, low: 11 / 12, high: 11 / 12, rate: 11 / 12, coverage: 1 };
  return {
    ...{ series: 'pressure_compliance', tags: { group: 'point', id }, ts },
    fields: { ...fields, revision: 1, ...more },
  };
}

/** A move of an alert; its fields are texts, one of them as wild as texts are. */
const MOVE: SeriesPoint = {
  series: 'alerts',
  tags: { rule: 'low-pressure', subject: 'WP-1', severity: 'major', organisation: 'water-company' },
  ts: 1_767_225_600_123,
  fields: { id: 'a1', from: 'pending', to: 'firing', reason: 'held "so" \\ long, x=1\n亮灯', open: 1 },
};

const POINTS = HOURS.flatMap((at) => ['WP-1', 'WP-2', 'WP-3'].map((id) => hour(id, at * HOUR)));

const NO_POINTS = { lighting_rate: 0, pressure_compliance: 0, ledger: 0, alerts: 0 };

function query(more: Partial<SeriesQuery> = {}): SeriesQuery {
  return { series: 'pressure_compliance', from: -10 * HOUR, to: 1e13, limit: 1_000, ...more };
}

/** What every history store must do with points of series; called inside a `describe`. */
export function seriesContract(newPlace: () => string, make: (place: string) => HistoryStore): void {
  async function using<T>(use: (store: HistoryStore) => Promise<T>, place = newPlace()): Promise<T> {
    const store = make(place);
    await store.open();
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  it('keeps points, and gives them back in order when it is opened again', async () => {
    const place = newPlace();
    await using((store) => store.keep([...POINTS].reverse()), place);
    await using(async (store) => {
      expect(await store.series(query())).toEqual(POINTS);
      expect(await store.series(query({ series: 'alerts' }))).toEqual([]);
    }, place);
  });

  it('keeps texts to the letter, and every series apart', async () => {
    await using(async (store) => {
      await store.keep([MOVE, hour('WP-1', MOVE.ts)]);
      expect(await store.series(query({ series: 'alerts' }))).toEqual([MOVE]);
      expect(await store.series(query())).toEqual([hour('WP-1', MOVE.ts)]);
    });
  });

  it('puts a point whole in the place of the one that is there, also where it says less', async () => {
    await using(async (store) => {
      await store.keep(POINTS);
      const nothing = hour('WP-2', 0, { valid: 0, inBounds: 0, rate: null, low: 0, high: 1, coverage: 0, revision: 2 });
      await store.keep([nothing, hour('WP-1', HOUR, { inBounds: 3, revision: 2 })]);
      expect(await store.series(query({ from: 0, to: HOUR }))).toEqual([hour('WP-1', 0), nothing, hour('WP-3', 0)]);
      const found = await store.series(query({ from: HOUR, to: 2 * HOUR }));
      expect(found.map(({ fields }) => [fields.inBounds, fields.revision])).toEqual([
        [3, 2],
        [11, 1],
        [11, 1],
      ]);
      expect((await store.series(query())).length).toBe(POINTS.length);
    });
  });

  it('keeps the last of several points with one identity, and takes a call that is made again', async () => {
    await using(async (store) => {
      const call = [hour('WP-1', 0), hour('WP-1', 0, { inBounds: 4, revision: 2 })];
      await store.keep(call);
      await store.keep(call);
      expect(await store.series(query())).toEqual(call.slice(1));
    });
  });

  it('counts the points of each series from an instant on, and the events, each once', async () => {
    await using(async (store) => {
      expect(await store.countBeside(0)).toEqual({ events: 0, ...NO_POINTS });
      await store.keep(POINTS);
      await store.keep([...POINTS, hour('WP-2', 0, { rate: null, low: null, high: null, revision: 2 })]);
      const events = [HOUR - 1, HOUR, HOUR].map((at, n) => ({ at, what: 'town', by: 'files', detail: `{"n":${n}}` }));
      await store.commit({ cursor: 2, counts: {}, inserts: [], replacements: [], events });
      const later = POINTS.filter(({ ts }) => ts >= HOUR).length;
      expect(await store.countBeside(HOUR)).toEqual({ events: 2, ...NO_POINTS, pressure_compliance: later });
      expect(await store.countBeside(-1e12)).toEqual({ events: 3, ...NO_POINTS, pressure_compliance: POINTS.length });
    });
  });

  it('takes nothing at all', async () => {
    await using(async (store) => {
      await store.keep([]);
      expect(await store.series(query())).toEqual([]);
    });
  });

  it('gives points from inclusive, to exclusive, of the tags that are asked for', async () => {
    await using(async (store) => {
      await store.keep([...POINTS, { ...hour('Z-1', 0), tags: { group: 'zone', id: 'Z-1' } }]);
      const ask = async (more: Partial<SeriesQuery>) =>
        (await store.series(query(more))).map(({ ts, tags }) => [ts / HOUR, tags.id]);
      expect(await ask({ from: 0, to: 2 * HOUR, where: { group: ['point'], id: ['WP-3', 'WP-1'] } })).toEqual([
        [0, 'WP-1'],
        [0, 'WP-3'],
        [1, 'WP-1'],
        [1, 'WP-3'],
      ]);
      expect(await ask({ where: { group: ['zone'] } })).toEqual([[0, 'Z-1']]);
      expect(await ask({ where: { id: [] } })).toEqual([]);
      expect(await ask({ where: { id: ["' OR 1=1 --"] } })).toEqual([]);
    });
  });

  it.each([1, 2, 4, 100])('gives the same points in pages of %i as at once', async (limit) => {
    await using(async (store) => {
      await store.keep(POINTS);
      const paged: SeriesPoint[] = [];
      for (;;) {
        const last = paged.at(-1);
        const page = await store.series(query({ limit, ...(last === undefined ? {} : { after: last }) }));
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(limit);
        paged.push(...page);
      }
      expect(paged).toEqual(POINTS);
    });
  });

  it('adds up fields by a tag', async () => {
    await using(async (store) => {
      const odd = hour('WP-2', 0, { inBounds: 0, rate: null, revision: 1 });
      await store.keep([...POINTS.filter(({ ts, tags }) => ts !== 0 || tags.id !== 'WP-2'), odd]);
      const sums = await store.seriesSums({
        ...{ series: 'pressure_compliance', by: 'id', fields: ['valid', 'inBounds'], where: { group: ['point'] } },
        ...{ from: -HOUR, to: 2 * HOUR },
      });
      expect(sums).toEqual([
        { key: 'WP-1', sums: { valid: 36, inBounds: 33 } },
        { key: 'WP-2', sums: { valid: 36, inBounds: 22 } },
        { key: 'WP-3', sums: { valid: 36, inBounds: 33 } },
      ]);
      const none = { series: 'ledger', by: 'kind', fields: ['stored'], from: 0, to: HOUR } as const;
      expect(await store.seriesSums(none)).toEqual([]);
    });
  });

  it('says that it is unavailable for points while it is closed', async () => {
    const store = make(newPlace());
    await expect(store.keep(POINTS)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.series(query())).rejects.toMatchObject({ code: 'unavailable' });
    const sums = store.seriesSums({ series: 'ledger', by: 'kind', fields: ['stored'], from: 0, to: 1 });
    await expect(sums).rejects.toMatchObject({ code: 'unavailable' });
  });
}
