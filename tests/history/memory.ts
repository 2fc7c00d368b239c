import type {
  HistoryBatch,
  HistoryRow,
  HistoryState,
  HistoryStore,
  Identity,
  KindCounts,
  RowsQuery,
  SeriesQuery,
  SeriesSelection,
  SeriesSums,
  SeriesSumsQuery,
} from '../../src/history/port.ts';
import { byTimeAndTags, identityOf, type SeriesPoint } from '../../src/model/series.ts';

/** A history in memory, for tests of the writer: it keeps what is committed, and can be made to fail. */
export class MemoryHistory implements HistoryStore {
  readonly name = 'memory';
  readonly table = new Map<string, HistoryRow>();
  readonly happened: string[] = [];
  counts: Readonly<Record<string, KindCounts>> = {};
  /** Every batch that was offered, also those that failed. */
  readonly offered: HistoryBatch[] = [];
  cursor = 1;
  opens = 0;
  lookedUp = 0;
  /** Called before a batch is taken, and after: what it throws is what `commit` throws. */
  before: (batch: HistoryBatch) => void | Promise<void> = () => {};
  after: () => void = () => {};
  interrupt: () => void = () => {};
  readonly points = new Map<string, SeriesPoint>();
  /** Called when points are offered: what it throws is what `keep` throws. */
  beforeKeep: () => void | Promise<void> = () => {};
  /** What `open` throws. */
  unreachable: Error | null = null;

  async open(): Promise<HistoryState> {
    this.opens++;
    if (this.unreachable !== null) throw this.unreachable;
    const newest = new Map<string, number>();
    for (const { device, ts } of this.table.values()) {
      newest.set(device, Math.max(ts, newest.get(device) ?? -Infinity));
    }
    return { cursor: this.cursor, counts: structuredClone(this.counts), newest };
  }

  async rowsAt(kind: string, identities: readonly Identity[]): Promise<HistoryRow[]> {
    this.lookedUp += identities.length;
    const keys = new Set(identities.map(({ device, ts }) => keyOf({ kind, device, ts })));
    return [...keys].flatMap((key) => this.table.get(key) ?? []);
  }

  async commit(batch: HistoryBatch): Promise<void> {
    this.offered.push(batch);
    await this.before(batch);
    for (const row of batch.inserts) {
      if (this.table.has(keyOf(row))) throw new Error(`${keyOf(row)} is inserted twice`);
      this.table.set(keyOf(row), row);
    }
    for (const row of batch.replacements) {
      if (!this.table.has(keyOf(row))) throw new Error(`${keyOf(row)} replaces nothing`);
      this.table.set(keyOf(row), row);
    }
    for (const { what } of batch.events) this.happened.push(what);
    this.counts = batch.counts;
    this.cursor = batch.cursor;
    this.after();
  }

  async readings(): Promise<never> {
    throw new Error('nobody asks the memory');
  }

  async rows({ kind, devices, from, to, limit, after }: RowsQuery): Promise<HistoryRow[]> {
    const later = (row: HistoryRow) => after === undefined || byTime(row, after) > 0;
    return [...this.table.values()]
      .filter((row) => row.kind === kind && (devices?.includes(row.device) ?? true))
      .filter((row) => row.ts >= from && row.ts < to && later(row))
      .sort(byTime)
      .slice(0, limit);
  }

  async events(): Promise<never> {
    throw new Error('nobody reads the memory');
  }

  async eventsEnd(): Promise<never> {
    throw new Error('nobody reads the memory');
  }

  kept(): never {
    throw new Error('nobody reads the memory');
  }

  async keep(points: readonly SeriesPoint[]): Promise<void> {
    await this.beforeKeep();
    for (const point of points) this.points.set(identityOf(point), point);
  }

  async series(query: SeriesQuery): Promise<SeriesPoint[]> {
    const { after, limit } = query;
    const later = (point: SeriesPoint) => after === undefined || byTimeAndTags(point, after) > 0;
    return this.#selected(query).filter(later).sort(byTimeAndTags).slice(0, limit);
  }

  async seriesSums({ by, fields, ...selection }: SeriesSumsQuery): Promise<SeriesSums[]> {
    const sums = new Map<string, Record<string, number>>();
    for (const point of this.#selected(selection)) {
      const key = point.tags[by] ?? '';
      const sum = sums.get(key) ?? Object.fromEntries(fields.map((field) => [field, 0]));
      sums.set(key, sum);
      for (const field of fields) sum[field] = (sum[field] ?? 0) + Number(point.fields[field]);
    }
    return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, found]) => ({ key, sums: found }));
  }

  #selected({ series, where = {}, from, to }: SeriesSelection): SeriesPoint[] {
    const fits = ({ tags }: SeriesPoint) =>
      Object.entries(where).every(([tag, values]) => values.includes(tags[tag] ?? ''));
    return [...this.points.values()].filter(
      (point) => point.series === series && point.ts >= from && point.ts < to && fits(point),
    );
  }

  async count(kind: string): Promise<number> {
    return [...this.table.values()].filter((row) => row.kind === kind).length;
  }

  async countBeside(): Promise<never> {
    throw new Error('nobody counts what stands beside the memory');
  }

  async rollUp(): Promise<never> {
    throw new Error('nobody rolls the memory up');
  }

  async drop(): Promise<never> {
    throw new Error('nobody lets go of the memory');
  }

  async copyTo(): Promise<never> {
    throw new Error('nobody copies the memory');
  }

  async close(): Promise<void> {}
}

function byTime(a: { ts: number; device: string }, b: { ts: number; device: string }): number {
  return a.ts - b.ts || (a.device < b.device ? -1 : a.device > b.device ? 1 : 0);
}

function keyOf({ kind, device, ts }: Identity): string {
  return `${kind} ${device} ${ts}`;
}
