import type { Device } from '../model/device.ts';
import { fromLocalTime, localTime } from '../model/local-time.ts';
import { instant, type Name } from '../model/primitives.ts';
import { POINT_KIND, PRESSURE } from './pressure.ts';

/** Mean pressure of a stretch of time; null where nothing is known of it. */
interface Mean {
  from: string;
  to: string;
  /** MPa. */
  mean: number | null;
  samples: number;
  /** Samples that were to come, by the point's sample interval. */
  expected: number;
  /** samples / expected, at most 1. */
  coverage: number;
}

/** Below this coverage of either period nothing is said (P8). */
export const RAISED_COVERAGE = 0.8;

/** By how much the pressure of a point lies above that of its baseline (plan task 8). */
export interface RaisedPoint {
  id: string;
  name: Name;
  baseline: Mean;
  period: Mean;
  /** MPa; null where it cannot be told. */
  raised: number | null;
  /** Why it cannot: the period is not of whole days, as its baseline is, or too few samples are there of one of the two. */
  reason: 'hours' | 'coverage' | null;
}

/** What the history knows of a point over a stretch of time. */
type Known = Pick<Mean, 'mean' | 'samples'>;

/** The readings, as far as means are read. */
export interface MeanBook {
  readings(query: {
    kind: string;
    metric: string;
    devices: readonly string[];
    from: number;
    to: number;
    bucket: { width: number; origin: number };
    aggregates: readonly ('mean' | 'count')[];
    groupBy: 'device';
    limit: number;
  }): Promise<{ group: string; aggregates?: { mean?: number; count?: number } }[]>;
}

/** Says by how much pressure was raised, of the points whose baseline the registry states. */
export class Raised {
  readonly #points: { list(filter: { kind: string }): Device[] };
  readonly #history: MeanBook;
  readonly #timeZone: string;

  /** `timeZone` is the town's. */
  constructor(points: { list(filter: { kind: string }): Device[] }, history: MeanBook, timeZone: string) {
    this.#points = points;
    this.#history = history;
    this.#timeZone = timeZone;
  }

  /** Of a period, `from` inclusive, `to` exclusive, ms; by id. @throws TownError `unavailable` while the history cannot be read */
  async over(from: number, to: number): Promise<RaisedPoint[]> {
    const stated = this.#points.list({ kind: POINT_KIND }).flatMap((device) => {
      const baseline = device.retiredAt === null ? this.#baselineOf(device) : null;
      return baseline === null ? [] : [{ device, baseline }];
    });
    // Most points of a town share a baseline: each is read once.
    const means = new Map<string, Map<string, Known>>();
    for (const { baseline } of [...stated, { baseline: { from, to } }]) {
      const key = `${baseline.from} ${baseline.to}`;
      const ids = stated.map(({ device }) => device.id);
      if (!means.has(key) && ids.length > 0) means.set(key, await this.#means(ids, baseline.from, baseline.to));
    }
    const areHoursAlike = this.#timeOfDay(from) === this.#timeOfDay(to);
    return stated.map(({ device: { id, name, sampleInterval }, baseline }) => {
      const meanOf = (period: { from: number; to: number }): Mean => {
        const { mean, samples } = means.get(`${period.from} ${period.to}`)?.get(id) ?? { mean: null, samples: 0 };
        const expected = Math.max(1, Math.floor((period.to - period.from) / (sampleInterval * 1_000)));
        const coverage = rounded(Math.min(1, samples / expected));
        return { from: instant(period.from), to: instant(period.to), mean, samples, expected, coverage };
      };
      const [before, now] = [meanOf(baseline), meanOf({ from, to })];
      const shown = { id, name, baseline: before, period: now };
      // Pressure goes up and down with the hour: a mean of evenings is no match for one of whole days.
      if (!areHoursAlike) return { ...shown, raised: null, reason: 'hours' };
      const isCovered = Math.min(before.coverage, now.coverage) >= RAISED_COVERAGE;
      if (!isCovered || before.mean === null || now.mean === null)
        return { ...shown, raised: null, reason: 'coverage' };
      return { ...shown, raised: rounded(now.mean - before.mean), reason: null };
    });
  }

  #timeOfDay(at: number): string {
    return localTime(at, this.#timeZone).slice('2026-01-15T'.length);
  }

  /** The days of a baseline, ms; null where none is stated, or none that can be. */
  #baselineOf({ attributes: { baselineFrom, baselineTo } }: Device): { from: number; to: number } | null {
    const from = fromLocalTime(`${baselineFrom}T00:00`, this.#timeZone);
    // Both days belong to it.
    const last = Date.parse(`${baselineTo}T00:00Z`) + 86_400_000;
    if (Number.isNaN(from) || Number.isNaN(last)) return null;
    const to = fromLocalTime(new Date(last).toISOString().slice(0, 16), this.#timeZone);
    return from < to ? { from, to } : null;
  }

  async #means(devices: readonly string[], from: number, to: number): Promise<Map<string, Known>> {
    const found = await this.#history.readings({
      ...{ kind: POINT_KIND, metric: PRESSURE, devices, from, to },
      bucket: { width: to - from, origin: from },
      ...{ aggregates: ['mean', 'count'], groupBy: 'device', limit: devices.length },
    });
    return new Map(
      found.map(({ group, aggregates: { mean = null, count = 0 } = {} }) => [
        group,
        { mean: mean === null ? null : rounded(mean), samples: count },
      ]),
    );
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
