import type { Store, Table } from '../../kernel/store.ts';
import type { Kinds } from '../../model/kind.ts';
import type { Offset } from '../../model/record.ts';
import { type KnownField, keptFields, refuseChanges } from '../fields.ts';
import type { KeptFields, KindCounts } from '../port.ts';
import type { DoubtEntry } from './doubt.ts';

/** How far the history on the server has come. */
export interface Standing {
  cursor: Offset;
  counts: Readonly<Record<string, KindCounts>>;
  /** The newest instant that has events, and how many: their points are told apart by their number within it. */
  events: { at: number; count: number };
}

/** Which bucket of which server it is that the history stands on. */
export interface Place {
  url: string;
  org: string | null;
  bucket: string;
}

const BEGINNING: Standing = { cursor: 1, counts: {}, events: { at: 0, count: 0 } };

/**
 * What an InfluxDB cannot keep in one transaction with its points, kept on this machine: cursor, counts and each
 * device's newest ts, written after the server's answer; and, written before a request goes out, which points it
 * touches. A kill between the answer and the commit leaves that note, and so nothing is counted wrongly afterwards.
 */
export class Progress {
  readonly #store: Store;
  readonly #standing: Table<string, Standing>;
  readonly #places: Table<string, Place>;
  readonly #newest: Table<string, number>;
  readonly #doubt: Table<number, DoubtEntry>;
  readonly #fields: Table<[string, string], Omit<KnownField, 'kind' | 'field'> & { position: number }>;
  #nextDoubt = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#standing = store.table('history.influx');
    this.#places = store.table('history.influx.place');
    this.#newest = store.table('history.influx.newest');
    this.#doubt = store.table('history.influx.doubt');
    this.#fields = store.table('history.influx.fields');
  }

  /**
   * Brings the kept fields to the kinds, and answers them.
   * @throws TownError `kind-changed`
   */
  async bringFields(kinds: Kinds): Promise<KeptFields> {
    const known = this.#knownFields();
    refuseChanges(kinds, known);
    const isKnown = new Set(known.map(({ kind, field }) => `${kind}.${field}`));
    await this.#store.transaction(() => {
      for (const [kind, { fields }] of kinds) {
        for (const [position, [field, { type, unit }]] of Object.entries(fields).entries()) {
          if (isKnown.has(`${kind}.${field}`)) continue;
          this.#fields.put([kind, field], { type, unit: unit ?? null, position });
        }
      }
    });
    return keptFields(kinds, this.#knownFields());
  }

  standing(): Standing {
    return this.#standing.get('now') ?? BEGINNING;
  }

  /** Where the points lie that this is about; null where nobody has noted it. */
  place(): Place | null {
    return this.#places.get('now') ?? null;
  }

  /** Notes where the points lie. */
  notePlace(place: Place): Promise<void> {
    return this.#store.transaction(() => this.#places.put('now', place));
  }

  newest(): Map<string, number> {
    const newest = new Map<string, number>();
    for (const { key, value } of this.#newest.entries()) newest.set(key, value);
    return newest;
  }

  /** What is in doubt, in order. */
  doubts(): DoubtEntry[] {
    const entries: DoubtEntry[] = [];
    for (const { key, value } of this.#doubt.entries()) {
      entries.push(value);
      this.#nextDoubt = key + 1;
    }
    return entries;
  }

  /** Notes what a request will touch; resolves once that is durable. */
  begin(entry: DoubtEntry): Promise<void> {
    return this.#store.transaction(() => this.#doubt.put(this.#nextDoubt++, entry));
  }

  /**
   * Moves on, after the server's answer. `kept` is what was committed while a longer write stays in doubt; null ends all
   * doubt. `alongside` runs in the same transaction.
   */
  commit(
    standing: Standing,
    newest: ReadonlyMap<string, number>,
    kept: DoubtEntry | null,
    alongside: () => void = () => {},
  ): Promise<void> {
    return this.#store.transaction(() => {
      alongside();
      this.#standing.put('now', standing);
      for (const [device, ts] of newest) this.#newest.put(device, ts);
      if (kept !== null) return this.#doubt.put(this.#nextDoubt++, kept);
      for (const key of [...this.#doubt.keys()]) this.#doubt.remove(key);
      this.#nextDoubt = 0;
    });
  }

  /** Forgets where the history stands: what is on the server is no history of this town's any more. */
  forget(): Promise<void> {
    return this.#store.transaction(() => {
      for (const table of [this.#standing, this.#places, this.#newest]) {
        for (const key of [...table.keys()]) table.remove(key);
      }
      for (const key of [...this.#doubt.keys()]) this.#doubt.remove(key);
    });
  }

  #knownFields(): KnownField[] {
    const known = [...this.#fields.entries()].map(({ key: [kind, field], value }) => ({ kind, field, ...value }));
    return known.sort((a, b) => a.position - b.position).map(({ position: _position, ...field }) => field);
  }
}
