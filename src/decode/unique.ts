import type { Unique } from './decoder.ts';

/** How many given-out milliseconds are remembered for a device at most: a message may hold 5,000 samples. */
const REMEMBERED = 10_000;
/** What was given out so long ago is forgotten, ms, but for the last few: nothing is shifted onto it by chance. */
const FORGOTTEN_AFTER = 3_600_000;
const ALWAYS_REMEMBERED = 32;

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
    forgetOldest(taken, ts);
    newest = Math.max(newest, ts);
    return ts;
  };
  return { unique, newest: () => newest };
}

function forgetOldest(taken: Set<number>, ts: number): void {
  if (taken.size <= ALWAYS_REMEMBERED) return;
  for (const old of taken) {
    if (taken.size <= REMEMBERED && (taken.size <= ALWAYS_REMEMBERED || old >= ts - FORGOTTEN_AFTER)) return;
    taken.delete(old);
  }
}
