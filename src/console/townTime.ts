import type { TownClock } from './api.ts';
import type { Polled } from './usePolling.ts';

/**
 * The town's time when this machine's is `machineNow`: the last answer carried on at its speed. While the clock can't be
 * read it stands at the last answer, since nobody knows whether the town's clock went on.
 */
export function townTime(clock: Pick<Polled<TownClock>, 'value' | 'at' | 'error'>, machineNow: number): number | null {
  if (clock.value === null || clock.at === null) return null;
  const answered = Date.parse(clock.value.now);
  if (clock.error !== null) return answered;
  return answered + Math.max(0, machineNow - clock.at) * clock.value.speed;
}
