import { z } from 'zod';
import { Id } from './primitives.ts';

/** Why samples do not count for compliance: 水源短缺, 不可抗力爆管, 计划停水. */
export const ExclusionReason = z.enum(['source-shortage', 'force-majeure-burst', 'planned-shut-off']);
export type ExclusionReason = z.infer<typeof ExclusionReason>;

/** Whose samples: those of a point, or of every point that hung from a zone then. */
export const ExclusionSubject = z.strictObject({ type: z.enum(['point', 'zone']), id: Id });
export type ExclusionSubject = z.infer<typeof ExclusionSubject>;

/** A period that somebody approved to be left out of pressure compliance. */
export interface Exclusion {
  id: string;
  subject: ExclusionSubject;
  reason: ExclusionReason;
  /** Inclusive, and exclusive; ms. */
  from: number;
  to: number;
  /** Who approved it, as the paper says. */
  approver: string;
  /** Who entered it. */
  by: string;
  /** Who took it back: it then excludes nothing. Null while nobody has. */
  withdrawnBy: string | null;
}
