import type { Verdict } from '../model/verdict.ts';
import type { LampCount, LampTally } from './lamp-state.ts';

/** The rates of a count; null where there is nothing to divide by. */
export interface Rates {
  low: number | null;
  high: number | null;
  reported: number | null;
  coverage: number | null;
}

/** The interval that a count allows, the reported figure, and how much of it is known. */
export function ratesOf({ expected, lit, out, unknown }: LampCount): Rates {
  if (expected === 0) return { low: null, high: null, reported: null, coverage: null };
  return {
    low: lit / expected,
    high: (lit + unknown) / expected,
    reported: lit + out === 0 ? null : lit / (lit + out),
    coverage: (lit + out) / expected,
  };
}

/** What a count says of a target: breach only if it cannot be met, ok only if it is met for sure (P8). */
export function verdictOf(
  count: LampCount & Partial<LampTally>,
  target: number,
  isDark: boolean,
): { verdict: Verdict; reason: string | null } {
  const { low, high } = ratesOf(count);
  if (low === null || high === null) return { verdict: 'idle', reason: whyNone(count, isDark) };
  if (high < target) return { verdict: 'breach', reason: null };
  if (low >= target) return { verdict: 'ok', reason: null };
  return { verdict: 'unknown', reason: whyUnknown(count) };
}

/** Why it cannot be told: lamps were switched a moment ago or will be in a moment, or there are too few reports. */
export function whyUnknown({ settling = 0 }: Partial<LampTally>): 'transition' | 'coverage' {
  return settling > 0 ? 'transition' : 'coverage';
}

function whyNone({ offSchedule = 0, maintained = 0 }: Partial<LampTally>, isDark: boolean): string {
  if (offSchedule > 0) return 'off-schedule';
  if (maintained > 0) return 'maintenance';
  return isDark ? 'lamp-plan' : 'daylight';
}
