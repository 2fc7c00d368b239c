import { z } from 'zod';
import type { SeriesPoint } from './series.ts';

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
  imported: z.int().meta({
    description:
      'rows that `townpulse history import` brought; beside the ledger: rows in history = stored − merged + imported, less what retention let go',
  }),
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

/** What each part counted on its own; the ledger only puts them side by side. */
export interface LedgerParts {
  /** By the gate, in the transactions that made the samples durable. */
  intake: {
    kinds: Record<string, { received: number; rejected: number }>;
    fieldsRejected: number;
    fieldsUnknown: number;
  };
  /** By the history writer, with its cursor. */
  history: Record<string, { stored: number; merged: number; duplicate: number; rejected: number; imported?: number }>;
  /** Counted between that cursor and the journal's end. */
  pending: Record<string, number>;
}

/** The ledger's counts, in all and by kind. `balanced` compares sums that were counted apart, so it can be false. */
export function balance(
  parts: LedgerParts,
): Pick<
  Ledger,
  'received' | 'stored' | 'merged' | 'duplicate' | 'rejected' | 'pending' | 'imported' | 'balanced' | 'byKind'
> {
  const kinds = new Set([
    ...Object.keys(parts.intake.kinds),
    ...Object.keys(parts.history),
    ...Object.keys(parts.pending),
  ]);
  const byKind: Ledger['byKind'] = {};
  const sum = { received: 0, stored: 0, duplicate: 0, rejected: 0, pending: 0 };
  let merged = 0;
  const imported = Object.values(parts.history).reduce((all, counts) => all + (counts.imported ?? 0), 0);
  let balanced = true;
  for (const kind of [...kinds].sort()) {
    const intake = parts.intake.kinds[kind] ?? { received: 0, rejected: 0 };
    const history = parts.history[kind] ?? { stored: 0, merged: 0, duplicate: 0, rejected: 0 };
    const row = {
      received: intake.received,
      stored: history.stored,
      duplicate: history.duplicate,
      rejected: intake.rejected + history.rejected,
      pending: parts.pending[kind] ?? 0,
    };
    byKind[kind] = row;
    merged += history.merged;
    balanced &&= row.received === row.stored + row.duplicate + row.rejected + row.pending;
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += row[key];
  }
  return { ...sum, merged, imported, balanced, byKind };
}

/** The ledger as points of the series `ledger` at `at` (ms); `history` is what its writer counted. */
export function ledgerPoints(ledger: Ledger, history: LedgerParts['history'], at: number): SeriesPoint[] {
  const { lagSeconds, backlogBytes, journalBytes } = ledger.history;
  const point = (kind: string, counts: z.infer<typeof Counts>, more: SeriesPoint['fields']): SeriesPoint => {
    const { received, stored, duplicate, rejected, pending } = counts;
    const fields = { received, stored, merged: history[kind]?.merged ?? 0, duplicate, rejected, pending, ...more };
    return { series: 'ledger', tags: { kind }, ts: at, fields };
  };
  const none = { lagSeconds: null, backlogBytes: null, journalBytes: null };
  return [
    point('all', ledger, { merged: ledger.merged, lagSeconds, backlogBytes, journalBytes }),
    ...Object.entries(ledger.byKind).map(([kind, counts]) => point(kind, counts, none)),
  ];
}

/** Where the ledger is read from, all at one moment. */
export interface LedgerSources {
  since: string;
  intake: LedgerParts['intake'];
  history: {
    cursor: number;
    counts: LedgerParts['history'];
    state: Ledger['history']['state'];
  };
  journal: {
    countSamples(from: number): Record<string, number>;
    bytesFrom(offset: number): number;
    liveBytes(): number;
  };
  letters: { purged(): number };
  store: string;
  lagSeconds: number;
  journalMaxBytes: number;
}

/** The ledger as it stands. */
export function ledgerOf(sources: LedgerSources): Ledger {
  const { since, intake, history, journal, letters, store, lagSeconds, journalMaxBytes } = sources;
  const { cursor, counts, state } = history;
  return {
    ...balance({ intake, history: counts, pending: journal.countSamples(cursor) }),
    since,
    fields: { rejected: intake.fieldsRejected, unknown: intake.fieldsUnknown },
    deadLettersPurged: letters.purged(),
    history: {
      ...{ store, state, lagSeconds, journalMaxBytes },
      ...{ backlogBytes: journal.bytesFrom(cursor), journalBytes: journal.liveBytes() },
    },
  };
}
