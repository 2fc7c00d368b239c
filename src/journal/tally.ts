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

  /** Samples from `from` to before `end`, by kind; `block` is the key of the block that holds `from`, where one does. */
  count(from: Offset, end: Offset, block: Offset | undefined): CountByKind {
    const counts: CountByKind = {};
    if (block !== undefined && block < from) this.#countPart(block, from, counts);
    const [first, last] = [Math.ceil(from / STRETCH), Math.floor(end / STRETCH)];
    if (first >= last) {
      this.#walk(from, end, counts);
      return counts;
    }
    this.#walk(from, first * STRETCH, counts);
    for (let stretch = first; stretch < last; stretch++)
      for (const [kind, count] of Object.entries(this.#stretch(stretch))) add(counts, kind, count);
    this.#walk(last * STRETCH, end, counts);
    return counts;
  }

  /** Counts what {@link count} will ask for, a stretch at a time with a turn for everybody else between; forgets what lies before. */
  async prepare(from: Offset, end: Offset): Promise<void> {
    const [first, last] = [Math.ceil(from / STRETCH), Math.floor(end / STRETCH)];
    for (const stretch of this.#counted.keys()) if (stretch < first) this.#counted.delete(stretch);
    for (let stretch = first; stretch < last; stretch++) {
      if (this.#counted.has(stretch)) continue;
      this.#stretch(stretch);
      await new Promise(setImmediate);
    }
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

  /** The blocks that begin from `start` to before `end`. */
  #walk(start: Offset, end: Offset, counts: CountByKind): void {
    if (start >= end) return;
    for (const { value } of this.#blocks.entries({ start, end })) {
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
