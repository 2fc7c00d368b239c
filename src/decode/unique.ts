import type { Unique } from './decoder.ts';

/** How many given-out milliseconds are remembered for a device: a message may hold 5,000 samples. */
const REMEMBERED = 10_000;

/** A burst of messages without times may have run this far ahead of the clock before a restart, ms. */
const RUN_AHEAD = 60_000;

/**
 * Hands each device its arrival times, none twice. `floor` is the newest time that was given out before the service
 * started (ms): what would fall just below it goes above it, since what was given out there is forgotten.
 */
export function createUnique(floor: number): { unique: Unique; newest: () => number } {
  const given = new Map<string, Set<number>>();
  let newest = floor;
  const unique: Unique = (device, wanted) => {
    let taken = given.get(device);
    if (taken === undefined) {
      taken = new Set();
      given.set(device, taken);
    }
    let ts = wanted <= floor && wanted > floor - RUN_AHEAD ? floor + 1 : wanted;
    while (taken.has(ts)) ts++;
    taken.add(ts);
    if (taken.size > REMEMBERED) {
      for (const old of taken) {
        taken.delete(old);
        break;
      }
    }
    newest = Math.max(newest, ts);
    return ts;
  };
  return { unique, newest: () => newest };
}
