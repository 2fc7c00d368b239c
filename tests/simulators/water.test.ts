import { describe, expect, it } from 'vitest';
import { HOUR_MS, idsOf, lailong, local, MINUTE_MS, Trial } from './support/town.ts';

const POINTS = idsOf('water-pressure');
const MORNING = local('2026-11-22T07:00');

/** The limit of a point, as the registry has it. */
function limit(device: string, name: 'minPressure' | 'maxPressure'): number {
  return Number(lailong.devices.find(({ id }) => id === device)?.attributes[name]);
}

describe('a pressure drop', () => {
  it.each(['WP-0001', 'WP-0002', 'WP-0030'])(
    'pushes %s below its own limit within five minutes, and no other',
    (id) => {
      const trial = new Trial(MORNING, { only: 'water-pressure' });
      const { from, until } = trial.fault('pressure-drop', id, 20 * MINUTE_MS);
      const said = trial.said(20 * MINUTE_MS);
      const struck = said.filter(({ device, at }) => device === id && at >= from + 5 * MINUTE_MS && at < until);
      expect(struck.length).toBeGreaterThanOrEqual(3);
      for (const { values } of struck) {
        expect(values.pressure).toBeLessThan(limit(id, 'minPressure'));
        expect(values.pressure).toBeGreaterThan(0);
      }
      for (const { device, values } of said.filter((sample) => sample.device !== id))
        expect(values.pressure).toBeGreaterThanOrEqual(limit(device, 'minPressure'));
    },
  );

  it('is made good within a quarter of an hour', () => {
    const trial = new Trial(MORNING, { only: 'water-pressure' });
    trial.fault('pressure-drop', 'WP-0030', 20 * MINUTE_MS);
    trial.said(35 * MINUTE_MS);
    const after = trial.said(10 * MINUTE_MS, 'WP-0030');
    for (const { values } of after) expect(values.pressure).toBeGreaterThan(limit('WP-0030', 'minPressure') + 0.01);
  });

  it('of a zone strikes each of its points', () => {
    const trial = new Trial(MORNING, { only: 'water-pressure' });
    trial.fault('pressure-drop', 'Z-1', 20 * MINUTE_MS);
    trial.said(10 * MINUTE_MS);
    const zone = lailong.devices.filter(({ kind, parent }) => kind === 'water-pressure' && parent === 'Z-1');
    const low = trial
      .said(5 * MINUTE_MS, ...POINTS)
      .filter(({ device, values }) => Number(values.pressure) < limit(device, 'minPressure'));
    expect(new Set(low.map(({ device }) => device))).toEqual(new Set(zone.map(({ id }) => id)));
  });
});

describe('a pressure point', () => {
  it('stays within its own limits all day, winter and summer, whatever the seed', () => {
    for (const [day, seed] of [
      ['2026-01-15', 1],
      ['2026-07-15', 2],
      ['2026-11-22', 3],
    ] as const) {
      const said = new Trial(local(`${day}T00:00`), { seed, only: 'water-pressure' }).said(24 * HOUR_MS);
      expect(new Set(said.map(({ device }) => device)).size).toBe(POINTS.length);
      const outside = said.filter(
        ({ device, values }) =>
          Number(values.pressure) < limit(device, 'minPressure') ||
          Number(values.pressure) > limit(device, 'maxPressure'),
      );
      expect(outside).toEqual([]);
    }
  });

  it('sags when the town draws, at breakfast and at supper', () => {
    const said = new Trial(local('2026-11-22T00:00'), { only: 'water-pressure' }).said(24 * HOUR_MS, 'WP-0030');
    const mean = (from: number, to: number) => {
      const hours = said.filter(
        ({ at }) => at >= local('2026-11-22T00:00') + from * HOUR_MS && at < local('2026-11-22T00:00') + to * HOUR_MS,
      );
      return hours.reduce((sum, { values }) => sum + Number(values.pressure), 0) / hours.length;
    };
    expect(mean(6, 8)).toBeLessThan(mean(2, 4) - 0.02);
    expect(mean(18, 20)).toBeLessThan(mean(14, 16) - 0.02);
  });
});
