import { describe, expect, it } from 'vitest';
import { hasDetector } from '../../simulators/gas.ts';
import { HOUR_MS, idsOf, lailong, local, MINUTE_MS, SECOND_MS, Trial } from './support/town.ts';

const NOON = local('2026-11-22T12:00');
const METER = idsOf('gas-meter', (device) => hasDetector(device, 1))[0] as string;

describe.each([['GR-01'], [METER]])('a gas leak at %s', (id) => {
  it('is told at once when it passes 25 and 50 %LEL', () => {
    const trial = new Trial(NOON);
    const { from } = trial.fault('gas-leak', id, 15 * MINUTE_MS);
    const said = trial.said(5 * MINUTE_MS, id);
    const passed = (level: number) => said.find(({ values }) => Number(values.leak) > level)?.at;
    expect(passed(25)).toBe(from + 30 * SECOND_MS);
    expect(passed(50)).toBeGreaterThanOrEqual(from + 120 * SECOND_MS);
    expect(passed(50)).toBeLessThanOrEqual(from + 150 * SECOND_MS);
  });

  it('clears away when it is stopped, and that is told without waiting for the next report', () => {
    const trial = new Trial(NOON);
    const { until } = trial.fault('gas-leak', id, 15 * MINUTE_MS);
    trial.said(15 * MINUTE_MS);
    const after = trial.said(5 * MINUTE_MS, id);
    const clear = after.find(({ values }) => Number(values.leak) < 20);
    expect(clear?.at).toBeLessThanOrEqual(until + 150 * SECOND_MS);
  });
});

describe('the gas network', () => {
  it('leaks nowhere and stays within its limits through a day', () => {
    const trial = new Trial(local('2026-11-22T00:00'));
    const said = trial.said(24 * HOUR_MS);
    const leaks = said.flatMap(({ values }) => (values.leak === undefined ? [] : [Number(values.leak)]));
    expect(leaks.length).toBeGreaterThan(6 * 1440);
    expect(Math.max(...leaks)).toBeLessThan(20);
    const outside = said.filter(({ device, values: { outletPressure } }) => {
      if (outletPressure === undefined) return false;
      const { minOutlet, maxOutlet } = lailong.devices.find(({ id }) => id === device)?.attributes ?? {};
      return Number(outletPressure) < Number(minOutlet) || Number(outletPressure) > Number(maxOutlet);
    });
    expect(outside).toEqual([]);
    const tripped = said.filter(
      ({ values }) => values.valveOpen === false || values.tamper || values.magnetic || values.slamShut,
    );
    expect(tripped).toEqual([]);
  });

  it('counts volumes that never go back', () => {
    const volumes = new Map<string, number>();
    for (const { device, values } of new Trial(local('2026-11-22T20:00'), { only: 'gas-meter' }).said(30 * HOUR_MS)) {
      expect(Number(values.volume)).toBeGreaterThanOrEqual(volumes.get(device) ?? 0);
      volumes.set(device, Number(values.volume));
    }
    expect(volumes.size).toBe(300);
  });
});
