import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import { Exporter } from '../../src/history/export/exporter.ts';
import type { HistoryStore, ReadingItem, ReadingsQuery } from '../../src/history/port.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { Kind, type Kinds } from '../../src/model/kind.ts';
import type { Sample, Value } from '../../src/model/sample.ts';
import { InfluxPlaces } from '../support/influx-history.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../support/influxdb.ts';
import { ListJournal } from '../support/journal.ts';
import { readParquet } from '../support/parquet.ts';
import { temporaryFolder } from '../support/temporary.ts';

const name = { zh: '名', en: 'name' };
/** A kind with all that makes a difference: numbers, a switch, and a metric that is called as a field of the history is. */
const KINDS: Kinds = new Map([
  [
    'gas-meter',
    Kind.parse({
      id: 'gas-meter',
      name,
      reportInterval: 60,
      fields: {
        flow: { type: 'number', unit: 'm³/h', name },
        tamper: { type: 'boolean', name },
        seq: { type: 'number', name },
      },
    }),
  ],
]);
const METRICS = ['flow', 'tamper', 'seq'];
const DEVICES = ['GM-1', 'GM-2', 'GM-3', 'GM-4', 'GM-5'];
const AREAS = ['village', 'park', null];
const MINUTE = 60_000;
/** Six hours, before and after 1970: a bucket may begin before anything does. */
const [EARLIEST, LATEST] = [-3 * 60, 3 * 60];

const SAMPLE: fc.Arbitrary<Sample> = fc
  .record({
    device: fc.constantFrom(...DEVICES),
    minute: fc.integer({ min: EARLIEST, max: LATEST }),
    values: fc
      .record(
        { flow: fc.constantFrom(0.1, 0.2, 0.30000000000000004, 1e-7), tamper: fc.boolean(), seq: fc.nat(5) },
        { requiredKeys: [] },
      )
      .filter((values) => Object.keys(values).length > 0),
    time: fc.constantFrom({}, {}, {}, { assigned: true as const }, { deviceTs: 7 }),
  })
  .map(({ device, minute, values, time }) => ({
    ...{ device, kind: 'gas-meter', ts: minute * MINUTE },
    ...{ values: values as Record<string, Value>, ...time },
  }));

const QUERY: fc.Arbitrary<ReadingsQuery> = fc
  .record({
    metric: fc.constantFrom(...METRICS),
    devices: fc.option(fc.subarray(DEVICES, { minLength: 1 })),
    area: fc.option(fc.subarray(['village', 'park'], { minLength: 1 })),
    from: fc.integer({ min: EARLIEST - 10, max: LATEST }),
    span: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constant(1e10)),
    bucket: fc.option(
      fc.record({ width: fc.constantFrom(1, 7, 60, 1440), origin: fc.integer({ min: -2000, max: 2000 }) }),
    ),
    aggregates: fc.subarray(['mean', 'min', 'max', 'count'] as const, { minLength: 1 }),
    groupBy: fc.constantFrom(undefined, 'device' as const, 'area' as const),
    limit: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ devices, area, from, span, bucket, groupBy, ...rest }) => ({
    ...{ kind: 'gas-meter', ...rest, from: from * MINUTE, to: (from + span) * MINUTE },
    ...(devices === null ? {} : { devices }),
    ...(area === null ? {} : { area }),
    ...(bucket === null ? {} : { bucket: { width: bucket.width * MINUTE, origin: bucket.origin * MINUTE } }),
    ...(groupBy === undefined ? {} : { groupBy }),
  }));

const CASE = fc.record({
  batches: fc.array(fc.array(SAMPLE, { minLength: 100, maxLength: 200 }), { minLength: 2, maxLength: 3 }),
  queries: fc.array(QUERY, { minLength: 30, maxLength: 30 }),
});

/** Every page of an answer. */
async function pages(store: HistoryStore, query: ReadingsQuery): Promise<ReadingItem[]> {
  const all: ReadingItem[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await store.readings(
      last === undefined ? query : { ...query, after: { ts: last.ts, group: last.group } },
    );
    if (page.length === 0) return all;
    expect(page.length).toBeLessThanOrEqual(query.limit);
    all.push(...page);
  }
}

/** Means are sums in the store's own order, which differ in the last bits. */
function rounded(items: readonly ReadingItem[]): ReadingItem[] {
  return items.map((item) => {
    const mean = item.aggregates?.mean;
    return mean === undefined
      ? item
      : { ...item, aggregates: { ...item.aggregates, mean: Number(mean.toPrecision(12)) } };
  });
}

/** What a store exports: CSV as it is, and the rows of Parquet as another program reads them. */
async function exported(store: HistoryStore, folder: string) {
  const exporter = new Exporter(store, folder, 0);
  const make = async (format: 'csv' | 'parquet') => {
    const query = { kind: 'gas-meter', from: EARLIEST * MINUTE, to: LATEST * MINUTE, format };
    return (await exporter.make(query, new AbortController().signal)).stream;
  };
  const file = join(folder, 'export.parquet');
  await pipeline(await make('parquet'), createWriteStream(file));
  return { csv: await text(await make('csv')), rows: await readParquet(file) };
}

/** The line of CSV that says the same as a row of Parquet. */
function lineOf(row: Record<string, unknown>): string {
  const cells = Object.values(row).map((value) => (value instanceof Date ? value.toISOString() : (value ?? '')));
  return cells.join(',');
}

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(`DuckDB and ${influxTitle(version)}`, () => {
    let server: InfluxProcess;
    const places = new InfluxPlaces(() => server.newBucket());
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
    });
    afterAll(async () => {
      await server.stop();
      places.remove();
    });

    it('give the same answers, and the same exports, from the same journal', async () => {
      let answers = 0;
      let rows = 0;
      await fc.assert(
        fc.asyncProperty(CASE, async ({ batches, queries }) => {
          const journal = new ListJournal();
          const place = places.newPlace();
          const stores: (() => HistoryStore)[] = [
            () => new DuckDbHistory(join(folder, 'history.duckdb'), KINDS, '64MiB'),
            () => places.at(place, KINDS),
          ];
          const folder = temporaryFolder();
          const whereabouts = {
            at: (device: string, ts: number) => ({
              // It moves at the turn of the year.
              area: AREAS[(DEVICES.indexOf(device) + (ts < 0 ? 0 : 1)) % AREAS.length] as string,
              road: null,
              organisation: 'gas-company',
            }),
          };
          const rejections = { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) };
          for (const batch of batches) {
            journal.samples(100, ...batch);
            for (const make of stores) {
              const writer = new HistoryWriter(make(), journal, whereabouts, rejections, systemClock, silentLogger);
              await writer.start();
              await writer.stop(60_000);
              expect(writer.progress()).toMatchObject({ cursor: journal.end(), error: null });
            }
          }
          const [embedded, remote] = stores.map((make) => make()) as [HistoryStore, HistoryStore];
          const states = [await embedded.open(), await remote.open()];
          try {
            expect(states[1]).toEqual(states[0]);
            for (const query of queries) {
              const [expected, found] = [await pages(embedded, query), await pages(remote, query)];
              expect(rounded(found), JSON.stringify(query)).toEqual(rounded(expected));
              answers += found.length;
            }
            const [table, other] = [await exported(embedded, folder), await exported(remote, folder)];
            expect(other.csv).toBe(table.csv);
            expect(other.rows).toEqual(table.rows);
            expect(table.csv.split('\n').slice(1, -1)).toEqual(table.rows.map(lineOf));
            rows += table.rows.length;
          } finally {
            await embedded.close();
            await remote.close();
          }
        }),
        { numRuns: 5 },
      );
      expect(answers).toBeGreaterThan(1_000);
      expect(rows).toBeGreaterThan(1_000);
    });
  });
});
