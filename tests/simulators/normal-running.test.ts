import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Sun } from '../../simulators/sun.ts';
import { HOUR_MS, lailong, local, MINUTE_MS, type Said, samplesOf, Trial } from './support/town.ts';

const EVENING = local('2026-11-22T16:00');
/** How far photocells disagree with the sun, and how long a lamp's controller takes to be heard. */
const DUSK_MS = 5 * MINUTE_MS;

/** Lamps of the controllers of each group (a road, a village, the whole town). */
const GROUPS = ['road', 'area', 'town'] as const;
const lamps = lailong.devices.filter(({ kind }) => kind === 'lighting-controller');

/** The lowest rate of any group, each lamp as its controller last told it. */
function lowestRate(newest: ReadonlyMap<string, Said>): number {
  const tallies = new Map<string, { lit: number; expected: number }>();
  for (const device of lamps) {
    for (const group of GROUPS) {
      const key = `${group} ${group === 'town' ? '' : device[group]}`;
      const tally = tallies.get(key) ?? { lit: 0, expected: 0 };
      tallies.set(key, tally);
      tally.expected += Number(device.attributes.lamps);
      tally.lit += Number(newest.get(device.id)?.values.lampsLit ?? 0);
    }
  }
  return Math.min(
    ...[...tallies.values()].filter(({ expected }) => expected > 0).map(({ lit, expected }) => lit / expected),
  );
}

describe('in normal running', () => {
  it.each([1, 2, 3])(
    'the lighting rate is at least 0.975 all night, on every road and in every village (seed %i)',
    (seed) => {
      const trial = new Trial(EVENING, { seed, only: 'lighting-controller' });
      const sun = new Sun(lailong.town.location);
      const newest = new Map<string, Said>();
      let nights = 0;
      for (const end = EVENING + 16 * HOUR_MS; trial.clock.now() < end; ) {
        for (const sample of trial.said(MINUTE_MS)) newest.set(sample.device, sample);
        const now = trial.clock.now();
        if (!sun.isDown(now) || !sun.isDown(now - DUSK_MS) || !sun.isDown(now + DUSK_MS)) continue;
        nights++;
        expect(lowestRate(newest)).toBeGreaterThanOrEqual(0.975);
      }
      expect(nights).toBeGreaterThan(12 * 60);
    },
  );

  it('each device speaks once an interval, and ahead of it only for a reason', () => {
    const trial = new Trial(local('2026-11-22T18:00'));
    const byDevice = new Map<string, number[]>();
    for (const { device, at, ts } of trial.said(3 * HOUR_MS)) {
      expect(ts).toBe(at);
      byDevice.set(device, [...(byDevice.get(device) ?? []), at]);
    }
    expect(byDevice.size).toBe(lailong.devices.length);
    for (const { id, reportInterval } of lailong.devices) {
      const instants = byDevice.get(id) ?? [];
      const gaps = new Set(instants.slice(1).map((at, index) => at - (instants[index] ?? 0)));
      expect([id, ...gaps]).toEqual([id, reportInterval * 1000]);
    }
  });

  it('gives every measurement of a device that samples oftener than it reports', () => {
    const devices = lailong.devices
      .filter(({ id }) => id === 'WP-0001')
      .map((device) => ({ ...device, reportInterval: 300, sampleInterval: 60 }));
    const trial = new Trial(EVENING, { inventory: { ...lailong, devices } });
    const reports = trial.reports(HOUR_MS);
    expect(reports.length).toBe(12);
    const samples = reports.flatMap(samplesOf).map(({ ts }) => ts);
    expect(new Set(samples.slice(1).map((ts, index) => ts - (samples[index] ?? 0)))).toEqual(new Set([MINUTE_MS]));
  });
});

describe('the same seed', () => {
  const digest = (trial: Trial, ms: number) =>
    createHash('sha256')
      .update(JSON.stringify(trial.reports(ms)))
      .digest('hex');

  it('gives the same payloads, byte for byte, under the same faults', () => {
    const [one, other] = [new Trial(EVENING), new Trial(EVENING)];
    for (const trial of [one, other]) {
      trial.fault('feeder-outage', 'F-001', HOUR_MS);
      trial.fault('pressure-drop', 'WP-0030', HOUR_MS);
    }
    expect(digest(one, 2 * HOUR_MS)).toBe(digest(other, 2 * HOUR_MS));
  });

  it('gives the same payloads however time is cut up', () => {
    const end = EVENING + 2 * HOUR_MS;
    const inOne = new Trial(EVENING).town.reports(EVENING, end);
    const byMinutes = new Trial(EVENING).reports(end - EVENING);
    const key = ({ connection, at, payload }: (typeof inOne)[number]) => `${connection} ${at} ${payload}`;
    expect(byMinutes.map(key).sort()).toEqual(inOne.map(key).sort());
  });

  it('is another town with another seed', () => {
    expect(digest(new Trial(EVENING), MINUTE_MS)).not.toBe(digest(new Trial(EVENING, { seed: 2 }), MINUTE_MS));
  });
});
