import { z } from 'zod';

/** Why a sample, a field or a whole message could not be used (closed list, CONTRACT.md §3). */
export const DeadLetterReason = z.enum([
  'malformed',
  'too-large',
  'too-deep',
  'too-many-fields',
  'too-many-samples',
  'empty',
  'unknown-device',
  'not-your-device',
  'wrong-kind',
  'retired',
  'type',
  'unit',
  'out-of-range',
  'store-rejected',
]);
export type DeadLetterReason = z.infer<typeof DeadLetterReason>;
