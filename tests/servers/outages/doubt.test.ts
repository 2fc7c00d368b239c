import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HistoryWriter } from '../../../src/history/writer.ts';
import { TrialClock } from '../../../src/kernel/clock.ts';
import { silentLogger } from '../../../src/kernel/logger.ts';
import type { Sample, Value } from '../../../src/model/sample.ts';
import { HistoryModel } from '../../contract/history-model.ts';
import { crashSamples } from '../../support/crash-samples.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { InfluxPlaces } from '../../support/influx-history.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../../support/influxdb.ts';
import { ListJournal } from '../../support/journal.ts';

const KIND = 'water-pressure';

/** Few devices, instants and values, so that nearly every sample meets another one. */
const SAMPLE: fc.Arbitrary<Sample> = fc
  .record({
    device: fc.constantFrom('WP-1', 'WP-2'),
    ts: fc.integer({ min: 1, max: 8 }),
    values: fc.oneof(
      fc.record({ pressure: fc.constantFrom(0.1, 0.2) }),
      fc.record({ pressure: fc.constantFrom(0.1, 0.2), battery: fc.constantFrom(50, 60) }),
      fc.record({ battery: fc.constantFrom(50, 60) }),
    ),
    time: fc.constantFrom({}, {}, {}, { assigned: true as const }),
  })
  .map(({ device, ts, values, time }) => ({
    device,
    ts,
    kind: KIND,
    values: values as Record<string, Value>,
    ...time,
  }));

const STORY = fc.record({
  /** Whether the server takes no battery, since somebody wrote a text there. */
  conflict: fc.boolean(),
  steps: fc.array(
    fc.record({
      samples: fc.array(SAMPLE, { minLength: 1, maxLength: 14 }),
      /** What becomes of the writes, one after the other; those after the last go through. */
      faults: fc.array(fc.constantFrom('none', 'none', 'none', 'cut', 'kill', 'busy'), { maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

const told = (ts: number, values: Record<string, Value>): Sample => ({ device: 'WP-1', kind: KIND, ts, values });

/** Killed when the half before the refused sample is in, and a repetition of what is in it is yet to come. */
const BETWEEN_HALVES = {
  conflict: true,
  steps: [
    {
      samples: [told(1, { pressure: 0.1 }), told(2, { battery: 50 }), told(1, { pressure: 0.1 })],
      faults: ['none', 'none', 'none', 'kill'] as ('none' | 'kill')[],
    },
  ],
};

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(`a write of unknown outcome to ${influxTitle(version)}`, () => {
    let server: InfluxProcess;
    let proxy: FaultProxy;
    const places = new InfluxPlaces(async () => ({ ...(await server.newBucket()), url: proxy.url }));
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
      proxy = await FaultProxy.start(server.url);
    });
    afterAll(async () => {
      await proxy.stop();
      await server.stop();
      places.remove();
    });

    it('counts every sample once, and makes one point of it, whatever is cut, killed, refused or moved in between', async () => {
      let clashes = 0;
      await fc.assert(
        fc.asyncProperty(STORY, async ({ conflict, steps }) => {
          const [place, journal, model, clock] = [
            places.newPlace(),
            new ListJournal(),
            new HistoryModel(),
            new TrialClock(0),
          ];
          const { bucket } = await places.address(place);
          if (conflict) await server.write(bucket, `${KIND},device=X battery="full" 1`);
          let rejected = 0;
          let moves = 0;
          let killed = false;
          const faults: string[] = [];
          proxy.fault = (path) => {
            if (!path.includes('/write')) return 'none';
            const fault = faults.shift() ?? 'none';
            killed ||= fault === 'kill';
            return fault === 'busy' ? { status: 503 } : fault === 'none' ? 'none' : 'cut';
          };
          const begin = async () => {
            // A device that is somewhere else whenever it is asked for: the same sample, decided again, has other tags.
            const whereabouts = { at: () => ({ area: `area-${moves++}`, road: null, organisation: 'water-company' }) };
            const rejections = {
              rejectedByStore: async () => {
                rejected++;
              },
            };
            const writer = new HistoryWriter(places.at(place), journal, whereabouts, rejections, clock, silentLogger);
            await writer.start();
            return writer;
          };
          let writer = await begin();
          for (const step of steps) {
            for (const sample of step.samples) if (!conflict || !('battery' in sample.values)) model.take(sample);
            faults.push(...step.faults);
            journal.samples(100, ...step.samples);
            while (writer.progress().cursor < journal.end()) {
              clock.advance(250);
              await setImmediate();
              if (!killed) continue;
              killed = false;
              // Nothing is committed after a cut: what lies on the disk is what a kill at that instant leaves.
              await writer.stop(0);
              writer = await begin();
            }
          }
          await writer.stop(0);

          const { counts } = writer.progress();
          expect(counts[KIND] ?? model.counts).toMatchObject({
            ...model.counts,
            rejected: counts[KIND]?.rejected ?? 0,
          });
          const refused = journal.records.filter(
            (record) => conflict && record.type === 'sample' && 'battery' in record.sample.values,
          );
          expect(counts[KIND]?.rejected ?? 0).toBe(refused.length);
          expect(rejected).toBeGreaterThanOrEqual(refused.length);
          clashes += refused.length;
          expect(await server.points(bucket, KIND)).toBe(model.counts.stored - model.counts.merged);
          const store = places.at(place);
          await store.open();
          const identities = [...model.rows.keys()].map((key) => {
            const [device = '', ts] = key.split(' ');
            return { kind: KIND, device, ts: Number(ts) };
          });
          const rows = await store.rowsAt(KIND, identities);
          await store.close();
          const kept = new Map(
            rows.map(({ device, ts, values, flags }) => [`${device} ${ts}`, { values, flags: new Set(flags) }]),
          );
          expect(kept).toEqual(model.rows);
        }),
        { numRuns: 40, examples: [[BETWEEN_HALVES]] },
      );
      expect(clashes).toBeGreaterThan(20);
    });

    it("is made again after kill -9 between the server's answer and the commit, point for point, and counted once", async () => {
      const [place, samples, model] = [places.newPlace(), crashSamples(), new HistoryModel()];
      const address = await places.address(place);
      const script = fileURLToPath(new URL('../support/influx-writer.ts', import.meta.url));
      /** Lets a process write, and kills it when the server has answered its `kill`th write. */
      const write = async (kill: number): Promise<string | null> => {
        let left = kill;
        const child = spawn(process.execPath, ['--import', 'tsx', script, place, JSON.stringify(address)], {
          stdio: ['ignore', 'ignore', 'inherit'],
        });
        proxy.answered = (path) => {
          if (path.includes('/write') && --left === 0) child.kill('SIGKILL');
        };
        const [, signal] = await once(child, 'exit');
        return signal;
      };
      proxy.fault = () => 'none';
      let taken = 0;
      // The writes of a batch are three: the first, one in the middle, the last.
      for (const kill of [1, 2, 3, 5, 0]) {
        expect(await write(kill)).toBe(kill > 0 ? 'SIGKILL' : null);
        const store = places.at(place);
        const { cursor, counts } = await store.open();
        for (const sample of samples.slice(taken, cursor - 1)) model.take(sample);
        taken = cursor - 1;
        if (taken > 0) expect(counts[KIND]).toEqual(model.counts);
        await store.close();
      }
      expect(taken).toBe(samples.length);
      expect(await server.points(address.bucket, KIND)).toBe(model.rows.size);
      expect(Math.min(model.counts.merged, model.counts.duplicate)).toBeGreaterThan(100);
      const store = places.at(place);
      await store.open();
      const identities = [...model.rows.keys()].map((key) => {
        const [device = '', ts] = key.split(' ');
        return { kind: KIND, device, ts: Number(ts) };
      });
      const rows = await store.rowsAt(KIND, identities);
      await store.close();
      expect(new Map(rows.map((row) => [`${row.device} ${row.ts}`, row.values]))).toEqual(
        new Map([...model.rows].map(([key, { values }]) => [key, values])),
      );
    });
  });
});
