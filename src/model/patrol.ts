import { z } from 'zod';
import { Duration, Id } from './primitives.ts';

const DAY_MS = 86_400_000;
/** A finding is taken that long after it was made, and so long it may hold, ms. */
const OLDEST = 30 * DAY_MS;
const LONGEST = 31 * DAY_MS;
/** How far a patrol's clock may be ahead, ms. */
const AHEAD = 300_000;

/** What a night patrol found of the lamps of a device. */
export interface Patrol {
  device: string;
  /** When they were looked at, ms. */
  ts: number;
  /** How many of them burned. */
  lit: number;
  /** Who looked. */
  by: string;
  /** How long it holds, ms. */
  validFor: number;
}

/** A finding as it is handed in. `lit` is how many lamps burned; of a single lamp also true or false. */
export const PatrolInput = z.strictObject({
  device: Id,
  ts: z.iso
    .datetime({ offset: true, error: 'write an instant with its offset, such as 2026-01-15T20:10:00+08:00' })
    .meta({ description: 'when the lamps were looked at' }),
  lit: z.union([z.boolean(), z.int().min(0).max(1_000)]).meta({
    description: 'how many of its lamps burned; true: all of them, false: none',
  }),
  by: z.string().trim().min(1).max(64).meta({ description: 'who looked' }),
  validFor: Duration.prefault('1d')
    .refine((ms) => ms > 0 && ms <= LONGEST, 'a finding holds for more than nothing, and 31d at most')
    .meta({ description: 'how long it holds, such as 7d' }),
});
export type PatrolInput = z.infer<typeof PatrolInput>;

/** Why a finding of that time (ms) is not taken at `now` (ms); null when it is. */
export function refusalOf(ts: number, now: number): string | null {
  if (ts > now + AHEAD) return 'lies in the future';
  return ts < now - OLDEST ? 'is more than 30 days ago' : null;
}
