import { z } from 'zod';

/** The five verdicts (P8). Only `ok` resolves; silent, unknown and idle never count as compliant. */
export const Verdict = z.enum(['ok', 'breach', 'silent', 'unknown', 'idle']);
export type Verdict = z.infer<typeof Verdict>;

/** From worst to best: a device's verdict is the worst of its rules. */
export const VERDICTS_WORST_FIRST: readonly Verdict[] = ['breach', 'silent', 'unknown', 'ok', 'idle'];
