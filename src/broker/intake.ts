import type { Store, Table } from '../kernel/store.ts';
import type { Decoded } from '../model/decoded.ts';
import { instant } from '../model/primitives.ts';

/** What the gate counted since the data directory was made. */
export interface IntakeCounts {
  kinds: Record<string, { received: number; rejected: number }>;
  fieldsRejected: number;
  fieldsUnknown: number;
  /** The newest time that was given to a sample which had none, ms. */
  newestGiven: number;
}

/** A field that its kind does not know: how often it came, and the last example. */
export interface UnknownFieldCount {
  kind: string;
  field: string;
  count: number;
  example: string;
}

const UNKNOWN_FIELDS_PER_KIND = 200;
/** Where a kind is counted that the town does not have: a gateway may name one after another for its children. */
const NO_KIND = 'unknown';

/** The gate's half of the loss ledger: written in the transaction that makes the samples durable (P2). */
export class Intake {
  readonly #kinds: { has(kind: string): boolean };
  readonly #counts: Table<string, IntakeCounts>;
  readonly #unknown: Table<[string, string], { count: number; example: string }>;

  constructor(store: Store, kinds: { has(kind: string): boolean }) {
    this.#kinds = kinds;
    this.#counts = store.table('ledger.intake');
    this.#unknown = store.table('fields.unknown');
  }

  counts(): IntakeCounts {
    return this.#counts.get('all') ?? { kinds: {}, fieldsRejected: 0, fieldsUnknown: 0, newestGiven: 0 };
  }

  /** The kind that what could not be used of a message is counted under; `kind` is its topic's. */
  countedAs(kind: string): string {
    return this.#kinds.has(kind) ? kind : NO_KIND;
  }

  /**
   * What was counted as one rejected sample under `kind` was replayed, and came to this. What the history had rejected is
   * taken back here, too: of that kind there may be fewer than none here (P2: rejected - 1, pending + 1). Call it inside a
   * transaction.
   */
  replayed(kind: string, decoded: Decoded): void {
    const counts = this.counts();
    const row = counts.kinds[kind] ?? { received: 0, rejected: 0 };
    counts.kinds[kind] = { received: row.received - 1, rejected: row.rejected - 1 };
    this.#counts.put('all', counts);
    this.count([{ kind, decoded }], counts.newestGiven);
  }

  /** Counts decoded messages; `kind` is the topic's, for what no device could be found of. Call it inside a transaction. */
  count(messages: readonly { kind: string; decoded: Decoded }[], newestGiven: number): void {
    const counts = this.counts();
    const of = (kind: string) => {
      counts.kinds[kind] ??= { received: 0, rejected: 0 };
      return counts.kinds[kind];
    };
    for (const { kind, decoded } of messages) {
      for (const sample of decoded.samples) of(sample.kind).received++;
      if (decoded.rejected.length > 0) {
        const row = of(this.countedAs(kind));
        row.received += decoded.rejected.length;
        row.rejected += decoded.rejected.length;
      }
      counts.fieldsRejected += decoded.fields.length;
      counts.fieldsUnknown += decoded.unknown.length;
      for (const { kind: of, field, example } of decoded.unknown) this.#countUnknown(of, field, example);
    }
    counts.newestGiven = Math.max(counts.newestGiven, newestGiven);
    this.#counts.put('all', counts);
  }

  unknownFields(): UnknownFieldCount[] {
    return [...this.#unknown.entries()].map(({ key, value }) => ({ kind: key[0], field: key[1], ...value }));
  }

  #countUnknown(kind: string, field: string, example: string): void {
    const key: [string, string] = [kind, field];
    const known = this.#unknown.get(key);
    // Names come from the wire: past the bound new ones are only counted in the sum.
    if (
      known === undefined &&
      this.#unknown.count({ start: [kind, ''], end: [kind, '\uffff'] }) >= UNKNOWN_FIELDS_PER_KIND
    )
      return;
    this.#unknown.put(key, { count: (known?.count ?? 0) + 1, example });
  }
}

/** Since when it is counted, an instant of the town: `now` the first time, and that ever after. */
export async function countsSince(store: Store, now: number): Promise<string> {
  const table = store.table<string, string>('created');
  const known = table.get('at') ?? instant(now);
  if (table.get('at') === undefined) await store.transaction(() => table.put('at', known));
  return known;
}
