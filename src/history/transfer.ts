import type { Store, Table } from '../kernel/store.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import type { Offset } from '../model/record.ts';
import { SERIES_NAMES, type SeriesName } from '../model/series.ts';
import { type HistoryRow, type HistoryState, type HistoryStore, type KeptFields, ROWS_PAGE } from './port.ts';

/** A store that is filled from another one: nobody takes it for a history before it is finished. */
export interface TransferTarget {
  store: HistoryStore;
  /** Makes the place empty. */
  begin(): Promise<void>;
  /** Makes the closed store the town's history. Twice is once. */
  finish(): Promise<void>;
}

/** What is copied. A copy goes on only where all of it is the same: a source that has moved on is copied anew. */
interface Task {
  from: string;
  to: string;
  /** ms; nothing before it is copied. */
  since: number;
  /** How far the source had come. */
  cursor: Offset;
  /** Rows of a page: what may be there already after a kill is one page. */
  page: number;
}

/** How far a copy has come. */
interface Mark extends Task {
  /** Whether the target is empty but for what was copied. */
  begun: boolean;
  /** Kinds of which every row is copied. */
  done: string[];
  /** The kind that is being copied, and the last row of it that is there for certain. */
  at: { kind: string; ts: number; device: string; rows: number } | null;
  /** What came of it, once the target is whole and has only to take its place. */
  whole: Transferred | null;
}

/** Rows of a kind in both stores. */
export interface TransferredKind {
  kind: string;
  source: number;
  target: number;
}

/** Events, or points of a series, in both stores. */
export interface TransferredBeside {
  what: string;
  source: number;
  target: number;
}

/** What became of a copy; `finished` is false where counts differ, and the target is no history then. */
export interface Transferred {
  finished: boolean;
  kinds: TransferredKind[];
  beside: TransferredBeside[];
  /** What this run copied. */
  events: number;
  points: number;
}

/** How far a copy is: `what` is a kind, `events` or a series; `total` is 0 where it is not known. */
export interface TransferProgress {
  what: string;
  done: number;
  total: number;
}

/** What a copy is made from. */
export interface TransferParts {
  source: HistoryStore;
  kinds: Kinds;
  /** The target with places for what the source keeps. */
  targetOf(kinds: Kinds): TransferTarget;
  /** ms. */
  since: number;
  /** Where the mark is kept. */
  store: Store;
  progress?: (progress: TransferProgress) => void;
  /** Rows, events or points of a page. */
  page?: number;
}

const MARK = 'mark';

function marksOf(store: Store): Table<string, Mark> {
  return store.table('history.transfer');
}

/** The copy that was begun and is not finished; null when there is none. */
export function unfinishedTransfer(store: Store): { from: string; to: string } | null {
  return marksOf(store).get(MARK) ?? null;
}

/**
 * Copies a history into another store: rows as they are, events, series, and in the end cursor and counts, so that the
 * town goes on there with what waits in the journal. Nothing else uses either store meanwhile.
 * - A kill at any moment leaves a mark, and the same copy goes on from there; it comes to the same.
 * - Nobody takes the target for a history before all of it is there and counted.
 */
export async function transfer(parts: TransferParts): Promise<Transferred> {
  const { source, store } = parts;
  try {
    const state = await source.open();
    const target = parts.targetOf(kindsWith(parts.kinds, source.kept()));
    const run = new Run(parts, target, state);
    const transferred = await run.copy();
    if (!transferred.finished) return transferred;
    await target.finish();
    await store.transaction(() => marksOf(store).remove(MARK));
    return transferred;
  } finally {
    await source.close();
  }
}

class Run {
  readonly #source: HistoryStore;
  readonly #target: TransferTarget;
  readonly #state: HistoryState;
  readonly #store: Store;
  readonly #marks: Table<string, Mark>;
  readonly #progress: (progress: TransferProgress) => void;
  #mark: Mark;
  /** What every batch says of the target until it is whole. */
  #standing: Pick<HistoryState, 'cursor' | 'counts'> = { cursor: 1, counts: {} };

  constructor(
    { source, since, store, progress = () => {}, page = ROWS_PAGE }: TransferParts,
    target: TransferTarget,
    state: HistoryState,
  ) {
    this.#source = source;
    this.#target = target;
    this.#state = state;
    this.#store = store;
    this.#marks = marksOf(store);
    this.#progress = progress;
    const task: Task = { from: source.name, to: target.store.name, since, cursor: state.cursor, page };
    const known = this.#marks.get(MARK);
    this.#mark =
      known !== undefined && isSame(known, task) ? known : { ...task, begun: false, done: [], at: null, whole: null };
  }

  async copy(): Promise<Transferred> {
    if (this.#mark.whole !== null) return this.#mark.whole;
    const { store } = this.#target;
    if (!this.#mark.begun) {
      // The mark is first: from now on nobody starts on the target.
      await this.#remember({});
      await this.#target.begin();
      await this.#remember({ begun: true });
    }
    try {
      const { cursor, counts } = await store.open();
      this.#standing = { cursor, counts };
      const kinds = [...this.#source.kept().keys()];
      for (const kind of kinds) if (!this.#mark.done.includes(kind)) await this.#copyRows(kind);
      const events = await this.#copyEvents();
      let points = 0;
      for (const series of SERIES_NAMES) points += await this.#copySeries(series);
      const counted = await this.#count(kinds);
      const beside = await this.#countBeside();
      const finished = [...counted, ...beside].every(({ source, target }) => source === target);
      const transferred = { finished, kinds: counted, beside, events, points };
      if (!finished) return transferred;
      await this.#commit(this.#state, {});
      await this.#remember({ whole: transferred });
      return transferred;
    } finally {
      await store.close();
    }
  }

  async #copyRows(kind: string): Promise<void> {
    const { since } = this.#mark;
    const total = await this.#source.count(kind, since);
    const begun = this.#mark.at?.kind === kind ? this.#mark.at : null;
    let after: { ts: number; device: string } | null = begun;
    let rows = begun?.rows ?? 0;
    for (let mayBeThere = true; ; mayBeThere = false) {
      const query = { kind, from: since, to: Number.MAX_SAFE_INTEGER, limit: this.#mark.page };
      const page = await this.#source.rows(after === null ? query : { ...query, after });
      await this.#commit(this.#standing, { inserts: mayBeThere ? await this.#missing(kind, page) : page });
      rows += page.length;
      this.#progress({ what: kind, done: rows, total });
      const last = page.at(-1);
      if (last === undefined || page.length < this.#mark.page) break;
      after = { ts: last.ts, device: last.device };
      await this.#remember({ at: { kind, ...after, rows } });
    }
    await this.#remember({ done: [...this.#mark.done, kind], at: null });
  }

  /** Those of a page that a copy which was killed has not brought. */
  async #missing(kind: string, page: readonly HistoryRow[]): Promise<HistoryRow[]> {
    const there = await this.#target.store.rowsAt(kind, page);
    const known = new Set(there.map(({ device, ts }) => `${device}\n${ts}`));
    return page.filter(({ device, ts }) => !known.has(`${device}\n${ts}`));
  }

  /** Where events end is kept with them, so that this needs no mark. */
  async #copyEvents(): Promise<number> {
    let done = 0;
    for (;;) {
      const end = await this.#target.store.eventsEnd();
      const after = end.count === 0 ? { at: Math.max(0, this.#mark.since), count: 0 } : end;
      const events = await this.#source.events(after, this.#mark.page);
      if (events.length === 0) return done;
      await this.#commit(this.#standing, { events });
      done += events.length;
      this.#progress({ what: 'events', done, total: 0 });
    }
  }

  /** Points replace themselves, so that this needs no mark either. */
  async #copySeries(series: SeriesName): Promise<number> {
    const query = { series, from: this.#mark.since, to: Number.MAX_SAFE_INTEGER, limit: this.#mark.page };
    let done = 0;
    for (let page = await this.#source.series(query); page.length > 0; ) {
      await this.#target.store.keep(page);
      done += page.length;
      this.#progress({ what: series, done, total: 0 });
      const after = page.at(-1);
      page = after === undefined ? [] : await this.#source.series({ ...query, after });
    }
    return done;
  }

  async #count(kinds: readonly string[]): Promise<TransferredKind[]> {
    const counted: TransferredKind[] = [];
    for (const kind of kinds) {
      const [source, target] = [this.#source, this.#target.store].map((store) => store.count(kind, this.#mark.since));
      counted.push({ kind, source: (await source) ?? 0, target: (await target) ?? 0 });
    }
    return counted;
  }

  async #countBeside(): Promise<TransferredBeside[]> {
    const { since } = this.#mark;
    const [source, target] = [await this.#source.countBeside(since), await this.#target.store.countBeside(since)];
    const names = ['events', ...SERIES_NAMES] as const;
    return names.map((what) => ({ what, source: source[what], target: target[what] }));
  }

  #commit(
    { cursor, counts }: Pick<HistoryState, 'cursor' | 'counts'>,
    { inserts = [], events = [] }: { inserts?: readonly HistoryRow[]; events?: HistoryEvents },
  ): Promise<void> {
    return this.#target.store.commit({ cursor, counts, inserts, replacements: [], events });
  }

  #remember(change: Partial<Mark>): Promise<void> {
    this.#mark = { ...this.#mark, ...change };
    return this.#store.transaction(() => this.#marks.put(MARK, this.#mark));
  }
}

type HistoryEvents = Awaited<ReturnType<HistoryStore['events']>>;

function isSame(mark: Mark, task: Task): boolean {
  return (Object.keys(task) as (keyof Task)[]).every((key) => mark[key] === task[key]);
}

/** The kinds, with every kind and field that a store keeps of old. */
function kindsWith(kinds: Kinds, kept: KeptFields): Kinds {
  const all = new Map<string, Kind>(kinds);
  for (const [id, fields] of kept) {
    const name = { zh: id, en: id };
    const kind = kinds.get(id) ?? {
      id,
      name,
      reportInterval: 1,
      power: 'always',
      fields: {},
      attributes: {},
      groupSums: [],
    };
    const old = fields
      .filter(({ field }) => !Object.hasOwn(kind.fields, field))
      .map(({ field, type, unit }) => [field, { type, name, ...(unit === null ? {} : { unit }) }]);
    if (old.length > 0 || !kinds.has(id))
      all.set(id, { ...kind, fields: { ...kind.fields, ...Object.fromEntries(old) } });
  }
  return all;
}
