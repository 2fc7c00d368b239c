import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HistoryStore } from '../../src/history/port.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { Sample, Value } from '../../src/model/sample.ts';
import { ListJournal } from '../support/journal.ts';
import { HistoryModel } from './history-model.ts';

const KIND = 'water-pressure';

/** Few devices, instants and values, so that nearly every sample meets another one. */
const SAMPLE: fc.Arbitrary<Sample> = fc
  .record({
    device: fc.constantFrom('WP-1', 'WP-2', 'WP-3'),
    ts: fc.integer({ min: 1, max: 12 }),
    values: fc
      .record({ pressure: fc.constantFrom(0.1, 0.2), battery: fc.constantFrom(50, 60) }, { requiredKeys: [] })
      .filter((values) => Object.keys(values).length > 0),
    time: fc.constantFrom({}, {}, {}, { assigned: true as const }, { deviceTs: 7 }),
  })
  .map(({ device, ts, values, time }) =>
    // Frozen: a writer that changes a record of the journal throws.
    Object.freeze({ device, ts, kind: KIND, values: Object.freeze({ ...values } as Record<string, Value>), ...time }),
  );

const HISTORY = fc.array(
  fc.record({ samples: fc.array(SAMPLE, { minLength: 1, maxLength: 25 }), restart: fc.boolean() }),
  { minLength: 1, maxLength: 5 },
);

/**
 * P6 as a property; called inside a `describe`. `newPlace` gives what opens one and the same data again and again.
 */
export function identityContract(newPlace: () => () => HistoryStore, numRuns: number): void {
  it('holds P6 for any samples, cut into any batches, with restarts between them', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(HISTORY, async (steps) => {
        const [make, journal, model, clock] = [newPlace(), new ListJournal(), new HistoryModel(), new TrialClock(0)];
        const rejections = { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) };
        const begin = async () => {
          const whereabouts = { at: () => undefined };
          const writer = new HistoryWriter(make(), journal, whereabouts, rejections, clock, silentLogger);
          await writer.start();
          return writer;
        };
        let writer = await begin();
        for (const { samples, restart } of steps) {
          for (const sample of samples) model.take(sample);
          journal.samples(100, ...samples);
          while (!restart && writer.progress().cursor < journal.end()) {
            clock.advance(250);
            await setImmediate();
          }
          if (!restart) continue;
          await writer.stop(60_000);
          writer = await begin();
        }
        await writer.stop(60_000);

        expect(writer.progress()).toMatchObject({ cursor: journal.end(), counts: { [KIND]: model.counts } });
        const store = make();
        await store.open();
        const identities = [...model.rows.keys()].map((key) => {
          const [device = '', ts] = key.split(' ');
          return { kind: KIND, device, ts: Number(ts) };
        });
        const rows = await store.rowsAt(KIND, identities);
        const count = await store.count(KIND);
        await store.close();
        const kept = new Map(
          rows.map(({ device, ts, values, flags }) => [`${device} ${ts}`, { values, flags: new Set(flags) }]),
        );
        expect(kept).toEqual(model.rows);
        expect(count).toBe(model.counts.stored - model.counts.merged);
      }),
      { numRuns },
    );
  });
}
