/** Standard deviations in a median absolute deviation, of what scatters normally. */
const PER_MAD = 1.4826;
/** Decimals of a figure that is told: finer than any sensor here resolves, coarser than the dust of binary fractions. */
const DECIMALS = 1e6;

/** Where values are sorted: one room for all, for a median is asked for with every sample. */
let room = new Float64Array(64);

/** The middle of some values; NaN of none. */
export function medianOf(values: readonly number[]): number {
  return middleOf(values, null);
}

/** How far values scatter about `centre`: a standard deviation that outliers do not move. */
export function spreadOf(values: readonly number[], centre: number): number {
  return PER_MAD * middleOf(values, centre);
}

/** A figure as it is told. */
export function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}

/** The middle of some values, or of how far they lie from `centre`. */
function middleOf(values: readonly number[], centre: number | null): number {
  const count = values.length;
  if (count > room.length) room = new Float64Array(2 * count);
  for (let at = 0; at < count; at++) {
    const value = values[at] as number;
    room[at] = centre === null ? value : Math.abs(value - centre);
  }
  const sorted = room.subarray(0, count).sort();
  const middle = count >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return count % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
