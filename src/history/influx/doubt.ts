import type { Offset } from '../../model/record.ts';
import type { HistoryRow, Identity } from '../port.ts';

/** What tells the series of a row from others: its kind, device, area, road and organisation. */
export type SeriesParts = [
  kind: string,
  device: string,
  area: string | null,
  road: string | null,
  organisation: string | null,
];

/** Which points a write touches, and what stood there before. */
export interface Footprint {
  type: 'footprint';
  /** The offset after the last record of the batch. */
  end: Offset;
  series: SeriesParts[];
  /** Pairs of float64: the point's place in `series`, and its ts. */
  points: Uint8Array;
  /** The rows that the batch replaces, as they were before it. */
  before: HistoryRow[];
}

/** Rows that were committed while a longer write is in doubt. */
export interface Kept {
  type: 'kept';
  rows: readonly HistoryRow[];
}

/** What is remembered of writes of which nobody knows what came of them, in order. */
export type DoubtEntry = Footprint | Kept;

interface Point {
  /** What stood there as of the committed cursor; null for nothing. */
  row: HistoryRow | null;
  area: string | null;
  road: string | null;
  organisation: string | null;
}

/**
 * The points that a write of unknown or partial outcome may have put on the server. Until the cursor has passed that write,
 * the server is not to be believed about them: it would call a late sample a duplicate of itself. What stood there as of
 * the cursor is answered instead. They also keep the tags that they were sent with, so that the same sample, decided
 * again after its device moved, meets its own point.
 */
export class Doubt {
  readonly #points = new Map<string, Point>();
  #end: Offset = 0;

  /** Whether anything is in doubt. */
  get any(): boolean {
    return this.#end > 0;
  }

  /** The offset at which all doubt ends; 0 when there is none. */
  get end(): Offset {
    return this.#end;
  }

  /** Goes on from what was remembered: entries in the order in which they were made. */
  take(entry: DoubtEntry): void {
    if (entry.type === 'kept') return this.keep(entry.rows);
    const { series, points, before, end } = entry;
    this.#end = Math.max(this.#end, end);
    const rows = new Map(before.map((row) => [keyOf(row), row]));
    // The bytes come from a file: they may lie anywhere, and a Float64Array must lie on a multiple of eight.
    const pairs = new DataView(points.buffer, points.byteOffset, points.byteLength);
    for (let at = 0; at < points.byteLength; at += 16) {
      const parts = series[pairs.getFloat64(at, true)];
      if (parts === undefined) continue;
      const [kind, device, area, road, organisation] = parts;
      const key = keyOf({ kind, device, ts: pairs.getFloat64(at + 8, true) });
      // What is in doubt already has its answer: this write was made from it.
      if (!this.#points.has(key)) this.#points.set(key, { row: rows.get(key) ?? null, area, road, organisation });
    }
  }

  /** Those of the rows that are in doubt were committed: from now on they stand there. */
  keep(rows: Iterable<HistoryRow>): void {
    for (const row of rows) {
      const point = this.#points.get(keyOf(row));
      if (point !== undefined) point.row = row;
    }
  }

  /** Whether a point is in doubt. */
  has(identity: Identity): boolean {
    return this.#points.has(keyOf(identity));
  }

  /** What stood at a point in doubt as of the cursor: a row, or nothing. */
  rowAt(identity: Identity): HistoryRow | null {
    return this.#points.get(keyOf(identity))?.row ?? null;
  }

  /** Points in doubt, of a kind and since an instant (ms), at which nothing stood as of the cursor. */
  nothingAt(kind: string, from: number): Identity[] {
    const identities: Identity[] = [];
    for (const [key, { row }] of this.#points) {
      const [of = '', device = '', ts] = key.split('\n');
      if (row === null && of === kind && Number(ts) >= from) identities.push({ kind, device, ts: Number(ts) });
    }
    return identities;
  }

  /** The row with the tags that its point was sent with, if it was. */
  placed(row: HistoryRow): HistoryRow {
    const point = this.#points.get(keyOf(row));
    if (point === undefined) return row;
    const { area, road, organisation } = point;
    return { ...row, area, road, organisation };
  }

  /** The write is known to be through. */
  clear(): void {
    this.#points.clear();
    this.#end = 0;
  }
}

/** What makes a point one and the same, as text. */
export function keyOf({ kind, device, ts }: Identity): string {
  return `${kind}\n${device}\n${ts}`;
}
