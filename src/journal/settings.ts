import { z } from 'zod';
import { Duration } from '../model/primitives.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Settings of the journal. */
export const JournalSettings = z.strictObject({
  maxBytes: z.coerce
    .number()
    .int()
    .min(65_536)
    .default(8 * GIB)
    .meta({ description: 'Bound of the bytes that a consumer has not passed; at it, devices have to wait (P5).' }),
  keep: Duration.prefault('48h').meta({ description: 'How long passed records stay, for exact replay.' }),
  keepBytes: z.coerce
    .number()
    .int()
    .min(0)
    .default(2 * GIB)
    .meta({ description: 'How many bytes of them stay at most.' }),
});
export type JournalSettings = z.infer<typeof JournalSettings>;

/** Settings of the disk that the journal lies on. */
export const DiskSettings = z.strictObject({
  floor: z.coerce
    .number()
    .int()
    .min(64 * MIB)
    .default(512 * MIB)
    .meta({ description: 'Bytes of the disk that are kept free; below them, devices have to wait (P5).' }),
});
export type DiskSettings = z.infer<typeof DiskSettings>;
