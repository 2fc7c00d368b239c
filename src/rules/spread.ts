/** Standard deviations in a median absolute deviation, of what scatters normally. */
const PER_MAD = 1.4826;

/** The middle of some values; NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** How far values scatter about `centre`: a standard deviation that outliers do not move. */
export function spreadOf(values: readonly number[], centre: number): number {
  return PER_MAD * medianOf(values.map((value) => Math.abs(value - centre)));
}
