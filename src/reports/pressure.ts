import type { Device } from '../model/device.ts';
import { withLimits } from '../model/limits.ts';
import type { SampleFlag, Value } from '../model/sample.ts';
import type { Stretch } from '../model/stretch.ts';
import type { Verdict } from '../model/verdict.ts';

/** The kind of device that is judged, and its field. */
export const POINT_KIND = 'water-pressure';
export const PRESSURE = 'pressure';

/** A row of the history, as far as it is looked at. */
export interface PressureRow {
  device: string;
  ts: number;
  flags: readonly SampleFlag[];
  values: Readonly<Record<string, Value>>;
}

/** Samples of a point, zone or town over some time; `valid` ≤ `expected`. */
export interface PressureCount {
  valid: number;
  inBounds: number;
  expected: number;
}

/** What a count comes to; null where there is nothing to divide by. */
export interface PressureRates {
  low: number | null;
  high: number | null;
  rate: number | null;
  coverage: number | null;
}

/** A point's own limits, MPa; null when it has none, and is not judged. */
export function limitsOf(device: Device): { min: number; max: number } | null {
  const { minPressure, maxPressure } = withLimits(device);
  const min = typeof minPressure === 'number' ? minPressure : null;
  const max = typeof maxPressure === 'number' ? maxPressure : null;
  return min === null && max === null ? null : { min: min ?? -Infinity, max: max ?? Infinity };
}

/**
 * Counts the samples of one point in `stretches`, which lie within one hour. Each sample is held against the limits of its
 * own time; one whose time was replaced counts nowhere. Expected is one for each multiple of the sample interval in
 * service, as far as it must have arrived at `now`, and at least as many as are valid: so counts of hours may be added up.
 * `firstReport` is when a point that is in service from its first report began; null when it has not.
 */
export function countPoint(
  stretches: readonly Stretch[],
  rows: readonly PressureRow[],
  now: number,
  firstReport: number | null,
): PressureCount {
  const count: PressureCount = { valid: 0, inBounds: 0, expected: 0 };
  for (const { from, to, device, isRegistered } of stretches) {
    const limits = limitsOf(device);
    if (limits === null) continue;
    const service = serviceOf(device, firstReport);
    const [begin, end] = [Math.max(from, service.from), Math.min(to, service.to)];
    for (const { ts, flags, values } of rows) {
      const pressure = values[PRESSURE];
      if (typeof pressure !== 'number' || ts < begin || ts >= end || flags.includes('clock')) continue;
      count.valid++;
      if (pressure >= limits.min && pressure <= limits.max) count.inBounds++;
    }
    const arrived = Math.min(end, now - device.reportInterval * 1_000);
    if (isRegistered) count.expected += multiplesIn(begin, arrived, device.sampleInterval * 1_000);
  }
  count.expected = Math.max(count.expected, count.valid);
  return count;
}

/** Adds one count to another. */
export function addCount(to: PressureCount, { valid, inBounds, expected }: PressureCount): void {
  to.valid += valid;
  to.inBounds += inBounds;
  to.expected += expected;
}

/** The interval that a count allows, the bureau's figure, and how much of it is known. */
export function ratesOf({ valid, inBounds, expected }: PressureCount): PressureRates {
  if (expected === 0) return { low: null, high: null, rate: null, coverage: null };
  return {
    low: inBounds / expected,
    high: (inBounds + expected - valid) / expected,
    rate: valid === 0 ? null : inBounds / valid,
    coverage: valid / expected,
  };
}

/** What rates say of a target: breach only if it cannot be met, ok only if it is met for sure (P8). */
export function verdictOf({ low, high }: PressureRates, target: number): Verdict {
  if (low === null || high === null) return 'idle';
  if (high < target) return 'breach';
  return low >= target ? 'ok' : 'unknown';
}

function serviceOf({ inService, retiredAt }: Device, firstReport: number | null): { from: number; to: number } {
  if (retiredAt !== null) return { from: Infinity, to: -Infinity };
  if (inService === 'always') return { from: -Infinity, to: Infinity };
  if (inService === 'auto') return { from: firstReport ?? Infinity, to: Infinity };
  return { from: inService.from ?? -Infinity, to: inService.to ?? Infinity };
}

/** How many multiples of `step` lie from `from` to before `to`: over stretches that follow each other they add up. */
function multiplesIn(from: number, to: number, step: number): number {
  return to <= from ? 0 : Math.ceil(to / step) - Math.ceil(from / step);
}
