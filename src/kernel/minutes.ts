import { schedule } from 'node-cron';
import type { Timer } from './clock.ts';

/**
 * Calls `run` at the beginning of every minute of the machine's clock. What is then due is for `run` to decide, on the
 * town's clock, from what it has kept: a minute that was missed, or comes twice, must not matter to it.
 */
export function everyMinute(name: string, run: () => void): Timer {
  const task = schedule('* * * * *', run, { name, suppressMissedWarning: true });
  return { stop: () => void task.destroy() };
}
