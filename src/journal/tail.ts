import type { JournalRecord, Offset } from '../model/record.ts';

/**
 * The newest records, kept in memory as they were appended, so that consumers who keep up need not decode them again.
 * Holds whole appends, the oldest of which go once there are more than `capacity` records.
 */
export class Tail {
  readonly #capacity: number;
  #batches: { first: Offset; records: readonly JournalRecord[] }[] = [];
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds an append; appends come in the order of their offsets. */
  push(first: Offset, records: readonly JournalRecord[]): void {
    this.#batches.push({ first, records });
    this.#size += records.length;
    // Dropping an eighth at a time keeps the copying of what stays rare.
    if (this.#size <= this.#capacity * 1.125) return;
    let drop = 0;
    while (this.#size > this.#capacity && drop < this.#batches.length - 1) {
      this.#size -= this.#batches[drop]?.records.length ?? 0;
      drop++;
    }
    this.#batches = this.#batches.slice(drop);
  }

  /** Up to `limit` records from `from` on, or null when `from` is older than what is kept here. */
  read(from: Offset, limit: number): readonly JournalRecord[] | null {
    const oldest = this.#batches[0];
    if (oldest === undefined || from < oldest.first) return null;
    const found: JournalRecord[] = [];
    for (let index = this.#batchOf(from); index < this.#batches.length && found.length < limit; index++) {
      const batch = this.#batches[index];
      if (batch === undefined) break;
      const skip = Math.max(0, from - batch.first);
      const take = Math.min(batch.records.length - skip, limit - found.length);
      for (let at = skip; at < skip + take; at++) found.push(batch.records[at] as JournalRecord);
    }
    return found;
  }

  /** Index of the last batch that starts at `offset` or before it. */
  #batchOf(offset: Offset): number {
    let low = 0;
    let high = this.#batches.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#batches[middle]?.first ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
