import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EVENTS } from '../../src/history/influx/names.ts';
import { InfluxServer } from '../../src/history/influx/server.ts';
import { InfluxHistory } from '../../src/history/influx/store.ts';
import type { HistoryBatch, HistoryRow, HistoryStore, ReadingsQuery } from '../../src/history/port.ts';
import { RefusedByStore } from '../../src/history/port.ts';
import type { InfluxAddress } from '../../src/history/settings.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { openStore } from '../../src/kernel/store.ts';
import { Kind, type Kinds } from '../../src/model/kind.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { InfluxPlaces } from '../support/influx-history.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../support/influxdb.ts';
import { ListJournal } from '../support/journal.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KIND = 'water-pressure';
const name = { zh: '名', en: 'name' };

function kindsOf(fields: Record<string, object>): Kinds {
  return new Map([[KIND, Kind.parse({ id: KIND, name, reportInterval: 300, fields })]]);
}

function row(ts: number, values: HistoryRow['values'], more: Partial<HistoryRow> = {}): HistoryRow {
  return {
    ...{ kind: KIND, device: 'WP-1', ts, receivedAt: 1, deviceTs: null, seq: null },
    ...{ flags: [], area: null, road: null, organisation: null, values, ...more },
  };
}

function batch(cursor: number, more: Partial<HistoryBatch>): HistoryBatch {
  return { cursor, counts: {}, inserts: [], replacements: [], events: [], ...more };
}

function query(more: Partial<ReadingsQuery> = {}): ReadingsQuery {
  return { kind: KIND, metric: 'pressure', from: 0, to: 1e15, aggregates: [], limit: 1_000, ...more };
}

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(`a history in ${influxTitle(version)}`, () => {
    let server: InfluxProcess;
    const places = new InfluxPlaces(() => server.newBucket());
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
    });
    afterAll(async () => {
      await server.stop();
      places.remove();
    });

    async function during<T>(place: string, kinds: Kinds, use: (store: HistoryStore) => Promise<T>): Promise<T> {
      const store = places.at(place, kinds);
      await store.open();
      try {
        return await use(store);
      } finally {
        await store.close();
      }
    }

    it('keeps one point of a device that moved and is corrected afterwards, with the tags of its time', async () => {
      const [place, journal] = [places.newPlace(), new ListJournal()];
      let area = 'village';
      const write = async () => {
        const whereabouts = { at: () => ({ area, road: 'main-road', organisation: 'water-company' }) };
        const rejections = { rejectedByStore: () => Promise.reject(new Error('nothing is to be rejected')) };
        const store = places.at(place);
        const writer = new HistoryWriter(store, journal, whereabouts, rejections, systemClock, silentLogger);
        await writer.start();
        await writer.stop(60_000);
        return writer.progress().counts[KIND];
      };
      journal.samples(10, { device: 'WP-1', kind: KIND, ts: 5, values: { pressure: 0.3 } });
      await write();
      area = 'park';
      journal.samples(11, { device: 'WP-1', kind: KIND, ts: 5, values: { pressure: 0.4, battery: 80 } });
      journal.samples(12, { device: 'WP-1', kind: KIND, ts: 9, values: { pressure: 0.5 } });
      expect(await write()).toMatchObject({ stored: 3, merged: 1 });
      const { bucket } = await places.address(place);
      const series = await server.ask(`SELECT "pressure", "battery" FROM "${KIND}" GROUP BY *`, bucket);
      const points = series.map(({ tags, values }) => [tags?.area, values]);
      expect(points.sort()).toEqual([
        ['park', [[9, 0.5, null]]],
        ['village', [[5, 0.4, 80]]],
      ]);
    });

    it('is not taken for the same one in another bucket, which would lack the past; nor is the way out forgotten', async () => {
      const [first, second] = [await server.newBucket(), await server.newBucket()];
      const folder = temporaryFolder();
      const opening = async (
        address: InfluxAddress,
        use: (history: HistoryStore) => Promise<unknown> = async () => {},
      ) => {
        const store = await openStore(folder, { sync: false });
        const history = new InfluxHistory(address, store, SMALL_KINDS, systemClock);
        try {
          const state = await history.open();
          await use(history);
          return state;
        } finally {
          await history.close();
          await store.close();
        }
      };
      // Nothing has been kept yet: any bucket will do.
      await opening(first);
      await opening(second);
      await opening(first, (history) =>
        history.commit(batch(2, { inserts: [row(1, { pressure: 1 }, { device: 'WP-0' })] })),
      );
      await opening(first, (history) => history.commit(batch(3, { inserts: [row(2, { pressure: 2 })] })));
      // Half of the past is not the past.
      await server.write(second.bucket, `${KIND},device=WP-0 receivedAt=1i,pressure=1 1`);
      const elsewhere = opening(second);
      await expect(elsewhere).rejects.toMatchObject({ code: 'data-dir-unusable' });
      const words = await elsewhere.catch((error: Error) => error.message);
      for (const part of [first.bucket, second.bucket, 'INFLUX_BUCKET', 'history copy --from influxdb --to duckdb'])
        expect(words).toContain(part);
      expect(await opening(first)).toMatchObject({ cursor: 3 });
    });

    it('is the same one under another address of the server, wherever its points were moved to', async () => {
      const proxy = await FaultProxy.start(server.url);
      onTestFinished(() => proxy.stop());
      const folder = temporaryFolder();
      const store = await openStore(folder, { sync: false });
      onTestFinished(() => store.close());
      const address = await server.newBucket();
      const before = new InfluxHistory(address, store, SMALL_KINDS, systemClock);
      await before.open();
      await before.commit(batch(2, { inserts: [row(1, { pressure: 1 })] }));
      await before.close();
      const moved = new InfluxHistory({ ...address, url: proxy.url }, store, SMALL_KINDS, systemClock);
      proxy.fault = () => 'cut';
      // That cannot be known while it is down, and is asked again.
      await expect(moved.open()).rejects.toThrow('cannot be reached');
      proxy.fault = () => 'none';
      expect(await moved.open()).toMatchObject({ cursor: 2 });
      // From now on that is its address.
      proxy.fault = () => 'cut';
      expect(await moved.open()).toMatchObject({ cursor: 2 });
      await moved.close();
    });

    it('keeps every event of one instant, once, however they are cut into batches', async () => {
      const place = places.newPlace();
      const events = Array.from({ length: 5 }, (_, index) => ({
        ...{ at: 1_000 + Math.floor(index / 4), what: 'device', by: 'files' },
        detail: JSON.stringify({ number: index, text: 'a "quoted" \\ backslash,\nand a line' }),
      }));
      await during(place, SMALL_KINDS, async (store) => {
        await store.commit(batch(2, { events: events.slice(0, 2) }));
        await store.commit(batch(3, { events: events.slice(2) }));
      });
      const { bucket } = await places.address(place);
      const series = await server.ask(`SELECT "detail", "by", "what" FROM "${EVENTS}"`, bucket);
      expect(series[0]?.values).toEqual(events.map(({ at, detail, by, what }) => [at, detail, by, what]));
    });

    it('writes the events of a batch whose rows failed to the same points again', async () => {
      const proxy = await FaultProxy.start(server.url);
      onTestFinished(() => proxy.stop());
      const through = new InfluxPlaces(async () => ({ ...(await server.newBucket()), url: proxy.url }));
      onTestFinished(() => through.remove());
      const place = through.newPlace();
      const events = [1, 2, 3].map((detail) => ({ at: 1_000, what: 'town', by: 'files', detail: String(detail) }));
      const store = through.at(place);
      proxy.fault = (path) => (path.includes('precision=ns') ? 'cut' : 'none');
      await store.open();
      await expect(store.commit(batch(3, { events: events.slice(0, 2) }))).rejects.toThrow('cannot be reached');
      proxy.fault = () => 'none';
      expect(await store.open()).toMatchObject({ cursor: 1 });
      await store.commit(batch(4, { events }));
      await store.close();
      const { bucket } = await through.address(place);
      const series = await server.ask(`SELECT "detail" FROM "${EVENTS}"`, bucket);
      expect(series[0]?.values.map(([, detail]) => detail)).toEqual(['1', '2', '3']);
    });

    it('gives and counts the rows as of the cursor while a write is in doubt', async () => {
      const proxy = await FaultProxy.start(server.url);
      onTestFinished(() => proxy.stop());
      const through = new InfluxPlaces(async () => ({ ...(await server.newBucket()), url: proxy.url }));
      onTestFinished(() => through.remove());
      const place = through.newPlace();
      const store = through.at(place);
      const first = [1, 2, 3].map((ts) => row(ts, { pressure: ts }));
      const corrected = row(2, { pressure: 9 }, { flags: ['correction'] });
      const late = [4, 5].map((ts) => row(ts, { pressure: ts }));
      const all = { kind: KIND, from: 0, to: 1e14 };
      await store.open();
      await store.commit(batch(2, { inserts: first }));
      await store.rowsAt(KIND, [corrected]);
      proxy.fault = (path) => (path.includes('precision=ms') ? 'cut' : 'none');
      const inDoubt = batch(3, { inserts: late, replacements: [corrected] });
      await expect(store.commit(inDoubt)).rejects.toThrow('cannot be reached');
      proxy.fault = () => 'none';
      await store.open();
      expect(
        await server.ask(`SELECT count("pressure") FROM "${KIND}"`, (await through.address(place)).bucket),
      ).toMatchObject([{ values: [[0, 5]] }]);
      // A page is as long as it was asked for, also where some of what lies there does not count.
      for (const limit of [1, 2, 3, 10]) expect(await store.rows({ ...all, limit })).toEqual(first.slice(0, limit));
      expect([await store.count(KIND), await store.count(KIND, 3), await store.count(KIND, 5)]).toEqual([3, 1, 0]);
      await store.commit(inDoubt);
      expect(await store.rows({ ...all, limit: 10 })).toEqual([first[0], corrected, first[2], ...late]);
      expect(await store.count(KIND)).toBe(5);
      await store.close();
    });

    it('keeps metrics apart from what it adds itself, also where they bear the same name', async () => {
      const fields = Object.fromEntries(
        ['seq', 'time', 'device', 'flags'].map((field) => [field, { type: 'number', name }]),
      );
      const values = { seq: 1.5, time: 2.5, device: 3.5, flags: 4.5 };
      const kept = row(7, values, { seq: 12, flags: ['late'], area: 'village' });
      await during(places.newPlace(), kindsOf(fields), async (store) => {
        await store.commit(batch(2, { inserts: [kept] }));
        expect(await store.rowsAt(KIND, [kept])).toEqual([kept]);
        for (const [metric, value] of Object.entries(values)) {
          expect(await store.readings(query({ metric }))).toEqual([{ ts: 7, group: 'WP-1', value }]);
        }
      });
    });

    it('gives readings of one instant in the order of devices, page by page, wherever they stand', async () => {
      const devices = ['WP-5', 'WP-1', 'WP-4', 'WP-2', 'WP-3'];
      const inserts = devices.flatMap((device, index) =>
        [1, 2].map((ts) => row(ts, { battery: index }, { device, area: `area-${index}` })),
      );
      await during(places.newPlace(), SMALL_KINDS, async (store) => {
        await store.commit(batch(2, { inserts }));
        for (const limit of [1, 2, 3, 4, 6]) {
          const found: string[] = [];
          for (let after: ReadingsQuery['after'] | undefined; ; ) {
            // InfluxDB itself orders an instant by device only for metrics that come after "device" in the alphabet.
            const page = await store.readings(
              query({ metric: 'battery', limit, ...(after === undefined ? {} : { after }) }),
            );
            after = page.at(-1);
            if (after === undefined) break;
            for (const { ts, group } of page) found.push(`${ts} ${group}`);
          }
          expect(found).toEqual([1, 2].flatMap((ts) => [1, 2, 3, 4, 5].map((number) => `${ts} WP-${number}`)));
        }
      });
    });

    it('finds rows that lie far apart, and only those that are asked for', async () => {
      const [minute, day] = [60_000, 86_400_000];
      const inserts = Array.from({ length: 600 }, (_, index) =>
        row(
          index < 300 ? index * minute : index * day,
          { pressure: index },
          {
            device: `WP-${index % 7}`,
            area: index % 2 === 0 ? 'village' : null,
          },
        ),
      );
      await during(places.newPlace(), SMALL_KINDS, async (store) => {
        await store.commit(batch(2, { inserts }));
        const wanted = inserts.filter((_, index) => index % 3 === 0);
        const strangers = [
          row(5, {}),
          row(0, {}, { device: 'WP-9' }),
          row(-1e14, {}),
          row(0, {}, { device: "' OR 1=1 --" }),
        ];
        const found = await store.rowsAt(KIND, [...wanted, ...strangers]);
        expect(found.sort((a, b) => a.ts - b.ts)).toEqual(wanted);
        expect(await store.rowsAt('lighting-controller', wanted)).toEqual([]);
      });
    });

    it('may gain a field, keeps what a lost one held, and refuses another meaning of one', async () => {
      const place = places.newPlace();
      const pressure = { type: 'number', unit: 'MPa', name };
      await during(place, kindsOf({ pressure }), (store) =>
        store.commit(batch(2, { inserts: [row(1, { pressure: 0.3 })] })),
      );
      const leak = { type: 'boolean', name };
      await during(place, kindsOf({ leak }), async (store) => {
        await store.commit(batch(3, { inserts: [row(2, { leak: true })] }));
        expect(await store.readings(query())).toEqual([{ ts: 1, group: 'WP-1', value: 0.3 }]);
        expect(await store.rowsAt(KIND, [row(1, {}), row(2, {})])).toHaveLength(2);
      });
      const changed = places.at(place, kindsOf({ pressure: { ...pressure, unit: 'kPa' } }));
      await expect(changed.open()).rejects.toMatchObject({
        code: 'kind-changed',
        message: expect.stringContaining('was in MPa and is now in kPa'),
      });
      await changed.close();
    });

    it.each([
      ['a field of another type', { values: { pressure: true } }],
      ['a half sequence number', { seq: 1.5 }],
      ['no number', { values: { pressure: Number.NaN } }],
      ['a time that no InfluxDB can tell', { ts: 1e13 }],
      ['a tag with a line end', { area: 'a\nb' }],
    ])('refuses %s for good, and takes the next batch', async (_what, bad) => {
      await during(places.newPlace(), SMALL_KINDS, async (store) => {
        const inserts = [row(1, { pressure: 0.3 }), { ...row(2, { pressure: 0.3 }), ...bad }];
        await expect(store.commit(batch(2, { inserts }))).rejects.toBeInstanceOf(RefusedByStore);
        await store.commit(batch(2, { inserts: [row(1, { pressure: 0.3 })] }));
        expect(await store.count(KIND)).toBe(1);
      });
    });

    it('takes a batch of several bodies at once', async () => {
      const proxy = await FaultProxy.start(server.url);
      onTestFinished(() => proxy.stop());
      const through = new InfluxPlaces(async () => ({ ...(await server.newBucket()), url: proxy.url }));
      onTestFinished(() => through.remove());
      const store = through.at(through.newPlace());
      await store.open();
      onTestFinished(() => store.close());
      const inserts = Array.from({ length: 30_000 }, (_, ts) => row(ts, { pressure: 0.3, battery: ts % 100 }));
      await store.commit(batch(2, { inserts }));
      expect(await store.count(KIND)).toBe(30_000);
      const writes = proxy.writes.map(({ at, lines }) => ({ at, lines }));
      expect(writes.length).toBeGreaterThan(2);
      expect(writes.reduce((sum, { lines }) => sum + lines, 0)).toBe(30_000);
    });

    it('answers a reader whom the server keeps waiting that it is unavailable, once it is closed', async () => {
      const proxy = await FaultProxy.start(server.url);
      onTestFinished(() => proxy.stop());
      const through = new InfluxPlaces(async () => ({ ...(await server.newBucket()), url: proxy.url }));
      onTestFinished(() => through.remove());
      const store = through.at(through.newPlace());
      await store.open();
      proxy.fault = () => 'hang';
      const asked = store.readings(query());
      const refused = expect(asked).rejects.toMatchObject({ code: 'unavailable' });
      await store.close();
      await refused;
    });

    it('says in words what a token or user lacks that may only write', async () => {
      const blind = new InfluxPlaces(() => server.newWriteOnlyBucket());
      onTestFinished(() => blind.remove());
      const store = blind.at(blind.newPlace());
      await store.open();
      onTestFinished(() => store.close());
      await store.commit(batch(2, { inserts: [row(1, { pressure: 0.3 })] }));
      await expect(store.readings(query())).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/database not found.*may write to it but not read it|not authorized/),
      });
    });

    it('is reached without an organisation too', async () => {
      const { org: _org, ...address } = await server.newBucket();
      const reached = new InfluxServer({ ...address, url: `${address.url}/` }, systemClock);
      await reached.reach();
      await reached.write(['m,device=a receivedAt=1i 5\n'], 'ms');
      expect(await server.points(address.bucket, 'm')).toBe(1);
    });
  });
});
