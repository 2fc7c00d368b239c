import { z } from 'zod';
import { Duration } from '../model/primitives.ts';

/** Settings of the clock of a sample. */
export const DecodeSettings = z.strictObject({
  maxAge: Duration.prefault('30d').meta({ description: 'How old a sample may be when it arrives.' }),
  maxAhead: Duration.prefault('5m').meta({ description: 'How far in the future its time may lie.' }),
});
export type DecodeSettings = z.infer<typeof DecodeSettings>;

/** Settings of the dead letters. */
export const DeadLetterSettings = z.strictObject({
  maxBytes: z.coerce
    .number()
    .int()
    .min(1_048_576)
    .default(1024 ** 3)
    .meta({ description: 'Past it the oldest dead letters go; their counts stay.' }),
  keep: Duration.prefault('30d').meta({ description: 'How long dead letters stay.' }),
});
