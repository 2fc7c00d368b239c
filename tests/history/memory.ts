import type {
  HistoryBatch,
  HistoryRow,
  HistoryState,
  HistoryStore,
  Identity,
  KindCounts,
} from '../../src/history/port.ts';

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

  async rows(): Promise<never> {
    throw new Error('nobody reads the memory');
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

  async keep(): Promise<never> {
    throw new Error('nobody keeps points in the memory');
  }

  async series(): Promise<never> {
    throw new Error('nobody asks the memory');
  }

  async seriesSums(): Promise<never> {
    throw new Error('nobody asks the memory');
  }

  async count(kind: string): Promise<number> {
    return [...this.table.values()].filter((row) => row.kind === kind).length;
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

function keyOf({ kind, device, ts }: Identity): string {
  return `${kind} ${device} ${ts}`;
}
