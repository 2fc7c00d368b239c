const STEP_MS = 0.05;
const MOST_MS = 30_000;

/** Counts how long things took, in steps of 0.05 ms up to 30 s, without keeping each one. */
export class Latencies {
  readonly #buckets = new Uint32Array(MOST_MS / STEP_MS + 1);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bucket = Math.min(this.#buckets.length - 1, Math.max(0, Math.floor(ms / STEP_MS)));
    this.#buckets[bucket]!++;
    this.#count++;
  }

  /** The time that a share (0..1) of all stayed within, ms: the upper end of its step; NaN when nothing was counted. */
  percentile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.#buckets.entries()) {
      seen += count;
      if (seen >= wanted) return (bucket + 1) * STEP_MS;
    }
    return Number.NaN;
  }
}
