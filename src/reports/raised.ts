import type { Device } from '../model/device.ts';
import { fromLocalTime } from '../model/local-time.ts';
import { instant, type Name } from '../model/primitives.ts';
import { POINT_KIND, PRESSURE } from './pressure.ts';

/** Mean pressure of a stretch of time; null where nothing is known of it. */
interface Mean {
  from: string;
  to: string;
  /** MPa. */
  mean: number | null;
  samples: number;
}

/** By how much the pressure of a point lies above that of its baseline (plan task 8). */
export interface RaisedPoint {
  id: string;
  name: Name;
  baseline: Mean;
  period: Mean;
  /** MPa; null where one of the two is not known. */
  raised: number | null;
}

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
    const means = new Map<string, Map<string, Mean>>();
    for (const { baseline } of [...stated, { baseline: { from, to } }]) {
      const key = `${baseline.from} ${baseline.to}`;
      const ids = stated.map(({ device }) => device.id);
      if (!means.has(key) && ids.length > 0) means.set(key, await this.#means(ids, baseline.from, baseline.to));
    }
    return stated.map(({ device: { id, name }, baseline }) => {
      const meanOf = (period: { from: number; to: number }): Mean =>
        means.get(`${period.from} ${period.to}`)?.get(id) ?? {
          ...{ from: instant(period.from), to: instant(period.to), mean: null, samples: 0 },
        };
      const [before, now] = [meanOf(baseline), meanOf({ from, to })];
      const raised = before.mean === null || now.mean === null ? null : rounded(now.mean - before.mean);
      return { id, name, baseline: before, period: now, raised };
    });
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

  async #means(devices: readonly string[], from: number, to: number): Promise<Map<string, Mean>> {
    const found = await this.#history.readings({
      ...{ kind: POINT_KIND, metric: PRESSURE, devices, from, to },
      bucket: { width: to - from, origin: from },
      ...{ aggregates: ['mean', 'count'], groupBy: 'device', limit: devices.length },
    });
    return new Map(
      found.map(({ group, aggregates: { mean = null, count = 0 } = {} }) => [
        group,
        {
          ...{ from: instant(from), to: instant(to), samples: count },
          mean: mean === null ? null : rounded(mean),
        },
      ]),
    );
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
