import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { HistoryStore } from '../../src/history/port.ts';
import type { Sample } from '../../src/model/sample.ts';
import { HOUR, KINDS, MINUTE, point, pressure, ReportedTown } from '../reports/support/reported-town.ts';
import { InfluxPlaces } from '../support/influx-history.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../support/influxdb.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';

const START = Date.UTC(2026, 10, 22, 0);

/** Few instants of three points, so that many samples meet another one: late, repeated, corrected, with a replaced time. */
const SAMPLE: fc.Arbitrary<Sample> = fc
  .record({
    device: fc.constantFrom('WP-1', 'WP-2', 'WP-3'),
    step: fc.integer({ min: -6, max: 40 }),
    value: fc.constantFrom(0.1, 0.2, 0.3, 0.6),
    time: fc.constantFrom({}, {}, {}, { assigned: true as const }, { deviceTs: 7 }),
  })
  .map(({ device, step, value, time }) => pressure(device, START + step * 5 * MINUTE, value, time));

const CASE = fc.record({
  batches: fc.array(fc.array(SAMPLE, { minLength: 20, maxLength: 60 }), { minLength: 3, maxLength: 4 }),
  steps: fc.array(fc.constantFrom(0, 20, 70), { minLength: 4, maxLength: 4 }),
  periods: fc.array(fc.tuple(fc.integer({ min: -60, max: 300 }), fc.integer({ min: 1, max: 400 })), {
    minLength: 6,
    maxLength: 6,
  }),
});

type Case = typeof CASE extends fc.Arbitrary<infer C> ? C : never;

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(`the record of compliance in DuckDB and ${influxTitle(version)}`, () => {
    let server: InfluxProcess;
    const places = new InfluxPlaces(() => server.newBucket());
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
    });
    afterAll(async () => {
      await server.stop();
      places.remove();
    });

    /** What a town over this history comes to: the record with its revisions, and answers for periods. */
    async function answersOf(history: HistoryStore, { batches, steps, periods }: Case) {
      const reported = new ReportedTown(START, await temporaryStore(), history);
      await reported.start();
      await reported.register(point('WP-1'), point('WP-2', { parent: 'Z-2' }), point('WP-3', { inService: 'auto' }));
      for (const [index, batch] of batches.entries()) {
        await reported.arrive(...batch);
        await reported.passTo(reported.clock.now() + (steps[index] ?? 0) * MINUTE);
      }
      await reported.passTo(START + 5 * HOUR);
      await reported.record.make();
      const record = await history.series({ series: 'pressure_compliance', from: -1e12, to: 1e13, limit: 1e5 });
      const answers = [];
      for (const group of ['point', 'zone', 'town'] as const) {
        answers.push(await reported.compliance.now(group));
        for (const [from, minutes] of periods) {
          const begin = START + from * MINUTE;
          answers.push(await reported.compliance.past(group, begin, begin + minutes * MINUTE));
        }
      }
      await reported.stop();
      return { record, answers };
    }

    it('and the answers made of it are the same from the same journal', { timeout: 120_000 }, async () => {
      let revised = 0;
      await fc.assert(
        fc.asyncProperty(CASE, async (given) => {
          const embedded = new DuckDbHistory(join(temporaryFolder(), 'history.duckdb'), KINDS, '64MiB');
          const expected = await answersOf(embedded, given);
          expect(await answersOf(places.at(places.newPlace(), KINDS), given)).toEqual(expected);
          revised += expected.record.filter(({ fields }) => Number(fields.revision) > 1).length;
        }),
        { numRuns: 4 },
      );
      expect(revised).toBeGreaterThan(0);
    });
  });
});
