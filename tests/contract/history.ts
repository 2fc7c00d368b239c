import { describe, expect, it } from 'vitest';
import type { HistoryStore } from '../../src/history/port.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { Sample, Value } from '../../src/model/sample.ts';
import { ListJournal } from '../support/journal.ts';
import { identityContract } from './history-identity.ts';
import { readingsContract } from './history-readings.ts';
import { rowsContract } from './history-rows.ts';
import { seriesContract } from './history-series.ts';

const KIND = 'water-pressure';
const WHEREABOUTS = {
  at: (device: string, ts: number) => ({
    area: device === 'WP-1' ? 'village' : 'park',
    road: ts < 5 ? null : 'main-road',
    organisation: 'water-company',
  }),
};

function sample(device: string, ts: number, values: Record<string, Value>, more: Partial<Sample> = {}): Sample {
  return { device, kind: KIND, ts, values, ...more };
}

/**
 * What every history store must do under the writer. `make` gives a store over the place it names: asked twice with the
 * same place it gives the same data again. The kinds are SMALL_KINDS.
 */
export function historyContract(name: string, make: (place: string) => HistoryStore, newPlace: () => string): void {
  /** Opens a writer, lets it take all that the journal holds, and closes it: what a start and a stop do. */
  async function drain(place: string, journal: ListJournal) {
    const rejected: { offset: number; detail: string }[] = [];
    const rejections = {
      rejectedByStore: async ({ offset }: { offset: number }, detail: string) => {
        rejected.push({ offset, detail });
      },
    };
    const writer = new HistoryWriter(make(place), journal, WHEREABOUTS, rejections, new TrialClock(0), silentLogger);
    await writer.start();
    await writer.stop(60_000);
    return { ...writer.progress(), rejected };
  }

  async function using<T>(place: string, use: (store: HistoryStore) => Promise<T>): Promise<T> {
    const store = make(place);
    await store.open();
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  async function rowsAt(place: string, ...identities: [device: string, ts: number][]) {
    const wanted = identities.map(([device, ts]) => ({ kind: KIND, device, ts }));
    const rows = await using(place, (store) => store.rowsAt(KIND, wanted));
    return rows.sort((a, b) => a.ts - b.ts || (a.device < b.device ? -1 : 1));
  }

  describe(`history in ${name}`, () => {
    it('keeps new samples, and knows its cursor, counts and newest when opened again', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      journal.samples(10, sample('WP-1', 1, { pressure: 0.31 }), sample('WP-2', 2, { pressure: 0.32 }));
      const counts = { [KIND]: { stored: 2, merged: 0, duplicate: 0, rejected: 0 } };
      expect(await drain(place, journal)).toMatchObject({ cursor: 3, counts });
      const store = make(place);
      const state = await store.open();
      await store.close();
      expect(state).toEqual({
        cursor: 3,
        counts,
        newest: new Map([
          ['WP-1', 1],
          ['WP-2', 2],
        ]),
      });
    });

    it('begins with nothing', async () => {
      const store = make(newPlace());
      expect(await store.open()).toEqual({ cursor: 1, counts: {}, newest: new Map() });
      await store.close();
    });

    it('tells where it stands as often as it is opened', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      journal.samples(10, sample('WP-1', 1, { pressure: 0.31 }));
      await drain(place, journal);
      await using(place, async (store) => {
        expect((await store.open()).cursor).toBe(2);
        expect(await store.count(KIND)).toBe(1);
      });
    });

    it('counts a sample that says nothing new as a duplicate, in one batch and across batches', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      journal.samples(10, sample('WP-1', 5, { pressure: 0.31, battery: 50 }), sample('WP-1', 5, { pressure: 0.31 }));
      await drain(place, journal);
      journal.samples(11, sample('WP-1', 5, { battery: 50 }));
      const { counts } = await drain(place, journal);
      expect(counts[KIND]).toEqual({ stored: 1, merged: 0, duplicate: 2, rejected: 0 });
      expect(await using(place, (store) => store.count(KIND))).toBe(1);
    });

    it('lays fields over a row, keeps absent ones, and flags what changed a value', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      journal.samples(10, sample('WP-1', 5, { pressure: 0.31 }), sample('WP-1', 9, { pressure: 0.4 }));
      await drain(place, journal);
      journal.samples(11, sample('WP-1', 5, { battery: 80 }), sample('WP-1', 9, { pressure: 0.41 }, { seq: 3 }));
      const { counts } = await drain(place, journal);
      expect(counts[KIND]).toEqual({ stored: 4, merged: 2, duplicate: 0, rejected: 0 });
      expect(await rowsAt(place, ['WP-1', 5], ['WP-1', 9])).toMatchObject([
        { values: { pressure: 0.31, battery: 80 }, flags: ['late'], receivedAt: 10 },
        { values: { pressure: 0.41 }, flags: ['correction'], receivedAt: 10, seq: 3 },
      ]);
      expect(await using(place, (store) => store.count(KIND))).toBe(2);
    });

    it('keeps with a reading when it came, what the device said, and where and whose the device was then', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      journal.samples(10, sample('WP-1', 9, { pressure: 0.31 }, { seq: 7 }));
      journal.samples(12, sample('WP-1', 3, { pressure: 0.3 }, { deviceTs: -5 }));
      await drain(place, journal);
      const place9 = { area: 'village', road: 'main-road', organisation: 'water-company' };
      expect(await rowsAt(place, ['WP-1', 9], ['WP-1', 3])).toEqual([
        {
          ...{ kind: KIND, device: 'WP-1', ts: 3, receivedAt: 12, deviceTs: -5, seq: null },
          ...{ flags: ['clock', 'late'], ...place9, road: null, values: { pressure: 0.3 } },
        },
        {
          ...{ kind: KIND, device: 'WP-1', ts: 9, receivedAt: 10, deviceTs: null, seq: 7 },
          ...{ flags: [], ...place9, values: { pressure: 0.31 } },
        },
      ]);
    });

    it('never takes a sample for a redelivery whose time was given at the gate', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      journal.samples(10, sample('WP-1', 10, { pressure: 0.31 }));
      journal.samples(11, sample('WP-1', 10, { pressure: 0.31 }, { assigned: true }));
      journal.samples(12, sample('WP-1', 10, { battery: 9 }, { deviceTs: 1 }));
      const { counts } = await drain(place, journal);
      expect(counts[KIND]).toEqual({ stored: 3, merged: 2, duplicate: 0, rejected: 0 });
      expect(await rowsAt(place, ['WP-1', 10])).toMatchObject([
        { values: { pressure: 0.31, battery: 9 }, flags: ['clock'], deviceTs: 1 },
      ]);
    });

    it('rejects samples that it has no place for, one by one, and keeps the others', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      for (let ts = 1; ts <= 40; ts++) journal.samples(10, sample('WP-1', ts, { pressure: 0.3 }));
      journal.samples(11, { device: 'X-1', kind: 'no-such-kind', ts: 50, values: { pressure: 0.3 } });
      journal.samples(12, sample('WP-1', 51, { pressure: true }), sample('WP-1', 52, { pressure: 0.3, colour: 3 }));
      journal.samples(13, sample('WP-1', 53, { pressure: 0.3 }));
      const { counts, rejected, cursor } = await drain(place, journal);
      expect(rejected.map(({ offset }) => offset)).toEqual([41, 42, 43]);
      expect(cursor).toBe(45);
      expect(counts).toEqual({
        [KIND]: { stored: 41, merged: 0, duplicate: 0, rejected: 2 },
        'no-such-kind': { stored: 0, merged: 0, duplicate: 0, rejected: 1 },
      });
      expect(await using(place, (store) => store.count(KIND))).toBe(41);
    });

    it('keeps values to the last bit', async () => {
      const [place, journal] = [newPlace(), new ListJournal()];
      const numbers = [0.1 + 0.2, 5e-324, -1.797e308, 2 ** 53 - 1, 1 / 3];
      journal.samples(10, ...numbers.map((pressure, index) => sample('WP-1', index + 1, { pressure })));
      await drain(place, journal);
      const rows = await rowsAt(place, ...numbers.map((_, index): [string, number] => ['WP-1', index + 1]));
      expect(rows.map(({ values }) => values.pressure)).toEqual(numbers);
    });

    identityContract(() => {
      const place = newPlace();
      return () => make(place);
    }, 20);

    describe('series', () => seriesContract(newPlace, make));

    describe('reading back', () => readingsContract(() => make(newPlace())));
    describe('whole rows', () => rowsContract(make, newPlace));
  });
}
