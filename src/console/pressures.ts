import type { Bucket, ListedDevice } from './api.ts';
import { newestOfEach } from './newest.ts';

/** A pressure point's newest five-minute mean. */
export interface PointPressure {
  id: string;
  /** MPa. */
  pressure: number;
  /** The point's own lower limit, MPa; null where none is registered. */
  limit: number | null;
}

/** The town's water pressure in a few figures. */
export interface PressureSummary {
  /** Points that reported within the hour, those with the least margin over their limit first. */
  points: PointPressure[];
  /** Points whose newest mean is below their own limit. */
  below: number;
  /** MPa; null when no point reported. */
  min: number | null;
  /** MPa; null when no point reported. */
  median: number | null;
}

/** Sums up buckets of pressure points (`mean` in MPa) against the limits in the registry. */
export function summarise(buckets: readonly Bucket[], devices: readonly ListedDevice[]): PressureSummary {
  const limits = new Map(devices.map((device) => [device.id, device.attributes.minPressure]));
  const points = newestOfEach(buckets)
    .flatMap(({ device: id, mean }): PointPressure[] => {
      const limit = limits.get(id);
      return mean === undefined ? [] : [{ id, pressure: mean, limit: typeof limit === 'number' ? limit : null }];
    })
    .sort((a, b) => margin(a) - margin(b) || a.pressure - b.pressure);
  const ordered = points.map((point) => point.pressure).sort((a, b) => a - b);
  return {
    points,
    below: points.filter((point) => margin(point) < 0).length,
    min: ordered[0] ?? null,
    median: median(ordered),
  };
}

/** MPa above the limit; a point without one has more than any other, and a number, so that two of them compare. */
function margin(point: PointPressure): number {
  return point.limit === null ? Number.MAX_VALUE : point.pressure - point.limit;
}

function median(ordered: readonly number[]): number | null {
  const upper = ordered[Math.floor(ordered.length / 2)];
  const lower = ordered[Math.floor((ordered.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}
