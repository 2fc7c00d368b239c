import type { Bucket } from './api.ts';

/** Each device's newest bucket, in no order. */
export function newestOfEach(buckets: readonly Bucket[]): Bucket[] {
  const newest = new Map<string, Bucket>();
  for (const bucket of buckets) {
    const known = newest.get(bucket.device);
    if (known === undefined || Date.parse(known.ts) <= Date.parse(bucket.ts)) newest.set(bucket.device, bucket);
  }
  return [...newest.values()];
}

/** The newest bucket's start, ms, or null when there is none. */
export function newestTime(buckets: readonly Bucket[]): number | null {
  return buckets.length === 0 ? null : Math.max(...buckets.map((bucket) => Date.parse(bucket.ts)));
}
