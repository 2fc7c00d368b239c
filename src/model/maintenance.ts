import { z } from 'zod';
import { Id } from './primitives.ts';

/** What a window is on: an area with all that lies in it, a node with what hangs from it, or a device with what it publishes for. */
export const MaintenanceSubject = z.strictObject({ type: z.enum(['area', 'parent', 'device']), id: Id });
export type MaintenanceSubject = z.infer<typeof MaintenanceSubject>;

/** A stretch of time in which somebody works on devices, and nothing is expected of them. */
export interface Maintenance {
  id: string;
  subject: MaintenanceSubject;
  /** Inclusive, and exclusive; ms. Where it was ended early, `to` is when that was. */
  from: number;
  to: number;
  reason: string;
  /** Who announced it. */
  by: string;
  /** Who ended it before its time; null while nobody has. */
  endedBy: string | null;
}

/** How a window stands to the present. */
export const MAINTENANCE_STATES = ['planned', 'running', 'over'] as const;
export type MaintenanceState = (typeof MAINTENANCE_STATES)[number];

/** How a window stands at `at` (ms). */
export function maintenanceState({ from, to }: Pick<Maintenance, 'from' | 'to'>, at: number): MaintenanceState {
  if (at >= to) return 'over';
  return at < from ? 'planned' : 'running';
}
