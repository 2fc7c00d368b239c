import { z } from 'zod';

const Counts = z.object({
  received: z.int(),
  stored: z.int(),
  duplicate: z.int(),
  rejected: z.int(),
  pending: z.int(),
});

/** The loss ledger (P2), in samples, since the data directory was made. */
export const Ledger = Counts.extend({
  merged: z.int(),
  balanced: z
    .boolean()
    .meta({ description: 'received = stored + duplicate + rejected + pending, each counted on its own' }),
  since: z.string(),
  fields: z.object({ rejected: z.int(), unknown: z.int() }),
  deadLettersPurged: z.int(),
  byKind: z.record(z.string(), Counts),
  history: z.object({
    store: z.string(),
    state: z.enum(['up', 'down', 'slow']),
    lagSeconds: z.number(),
    backlogBytes: z.int(),
    journalBytes: z.int(),
    journalMaxBytes: z.int(),
  }),
});
export type Ledger = z.infer<typeof Ledger>;
