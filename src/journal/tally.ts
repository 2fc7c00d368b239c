import type { Table } from '../kernel/store.ts';
import type { Offset } from '../model/record.ts';
import type { CountByKind } from '../model/sample.ts';
import { readBlock, readHeader } from './block.ts';

/** Offsets of one stretch. */
export const STRETCH = 2_048;

/**
 * Counts the samples in the journal by walking its blocks (P2): nothing is counted that does not stand in one. A stretch
 * that no append can touch any more is walked once and its count kept, so that a backlog of days is counted in
 * milliseconds. A block belongs to the stretch that its first record lies in.
 */
export class Tally {
  readonly #blocks: Table<Offset, Buffer>;
  readonly #counted = new Map<number, CountByKind>();

  constructor(blocks: Table<Offset, Buffer>) {
    this.#blocks = blocks;
  }

  /**
   * Samples from `from` to the newest block, by kind; `block` is the key of the block that holds `from`, where one does.
   * It goes by what the store shows, not by what appends were told: the sums beside it are read from the same instant.
   */
  count(from: Offset, block: Offset | undefined): CountByKind {
    const counts: CountByKind = {};
    if (block !== undefined && block < from) this.#countPart(block, from, counts);
    const [first, last] = [Math.ceil(from / STRETCH), this.#openStretch()];
    if (first >= last) {
      this.#walk(from, undefined, counts);
      return counts;
    }
    this.#walk(from, first * STRETCH, counts);
    for (let stretch = first; stretch < last; stretch++)
      for (const [kind, count] of Object.entries(this.#stretch(stretch))) add(counts, kind, count);
    this.#walk(last * STRETCH, undefined, counts);
    return counts;
  }

  /** Counts what {@link count} will ask for, a stretch at a time with a turn for everybody else between; forgets what lies before. */
  async prepare(from: Offset): Promise<void> {
    const first = Math.ceil(from / STRETCH);
    for (const stretch of this.#counted.keys()) if (stretch < first) this.#counted.delete(stretch);
    for (let stretch = first; stretch < this.#openStretch(); stretch++) {
      if (this.#counted.has(stretch)) continue;
      this.#stretch(stretch);
      await new Promise(setImmediate);
    }
  }

  /** The first stretch that blocks may still come to: that of the newest one. */
  #openStretch(): number {
    for (const key of this.#blocks.keys({ reverse: true, limit: 1 })) return Math.floor(key / STRETCH);
    return 0;
  }

  #stretch(stretch: number): CountByKind {
    let counts = this.#counted.get(stretch);
    if (counts === undefined) {
      counts = {};
      this.#walk(stretch * STRETCH, (stretch + 1) * STRETCH, counts);
      this.#counted.set(stretch, counts);
    }
    return counts;
  }

  /** The blocks that begin from `start` to before `end`, or to the newest. */
  #walk(start: Offset, end: Offset | undefined, counts: CountByKind): void {
    if (end !== undefined && start >= end) return;
    for (const { value } of this.#blocks.entries(end === undefined ? { start } : { start, end })) {
      const { samples } = readHeader(value);
      for (const kind in samples) add(counts, kind, samples[kind] ?? 0);
    }
  }

  /** The rest of a block, from the record at `from` on. */
  #countPart(key: Offset, from: Offset, counts: CountByKind): void {
    const block = this.#blocks.get(key);
    if (block === undefined) return;
    for (const record of readBlock(block, key))
      if (record.offset >= from && record.type === 'sample') add(counts, record.sample.kind, 1);
  }
}

function add(counts: CountByKind, kind: string, count: number): void {
  counts[kind] = (counts[kind] ?? 0) + count;
}
