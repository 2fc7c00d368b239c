import type { Point } from '../kernel/points.ts';
import type { Field } from '../model/kind.ts';
import type { Offset } from '../model/record.ts';
import type { SampleFlag, Value } from '../model/sample.ts';
import type { SeriesName, SeriesPoint } from '../model/series.ts';
import type { Horizons } from './rollups.ts';

/** What makes a row one and the same: a device of a kind, and an instant (ms). */
export interface Identity {
  kind: string;
  device: string;
  ts: number;
}

/** A reading as the history keeps it: one row for one device and instant. */
export interface HistoryRow extends Identity {
  /** Arrival of the sample that made the row, ms. */
  receivedAt: number;
  deviceTs: number | null;
  seq: number | null;
  /** The flags of every sample that is in the row. */
  flags: readonly SampleFlag[];
  /** Where and whose the device was at `ts`. */
  area: string | null;
  road: string | null;
  organisation: string | null;
  values: Readonly<Record<string, Value>>;
}

/** What became of the samples of a kind. Rows in history = stored − merged + imported (P6), less what was let go. */
export interface KindCounts {
  stored: number;
  /** Of the stored ones, those laid over a row that was there. */
  merged: number;
  duplicate: number;
  /** Refused by the store for good. */
  rejected: number;
  /** Rows that an import brought, beside the ledger: they never passed the gate. Absent while there are none. */
  imported?: number;
}

/** Something that happened to the town or the service, kept beside the readings. */
export interface HistoryEvent {
  /** Arrival time, ms. */
  at: number;
  /** What changed (`device`, `town`, `rulebook`), or `away` for an outage of the service itself. */
  what: string;
  by: string;
  /** JSON. */
  detail: string;
}

/** What one commit brings. */
export interface HistoryBatch {
  /** The offset after the last record that the batch answers for. */
  cursor: Offset;
  /** Sums of every kind since the store was made, after this batch. */
  counts: Readonly<Record<string, KindCounts>>;
  inserts: readonly HistoryRow[];
  /** Whole rows that take the place of those with the same identity. */
  replacements: readonly HistoryRow[];
  events: readonly HistoryEvent[];
}

/** Where the store stands when it is opened. */
export interface HistoryState {
  cursor: Offset;
  counts: Record<string, KindCounts>;
  /** Each device's newest ts. */
  newest: Map<string, number>;
}

/** How the values of a bucket are put together. */
export type Aggregate = 'mean' | 'min' | 'max' | 'count';

/** Which readings to read; `from` is inclusive, `to` exclusive, ms. */
export interface ReadingsQuery {
  kind: string;
  metric: string;
  devices?: readonly string[];
  /** In one of these areas. */
  area?: readonly string[];
  from: number;
  to: number;
  /**
   * Width of a bucket in ms, and an instant at which one begins: the caller puts it at the town's midnight, so that days
   * are the town's days. Without it: the readings themselves.
   */
  bucket?: { width: number; origin: number };
  aggregates: readonly Aggregate[];
  /** What buckets are told apart by; readings themselves are told apart by device. */
  groupBy?: 'device' | 'area';
  limit: number;
  /** The last item of the page before. */
  after?: { ts: number; group: string };
}

/** One reading of a device (its `group`), or one bucket of a group; switches count as 0 and 1 in a bucket. */
export interface ReadingItem {
  /** Of a bucket: its beginning. */
  ts: number;
  /** '' where nothing was asked to be told apart, and for readings of no area. */
  group: string;
  /** The metric's value; absent in a bucket. */
  value?: Value;
  aggregates?: Partial<Record<Aggregate, number>>;
}

/** Rows of a page that are worth asking for at a time: of more, DuckDB sorts all that there are. */
export const ROWS_PAGE = 5_000;

/** Which rows to read: whole, of one kind; `from` is inclusive, `to` exclusive, ms. */
export interface RowsQuery {
  kind: string;
  /** Of these only; of all unless said. */
  devices?: readonly string[];
  from: number;
  to: number;
  limit: number;
  /** The last row of the page before. */
  after?: { ts: number; device: string };
}

/** Which rows to write into a file: of one kind; `from` is inclusive, `to` exclusive, whole ms. */
export type RowsFileQuery = Pick<RowsQuery, 'kind' | 'from' | 'to'>;

/** A place among the events: past everything before the instant `at` (ms), and past `count` events of that instant. */
export interface EventPlace {
  at: number;
  count: number;
}

/** A field of a kind as a store keeps it. */
export interface KeptField {
  field: string;
  type: Field['type'];
  unit: string | null;
}

/** The fields that are kept of each kind, in a lasting order: those of the kind, and those it once had. */
export type KeptFields = ReadonlyMap<string, readonly KeptField[]>;

/** Which points of a series are meant; `from` is inclusive, `to` exclusive, ms. */
export interface SeriesSelection {
  series: SeriesName;
  /** By tag: only points with one of these values. */
  where?: Readonly<Record<string, readonly string[]>>;
  from: number;
  to: number;
}

/** Which points to read. */
export interface SeriesQuery extends SeriesSelection {
  limit: number;
  /** The last point of the page before. */
  after?: Pick<SeriesPoint, 'ts' | 'tags'>;
}

/** Which numbers of points to add up, for each value of the tag `by`. */
export interface SeriesSumsQuery extends SeriesSelection {
  by: string;
  fields: readonly string[];
}

/** What the points with one value of a tag come to. */
export interface SeriesSums {
  /** The tag's value. */
  key: string;
  sums: Readonly<Record<string, number>>;
}

/** Thrown by a store for a batch that it will never take, whoever tries again. Anything else thrown is worth trying again. */
export class RefusedByStore extends Error {
  override readonly name = 'RefusedByStore';
}

/** Thrown by a store that says itself when to come back: nobody is to try again before `waitMs` of real time are over. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly waitMs: number;

  constructor(message: string, waitMs: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** What a copy of the readings holds. */
export interface HistoryCopy {
  cursor: Offset;
  counts: Readonly<Record<string, KindCounts>>;
  /** By kind, counted in the copy; null where they lie on a server of their own, and nothing was copied. */
  rows: Readonly<Record<string, number>> | null;
}

/** Events, and points of series. */
export type CountsBeside = Readonly<Record<'events' | SeriesName, number>>;

/** What a store is told besides where it lies. */
export interface StoreOptions {
  /** The town's midnight of 1 January 1970, ms: days and months are counted from there. UTC's unless said. */
  origin?: number;
  point?: Point;
}

/**
 * A store of readings. Who is the same sample as whom is decided by the writer, once for all stores (P6); a store only
 * keeps. The writer awaits each call before the next one; what reads, and `keep`, may come at any time.
 */
export interface HistoryStore {
  /** What it is, as the ledger names it. */
  readonly name: string;
  /**
   * Opens or makes it, and tells where it stands. After a `commit` that failed, nobody knows whether it took: the writer
   * opens again, and believes what it is told.
   * @throws TownError `data-newer`, `kind-changed`, `data-dir-unusable`
   */
  open(): Promise<HistoryState>;
  /** The rows that are there under these identities, all of one kind. */
  rowsAt(kind: string, identities: readonly Identity[]): Promise<HistoryRow[]>;
  /**
   * Takes a batch, all of it or nothing, durably.
   * @throws RefusedByStore when no try will ever succeed
   */
  commit(batch: HistoryBatch): Promise<void>;
  /**
   * Ascending by ts, then group.
   * @throws TownError `invalid` for a kind or metric that it does not know, `unavailable` while it is not open
   */
  readings(query: ReadingsQuery): Promise<ReadingItem[]>;
  /**
   * Takes points of any series, durably, each whole: one that is there under the same identity is replaced; of several in
   * one call the last one stays. A call that failed may have taken some: it is made again.
   * @throws TownError `unavailable` while it is not open; anything else is worth trying again
   */
  keep(points: readonly SeriesPoint[]): Promise<void>;
  /** Ascending by ts, then by the series' tags. @throws TownError `unavailable` while it is not open */
  series(query: SeriesQuery): Promise<SeriesPoint[]>;
  /** Ascending by key; none for a value without points. @throws TownError `unavailable` while it is not open */
  seriesSums(query: SeriesSumsQuery): Promise<SeriesSums[]>;
  /**
   * Whole rows as of the cursor, ascending by ts, then device; fewer than `limit` only at the end.
   * @throws TownError `invalid` for a kind that it does not know, `unavailable` while it is not open
   */
  rows(query: RowsQuery): Promise<HistoryRow[]>;
  /**
   * Writes whole rows into a Parquet file in the order of their arrival, for a thread that reads many: `@device`, `@ts`,
   * `@received_at`, `@device_ts` (ms) and the fields by their names. A store on a server has none; its rows are asked for.
   * @throws TownError as {@link rows}
   */
  writeRows?(query: RowsFileQuery, file: string): Promise<void>;
  /** Events in the order in which they came. @throws TownError `unavailable` while it is not open */
  events(after: EventPlace, limit: number): Promise<HistoryEvent[]>;
  /** The place after the newest event; `at` is 0 where there is none. @throws TownError `unavailable` while it is not open */
  eventsEnd(): Promise<EventPlace>;
  /** What it has a place for. @throws TownError `unavailable` while it is not open */
  kept(): KeptFields;
  /**
   * Rows of a kind as of the cursor whose ts is `from` or later, all of them unless said; 0 for one that nobody has written.
   * @throws TownError `unavailable` while it is not open
   */
  count(kind: string, from?: number): Promise<number>;
  /**
   * How much stands beside the rows from `from` (ms) on: `events`, and points of each series by its name.
   * @throws TownError `unavailable` while it is not open
   */
  countBeside(from: number): Promise<CountsBeside>;
  /**
   * Rolls up a piece of what is due: buckets that ended by `until` (ms), and those of days in which something came late. A
   * bucket whose figures changed counts up its revision; a kill at any instant skips and doubles none. False when nothing
   * is left to do.
   * @throws TownError `unavailable` while it is not open
   */
  rollUp(until: number): Promise<boolean>;
  /**
   * Lets go what lies before the horizons, for good; of readings only what is rolled up. From then on buckets of readings
   * that are gone are answered from roll-ups.
   * @throws TownError `unavailable` while it is not open
   */
  drop(horizons: Horizons): Promise<void>;
  /**
   * Seals the next month that ended by `closed` (ms); false when none is left. A store that needs no sealing has none.
   * @throws TownError `unavailable` while it is not open, or when it is closed meanwhile
   */
  seal?(closed: number): Promise<boolean>;
  /** Gives up what the writer waits for, so that it can stop; an embedded store answers by itself and has none. */
  interrupt?(): void;
  /**
   * Puts a copy as of one instant into `directory`, while it goes on. One that lies on a server only tells where it stands.
   * @throws TownError `unavailable` while it is not open, or when it is closed meanwhile
   */
  copyTo(directory: string): Promise<HistoryCopy>;
  close(): Promise<void>;
}
