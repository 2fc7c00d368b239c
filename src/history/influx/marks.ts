import type { Store, Table } from '../../kernel/store.ts';
import type { Offset } from '../../model/record.ts';
import type { Identity } from '../port.ts';
import { beginningOf, DAY, type Horizons, NOTHING_ROLLED_UP, type Piece } from '../rollups.ts';

/** Days of one kind, in which something came late for these devices. */
export interface LateDay {
  kind: string;
  day: number;
  devices: string[];
}

/** Where the rolling-up stands. */
interface RolledUp {
  /** Everything before it is rolled up, or in `pending`. */
  until: number;
  /** What is being rolled up, or was when a kill came: it is made, or made again. */
  pending: Piece | null;
}

interface Horizon {
  from: number;
  /** Whether the server was told, and said yes. */
  isGone: boolean;
}

/**
 * How far the readings on a server are rolled up and let go, kept on this machine. A piece is noted before it is made: so
 * whatever the writer settles from then on for the time before its end is noted as late, and nothing falls in between.
 */
export class Marks {
  readonly #store: Store;
  readonly #origin: number;
  readonly #rolledUp: Table<string, RolledUp>;
  /** The offset after the batch that last brought something for the day. */
  readonly #late: Table<[kind: string, day: number, device: string], Offset>;
  readonly #horizons: Table<string, Horizon>;

  constructor(store: Store, origin: number) {
    this.#store = store;
    this.#origin = origin;
    this.#rolledUp = store.table('history.influx.rolledUp');
    this.#late = store.table('history.influx.late');
    this.#horizons = store.table('history.influx.horizons');
  }

  rolledUp(): RolledUp {
    return this.#rolledUp.get('now') ?? { until: NOTHING_ROLLED_UP, pending: null };
  }

  begin(piece: Piece): Promise<void> {
    return this.#store.transaction(() => this.#rolledUp.put('now', { until: piece.until, pending: piece }));
  }

  finish(): Promise<void> {
    return this.#store.transaction(() => this.#rolledUp.put('now', { ...this.rolledUp(), pending: null }));
  }

  /** Notes the days of what comes after its buckets were rolled up; within the transaction that moves the cursor. */
  noteLate(rows: Iterable<Identity>, cursor: Offset): void {
    const { until } = this.rolledUp();
    for (const { kind, device, ts } of rows) {
      if (ts < until) this.#late.put([kind, beginningOf(ts, DAY, this.#origin), device], cursor);
    }
  }

  /** Some devices of one late day, `most` of them; and how to say that they are done. */
  late(most: number): { late: LateDay; done(): Promise<void> } | null {
    const noted: [key: [string, number, string], cursor: Offset][] = [];
    for (const { key, value } of this.#late.entries({ limit: most })) {
      const [first] = noted;
      if (first !== undefined && (first[0][0] !== key[0] || first[0][1] !== key[1])) break;
      noted.push([key, value]);
    }
    const [first] = noted;
    if (first === undefined) return null;
    const [[kind, day]] = first;
    const done = () =>
      this.#store.transaction(() => {
        // What came again meanwhile stays noted.
        for (const [key, cursor] of noted) if (this.#late.get(key) === cursor) this.#late.remove(key);
      });
    return { late: { kind, day, devices: noted.map(([[, , device]]) => device) }, done };
  }

  /** What was let go, or is about to be. */
  horizons(): Horizons {
    return Object.fromEntries([...this.#horizons.entries()].map(({ key, value }) => [key, value.from]));
  }

  /** Of what is asked for, that which is not gone yet; a horizon never goes back. */
  toDrop(wanted: Horizons): Horizons {
    const found: Horizons = {};
    for (const [what, from] of Object.entries(wanted) as [keyof Horizons, number][]) {
      const known = this.#horizons.get(what);
      if (known === undefined || from > known.from) found[what] = from;
      else if (!known.isGone) found[what] = known.from;
    }
    return found;
  }

  /** Notes horizons before the server is told (`isGone` false), and once it has said yes. */
  setHorizons(horizons: Horizons, isGone: boolean): Promise<void> {
    return this.#store.transaction(() => {
      for (const [what, from] of Object.entries(horizons)) this.#horizons.put(what, { from, isGone });
    });
  }

  /** Forgets all of it: what is on the server is rolled up anew. */
  forget(): Promise<void> {
    return this.#store.transaction(() => {
      for (const table of [this.#rolledUp, this.#horizons]) for (const key of [...table.keys()]) table.remove(key);
      for (const key of [...this.#late.keys()]) this.#late.remove(key);
    });
  }
}
