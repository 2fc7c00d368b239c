import { z } from 'zod';

/** Settings of the history. */
export const HistorySettings = z.strictObject({
  store: z.enum(['duckdb']).default('duckdb').meta({ description: 'Where readings are kept for years.' }),
  memory: z
    .string()
    .regex(/^\d+(MiB|GiB)$/, 'write 256MiB or 1GiB')
    .default('128MiB')
    .meta({ description: 'Memory that the embedded store may take for queries and buffers.' }),
});
export type HistorySettings = z.infer<typeof HistorySettings>;
