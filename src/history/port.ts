import type { Offset } from '../model/record.ts';
import type { SampleFlag, Value } from '../model/sample.ts';

/** A reading as the history keeps it: one row for one device and instant. */
export interface HistoryRow {
  device: string;
  kind: string;
  /** ms; (device, ts) is the row's identity. */
  ts: number;
  /** Arrival of the sample that made the row, ms. */
  receivedAt: number;
  deviceTs: number | null;
  seq: number | null;
  flags: readonly SampleFlag[];
  /** Where and whose the device was at `ts`. */
  area: string | null;
  road: string | null;
  organisation: string | null;
  values: Readonly<Record<string, Value>>;
}

/** What became of the samples of a kind. Rows in history = stored − merged (P6). */
export interface KindCounts {
  stored: number;
  /** Of the stored ones, those laid over a row that was there. */
  merged: number;
  duplicate: number;
  /** Refused by the store for good. */
  rejected: number;
}

/** Something that happened to the town or the service, kept beside the readings. */
export interface HistoryEvent {
  at: number;
  what: string;
  by: string;
  detail: string;
}

/** What one commit brings. */
export interface HistoryBatch {
  /** The offset after the last record that the batch answers for. */
  cursor: Offset;
  /** Sums since the store was made, after this batch, of the kinds that it touches. */
  counts: Readonly<Record<string, KindCounts>>;
  inserts: readonly HistoryRow[];
  /** Rows that take the place of the one with the same device and ts. */
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

/** How values of a bucket are put together. */
export type Aggregate = 'mean' | 'min' | 'max' | 'count';

/** Which readings to read; `from` is inclusive, `to` exclusive, ms. */
export interface ReadingsQuery {
  kind: string;
  metric: string;
  devices?: readonly string[];
  area?: string;
  from: number;
  to: number;
  /** Width of a bucket in ms, and where buckets are counted from. Without it: the readings themselves. */
  bucket?: { width: number; origin: number };
  aggregates: readonly Aggregate[];
  groupBy?: 'device' | 'area';
  limit: number;
  /** The last item of the page before. */
  after?: { ts: number; group: string };
}

/** One reading, or one bucket of a group. */
export interface ReadingItem {
  ts: number;
  /** The device or area; '' when nothing was asked to be told apart. */
  group: string;
  /** The metric's value; undefined in a bucket. */
  value?: Value;
  aggregates?: Partial<Record<Aggregate, number>>;
}

/** Thrown by a store for a batch that it will never take, whoever tries again. Anything else thrown is worth trying again. */
export class RefusedByStore extends Error {
  override readonly name = 'RefusedByStore';
}

/**
 * A store of readings. Calls do not overlap: the writer awaits each `rowsAt` and `commit` before the next; `readings` may
 * come at any time.
 */
export interface HistoryStore {
  /** What it is, as the ledger names it. */
  readonly name: string;
  /**
   * Opens or makes it.
   * @throws TownError `data-newer`, `kind-changed`
   */
  open(): Promise<HistoryState>;
  /** The rows of a kind that are there under these identities. */
  rowsAt(kind: string, identities: readonly { device: string; ts: number }[]): Promise<HistoryRow[]>;
  /**
   * Takes a batch, all of it or nothing, durably.
   * @throws RefusedByStore when no try will ever succeed
   */
  commit(batch: HistoryBatch): Promise<void>;
  /** Ascending by ts, then group. */
  readings(query: ReadingsQuery): Promise<ReadingItem[]>;
  /** Rows of a kind; 0 for one that nobody has written. */
  count(kind: string): Promise<number>;
  close(): Promise<void>;
}
