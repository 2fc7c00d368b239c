import { type Clock, systemClock, TrialClock } from './clock.ts';
import { TownError } from './errors.ts';
import type { Store } from './store.ts';

/** A trial clock that is asked for. */
export interface TrialRequest {
  /** When it begins, ms; null: where it stood, or now. */
  at: number | null;
  /** Town seconds per real second. */
  speed: number;
}

/** The town's clock: `trial` is the same clock where it is one, and null where the town follows the machine. */
export interface TownClock {
  clock: Clock;
  trial: TrialClock | null;
}

/**
 * Opens the clock that the data belong to. A trial clock stands still until it is run or stepped; on a restart it goes on
 * at `lastArrival` (ms, the newest record's), unless the request names a later instant.
 * @throws TownError `clock-mismatch` when the data belong to the other kind of clock
 */
export async function openTownClock(
  store: Store,
  lastArrival: number | null,
  request: TrialRequest | null,
): Promise<TownClock> {
  const table = store.table<string, 'real' | 'trial'>('clock');
  const asked = request === null ? 'real' : 'trial';
  const known = table.get('kind');
  if (known !== undefined && known !== asked) {
    const advice =
      known === 'trial'
        ? 'start with --at or --demo, or set TOWNPULSE_DATA_DIR to another directory'
        : 'start without --at and --demo, or set TOWNPULSE_DATA_DIR to another directory';
    throw new TownError(
      'clock-mismatch',
      `the data directory belongs to a ${known === 'trial' ? 'trial clock' : 'town on the real clock'}: ${advice}`,
    );
  }
  if (known === undefined) await store.transaction(() => table.put('kind', asked));
  if (request === null) return { clock: systemClock, trial: null };
  const trial = new TrialClock(
    Math.max(lastArrival ?? -Infinity, request.at ?? (lastArrival === null ? systemClock.now() : -Infinity)),
  );
  return { clock: trial, trial };
}

/** What time it is in a town that is stopped, ms: where a trial clock stands, and now in any other. */
export function stoppedNow(store: Store, lastArrival: number | null): number {
  const isTrial = store.table<string, 'real' | 'trial'>('clock').get('kind') === 'trial';
  return isTrial && lastArrival !== null ? lastArrival : Math.max(systemClock.now(), lastArrival ?? -Infinity);
}
