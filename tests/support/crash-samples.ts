import type { Sample, Value } from '../../src/model/sample.ts';

/** Samples of the crash test, the same whenever they are asked for: a hundred devices, with late, repeated and corrected ones. */
export function crashSamples(): Sample[] {
  return Array.from({ length: 60_000 }, (_, index) => {
    // An instant whose own sample came in time, so that the late one meets its row.
    const late = index % 10 === 3 ? 701 : 0;
    const origin = Math.max(0, index - late);
    const values: Record<string, Value> = { pressure: (origin % 97) / 100 };
    if (late > 0 && index % 3 === 0) values.pressure = 2;
    if (index % 7 === 0) values.battery = 50;
    return { device: `WP-${origin % 100}`, kind: 'water-pressure', ts: 1_000 + origin, values };
  });
}
