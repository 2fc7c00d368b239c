import type { SeriesPoint } from '../model/series.ts';
import type { Checkpoint } from './checkpoint.ts';
import { ratesOf } from './lamp-rate.ts';
import { BUCKET_MS, type Bucket, bucketOf, meanOf } from './lighting-record.ts';

/** The record of the lighting rate as points of the series `lighting_rate`: those of the buckets that are over. */
export class LightingSeries {
  readonly series = 'lighting_rate';
  readonly #checkpoint: Checkpoint;

  constructor(checkpoint: Checkpoint) {
    this.#checkpoint = checkpoint;
  }

  /**
   * Points from the instant `from` (ms) on, in the order of time, about `limit` of them, whole buckets only. `next` is where
   * to go on; it is `from` while there is none that is over.
   */
  page(from: number, limit: number): { points: SeriesPoint[]; next: number } {
    const ticked = this.#checkpoint.tickedAt() ?? 0;
    const over = bucketOf(ticked);
    if (from >= over) return { points: [], next: from };
    const groups = this.#checkpoint.groups();
    const span = Math.max(1, Math.floor(limit / Math.max(1, groups.length))) * BUCKET_MS;
    const begin = this.#first(groups, from, over);
    const next = Math.min(over, begin + span);
    const found = groups.flatMap(([group, id]) => [...this.#checkpoint.buckets(group, id, begin, next)]);
    return { points: found.sort((a, b) => a.start - b.start).map(pointOf), next };
  }

  /** Beginning of the first bucket at or after `from`, and `over` when there is none before that. */
  #first(groups: readonly [string, string][], from: number, over: number): number {
    let first = over;
    for (const [group, id] of groups) {
      for (const { start } of this.#checkpoint.buckets(group, id, from, first)) {
        first = start;
        break;
      }
    }
    return first;
  }
}

/** A bucket as a point of the series. */
export function pointOf(bucket: Bucket): SeriesPoint {
  const mean = meanOf(bucket);
  const { expected, lit, out, unknown } = mean;
  return {
    series: 'lighting_rate',
    tags: { group: bucket.group, id: bucket.id },
    ts: bucket.start,
    fields: { expected, lit, out, unknown, ...ratesOf(mean), revision: bucket.revision ?? 1 },
  };
}
