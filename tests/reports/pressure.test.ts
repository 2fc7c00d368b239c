import { describe, expect, it } from 'vitest';
import type { DeviceInput } from '../../src/model/device.ts';
import type { Stretch } from '../../src/model/stretch.ts';
import { applyDefaults } from '../../src/registry/check.ts';
import { countPoint, limitsOf, type PressureRow, ratesOf, verdictOf } from '../../src/reports/pressure.ts';
import { HOUR, KINDS, MINUTE, point } from './support/reported-town.ts';

const device = (more: Partial<DeviceInput> = {}) => applyDefaults(point('WP-1', more), KINDS);
const stretch = (more: Partial<DeviceInput> = {}, from = 0, to = HOUR): Stretch => {
  return { from, to, device: device(more), isRegistered: true };
};
const row = (minute: number, pressure: number, flags: PressureRow['flags'] = []): PressureRow => {
  return { device: 'WP-1', ts: minute * MINUTE, flags, values: { pressure } };
};

describe('the limits of a point', () => {
  it.each([
    [
      { minPressure: 0.2, maxPressure: 0.5 },
      { min: 0.2, max: 0.5 },
    ],
    [{ role: 'end' }, { min: 0.14, max: Infinity }],
    [
      { role: 'end', minPressure: 0.28 },
      { min: 0.28, max: Infinity },
    ],
    [
      { role: 'trunk', maxPressure: 0.5 },
      { min: -Infinity, max: 0.5 },
    ],
    [{ role: 'trunk' }, null],
    [{}, null],
  ])('of %j are %j', (attributes, limits) => {
    expect(limitsOf(device({ attributes }))).toEqual(limits);
  });
});

describe('the samples of a point in an hour', () => {
  it('are in bounds on the limits themselves', () => {
    const rows = [row(0, 0.2), row(5, 0.5), row(10, 0.1999), row(15, 0.5001)];
    expect(countPoint([stretch()], rows, Infinity, null)).toEqual({ valid: 4, inBounds: 2, expected: 12 });
  });

  it('do not count with a time that was replaced, or without a pressure', () => {
    const rows = [row(0, 0.3, ['clock', 'late']), row(5, 0.3, ['late', 'correction']), { ...row(9, 0), values: {} }];
    expect(countPoint([stretch()], rows, Infinity, null)).toEqual({ valid: 1, inBounds: 1, expected: 12 });
  });

  it('are held against the limits of their own time', () => {
    const parts = [stretch({}, 0, 30 * MINUTE), stretch({ attributes: { minPressure: 0.4 } }, 30 * MINUTE, HOUR)];
    const rows = [row(29, 0.3), row(30, 0.3), row(31, 0.45)];
    expect(countPoint(parts, rows, Infinity, null)).toEqual({ valid: 3, inBounds: 2, expected: 12 });
  });

  it('are expected in service only, and nothing of a point without limits', () => {
    const inService = { from: 20 * MINUTE, to: 40 * MINUTE };
    const rows = [row(19, 0.3), row(20, 0.3), row(39, 0.3), row(40, 0.3)];
    expect(countPoint([stretch({ inService })], rows, Infinity, null)).toEqual({ valid: 2, inBounds: 2, expected: 4 });
    const retired = { ...stretch(), device: { ...device(), retiredAt: 0 } };
    const nothing = { valid: 0, inBounds: 0, expected: 0 };
    expect(countPoint([retired], rows, Infinity, null)).toEqual(nothing);
    expect(countPoint([stretch({ attributes: {} })], rows, Infinity, null)).toEqual(nothing);
    expect(countPoint([stretch({ inService: 'auto' })], rows, Infinity, null)).toEqual(nothing);
    expect(countPoint([stretch({ inService: 'auto' })], rows, Infinity, 20 * MINUTE)).toEqual({
      ...{ valid: 3, inBounds: 3, expected: 8 },
    });
  });

  it('are expected by the sample interval, and by the report interval only once they must have arrived', () => {
    const slow = stretch({ sampleInterval: 600, reportInterval: 1_800 });
    expect(countPoint([slow], [], Infinity, null).expected).toBe(6);
    expect(countPoint([slow], [], HOUR, null).expected).toBe(3);
    expect(countPoint([slow], [row(50, 0.3)], 0, null).expected).toBe(1);
  });

  it('are expected as often as they came, when they come more often than the registry says', () => {
    const rows = Array.from({ length: 60 }, (_, minute) => row(minute, 0.3));
    expect(countPoint([stretch()], rows, Infinity, null)).toEqual({ valid: 60, inBounds: 60, expected: 60 });
  });

  it('are expected in parts as in the whole, wherever it is cut', () => {
    const odd = { sampleInterval: 420 };
    for (let cut = 1; cut < 60; cut += 7) {
      const parts = [stretch(odd, 0, cut * MINUTE), stretch(odd, cut * MINUTE, HOUR)];
      expect(countPoint(parts, [], Infinity, null)).toEqual(countPoint([stretch(odd)], [], Infinity, null));
    }
  });
});

describe('the verdict', () => {
  it.each([
    [{ valid: 288, inBounds: 285, expected: 288 }, 'ok'],
    [{ valid: 100, inBounds: 97, expected: 100 }, 'ok'],
    [{ valid: 100, inBounds: 96, expected: 100 }, 'breach'],
    [{ valid: 50, inBounds: 50, expected: 100 }, 'unknown'],
    [{ valid: 99, inBounds: 96, expected: 100 }, 'unknown'],
    [{ valid: 50, inBounds: 46, expected: 100 }, 'breach'],
    [{ valid: 0, inBounds: 0, expected: 100 }, 'unknown'],
    [{ valid: 0, inBounds: 0, expected: 0 }, 'idle'],
  ])('of %j against 97 %% is %s', (count, verdict) => {
    expect(verdictOf(ratesOf(count), 0.97)).toBe(verdict);
  });
});
