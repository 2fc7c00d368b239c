import { expect, it } from 'vitest';
import type { EventPlace, HistoryBatch, HistoryEvent, HistoryRow, HistoryStore } from '../../src/history/port.ts';

const KIND = 'water-pressure';

function row(device: string, ts: number, more: Partial<HistoryRow> = {}): HistoryRow {
  return {
    ...{ kind: KIND, device, ts, receivedAt: ts + 1_000, deviceTs: null, seq: null, flags: [] },
    ...{ area: null, road: null, organisation: 'water-company', values: { pressure: ts / 1_000 }, ...more },
  };
}

/** Rows with and without everything that a row may have, in the order in which they must be answered. */
const ROWS: HistoryRow[] = [
  row('WP-1', 1_000, { area: 'village', road: 'main-road', seq: 7, flags: ['late', 'correction'] }),
  row('WP-2', 1_000, { values: { pressure: 0.1 + 0.2, battery: 0 } }),
  row('WP-1', 2_000, { deviceTs: 5, flags: ['clock'] }),
  ...Array.from({ length: 9 }, (_, index) => row(`WP-${index + 1}`, 3_000)),
  row('WP-5', 4_000),
  row('WP-1', 86_400_000 * 400),
];

const EVENTS: HistoryEvent[] = [
  { at: 10, what: 'town', by: 'service', detail: '{"a":"zß \\" =,"}' },
  { at: 20, what: 'device', by: 'li', detail: '{"n":1}' },
  { at: 20, what: 'away', by: 'service', detail: '{"ms":2}' },
  { at: 20, what: 'device', by: 'li', detail: '{"n":3}' },
  { at: 30, what: 'device', by: 'li', detail: '{"n":4}' },
];

function batch(cursor: number, more: Partial<HistoryBatch>): HistoryBatch {
  return { cursor, counts: {}, inserts: [], replacements: [], events: [], ...more };
}

/** How every history store must give whole rows and events back; called inside a `describe`. */
export function rowsContract(make: (place: string) => HistoryStore, newPlace: () => string): void {
  async function reading<T>(batches: readonly HistoryBatch[], read: (store: HistoryStore) => Promise<T>): Promise<T> {
    const store = make(newPlace());
    await store.open();
    try {
      for (const each of batches) await store.commit(each);
      return await read(store);
    } finally {
      await store.close();
    }
  }
  const shuffled = [...ROWS.slice(5), ...ROWS.slice(0, 5)];
  const all = { kind: KIND, from: 0, to: 1e14, limit: 1_000 };

  it('gives the rows of the devices that are asked for', async () => {
    await reading([batch(2, { inserts: shuffled })], async (store) => {
      const own = ROWS.filter(({ device }) => device === 'WP-1' || device === 'WP-5');
      expect(await store.rows({ ...all, devices: ['WP-5', 'WP-1'] })).toEqual(own);
      expect(await store.rows({ ...all, devices: ['WP-5', 'WP-1'], limit: 2 })).toEqual(own.slice(0, 2));
      const after = { ts: 3_000, device: 'WP-1' };
      expect(await store.rows({ ...all, devices: ['WP-1', 'WP-5'], after })).toEqual(own.slice(3));
      expect(await store.rows({ ...all, devices: [] })).toEqual([]);
    });
  });

  async function paged(store: HistoryStore, limit: number): Promise<HistoryRow[]> {
    const rows: HistoryRow[] = [];
    for (;;) {
      const last = rows.at(-1);
      const after = last === undefined ? {} : { after: { ts: last.ts, device: last.device } };
      const page = await store.rows({ ...all, limit, ...after });
      rows.push(...page);
      if (page.length < limit) return rows;
    }
  }

  it('gives whole rows back as they were written, by ts, then device', async () => {
    const rows = await reading([batch(2, { inserts: shuffled })], (store) => store.rows(all));
    expect(rows.map(sorted)).toEqual(ROWS.map(sorted));
  });

  it('gives the rows of a period, from inclusive, to exclusive', async () => {
    const period = { ...all, from: 2_000, to: 4_000 };
    const rows = await reading([batch(2, { inserts: shuffled })], (store) => store.rows(period));
    expect(rows.map(({ ts }) => ts)).toEqual([2_000, ...Array(9).fill(3_000)]);
  });

  it('gives the same rows page by page as at once, whatever the pages are', async () => {
    await reading([batch(2, { inserts: shuffled })], async (store) => {
      for (const limit of [1, 2, 3, 5, 7, ROWS.length]) {
        expect((await paged(store, limit)).map(sorted), `pages of ${limit}`).toEqual(ROWS.map(sorted));
      }
    });
  });

  it('gives a row that was replaced once, as it is now', async () => {
    const corrected = row('WP-2', 1_000, { flags: ['correction'], values: { pressure: 9, battery: 1 } });
    const batches = [batch(2, { inserts: shuffled }), batch(3, { replacements: [corrected] })];
    const rows = await reading(batches, async (store) => {
      await store.rowsAt(KIND, [corrected]);
      return paged(store, 4);
    });
    expect(rows.map(sorted)).toEqual(ROWS.map((each, index) => sorted(index === 1 ? corrected : each)));
  });

  it('gives no rows of a kind that nobody has written, and refuses one that it does not know', async () => {
    await reading([batch(2, { inserts: shuffled })], async (store) => {
      expect(await store.rows({ ...all, kind: 'lighting-controller' })).toEqual([]);
      const unknown = store.rows({ ...all, kind: 'water-presure' });
      await expect(unknown).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringContaining(`mean ${KIND}?`),
      });
    });
  });

  it('gives events back in the order in which they came, page by page', async () => {
    const batches = [batch(2, { events: EVENTS.slice(0, 3) }), batch(3, { events: EVENTS.slice(3) })];
    await reading(batches, async (store) => {
      for (const limit of [1, 2, 3, 100]) {
        const events: HistoryEvent[] = [];
        let after: EventPlace = { at: 0, count: 0 };
        for (;;) {
          const page = await store.events(after, limit);
          events.push(...page);
          const at = page.at(-1)?.at;
          if (at === undefined) break;
          after = { at, count: events.filter((event) => event.at === at).length };
        }
        expect(events, `pages of ${limit}`).toEqual(EVENTS);
        expect(await store.eventsEnd()).toEqual(after);
      }
    });
    expect(await reading([], (store) => store.eventsEnd())).toEqual({ at: 0, count: 0 });
  });

  it('counts the rows since an instant', async () => {
    const counts = await reading([batch(2, { inserts: shuffled })], (store) =>
      Promise.all([0, 1_001, 3_000, 1e12].map((from) => store.count(KIND, from))),
    );
    expect(counts).toEqual([14, 12, 11, 0]);
  });

  it('tells the fields that it keeps of each kind', async () => {
    const kept = await reading([], async (store) => store.kept());
    expect(kept.get(KIND)).toEqual([
      { field: 'pressure', type: 'number', unit: 'MPa' },
      { field: 'battery', type: 'number', unit: '%' },
    ]);
  });

  it('gives nothing while it is closed', async () => {
    const store = make(newPlace());
    await store.open();
    await store.close();
    const unavailable = { code: 'unavailable' };
    await expect(store.rows(all)).rejects.toMatchObject(unavailable);
    await expect(store.events({ at: 0, count: 0 }, 1)).rejects.toMatchObject(unavailable);
    await expect(store.eventsEnd()).rejects.toMatchObject(unavailable);
    expect(() => store.kept()).toThrow('not open');
  });
}

/** Flags are a set. */
function sorted(of: HistoryRow): HistoryRow {
  return { ...of, flags: [...of.flags].sort() };
}
