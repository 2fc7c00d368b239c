import type { Store, Table } from '../kernel/store.ts';
import type { SeriesPoint } from '../model/series.ts';

/** Points of series that wait to be kept, in the order in which they came: on this machine's disk, whatever the store does. */
export class SeriesQueue {
  readonly #points: Table<number, SeriesPoint>;
  #next: number;

  constructor(store: Store) {
    this.#points = store.table('series.queue');
    const [last] = this.#points.keys({ reverse: true, limit: 1 });
    this.#next = (last ?? 0) + 1;
  }

  /** How many wait, at most. */
  get length(): number {
    const [first] = this.#points.keys({ limit: 1 });
    return first === undefined ? 0 : this.#next - first;
  }

  /** Puts points at the end. Call it in a transaction: in that of what the points tell of. */
  add(points: readonly SeriesPoint[]): void {
    for (const point of points) this.#points.put(this.#next++, point);
  }

  /** The oldest ones, with their places. */
  oldest(limit: number): { place: number; point: SeriesPoint }[] {
    return [...this.#points.entries({ limit })].map(({ key, value }) => ({ place: key, point: value }));
  }

  /** Takes out what was kept. Call it in a transaction. */
  remove(places: Iterable<number>): void {
    for (const place of places) this.#points.remove(place);
  }
}
