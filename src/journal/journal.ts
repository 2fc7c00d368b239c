import type { Clock } from '../kernel/clock.ts';
import { noPoint, type Point } from '../kernel/points.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { JournalReader, JournalRecord, NewRecord, Offset } from '../model/record.ts';
import type { CountByKind } from '../model/sample.ts';
import { encodeBlock, placeRecords, readBlock, readHeader } from './block.ts';
import type { JournalSettings } from './settings.ts';
import { Tail } from './tail.ts';
import { Tally } from './tally.ts';

/** Where an append landed. */
export interface Appended {
  first: Offset;
  /** Arrival time given to the records, ms. */
  at: number;
}

/** What an append writes besides its records, in the same transaction; it learns where they land. */
export type Alongside = (appended: Appended) => void;

/**
 * The one durable queue.
 * - `append` resolves only after the records, and what was written alongside, are synced to disk; all of it or nothing.
 * - Offsets start at 1, go up by one, and never repeat, also across restarts and failed appends.
 * - Arrival times never go back along the journal, even if the clock does.
 * - Readers see a record only once it is durable.
 * - Nothing is trimmed that a consumer has not passed, nor anything while somebody holds it.
 * - At its bound of live bytes the journal says so (`full`) and keeps what it has.
 */
export class Journal implements JournalReader {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #settings: JournalSettings;
  readonly #point: Point;
  readonly #blocks: Table<Offset, Buffer>;
  readonly #cursors: Table<string, Offset>;
  readonly #passed = new Map<string, Offset>();
  readonly #tail = new Tail(16_384);
  readonly #tally: Tally;
  readonly #waiting = new Set<() => void>();
  #decoded: { key: Offset; records: readonly JournalRecord[] } | null = null;
  /** Where the next block goes; null when a failed append left it in doubt, until the next one looks it up. */
  #next: { offset: Offset; before: number } | null = null;
  /** What readers may see. */
  #durable: { offset: Offset; bytes: number };
  /** The newest arrival time that was given out. */
  #latest: number;
  #trimming = false;
  #holds = 0;

  /** `consumers` are all that must pass a record before it may be trimmed. */
  constructor(
    store: Store,
    clock: Clock,
    settings: JournalSettings,
    consumers: readonly string[],
    point: Point = noPoint,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#settings = settings;
    this.#point = point;
    this.#blocks = store.bytes('journal');
    this.#tally = new Tally(this.#blocks);
    this.#cursors = store.table('journal.cursors');
    const { offset, before, at } = this.#lookUpNext();
    this.#durable = { offset, bytes: before };
    this.#latest = at;
    for (const consumer of consumers) this.#passed.set(consumer, this.#cursors.get(consumer) ?? 1);
  }

  /**
   * Writes `records` and whatever `alongside` writes, in one transaction; without records only what is alongside.
   * @throws TownError `unavailable` when the disk takes nothing; the caller keeps its records and tries again
   */
  async append(records: readonly NewRecord[], alongside: Alongside = () => {}): Promise<Appended> {
    this.#point('append.before');
    const written = await this.#store
      .transaction(() => {
        const next = this.#next ?? this.#lookUpNext();
        this.#next = null;
        const at = this.arrival();
        this.#latest = at;
        const bytes = records.length === 0 ? 0 : this.#writeBlock(next, at, records);
        alongside({ first: next.offset, at });
        this.#next = { offset: next.offset + records.length, before: next.before + bytes };
        return { first: next.offset, at, bytes: next.before + bytes };
      })
      .catch((error: unknown) => {
        this.#next = null;
        throw error;
      });
    this.#point('append.after');
    if (records.length > 0) this.#tail.push(written.first, placeRecords(records, written.first, written.at));
    this.#durable = { offset: written.first + records.length, bytes: written.bytes };
    for (const wake of this.#waiting) wake();
    return written;
  }

  /** When what comes now arrives: now by the clock, but never before what arrived already. */
  arrival(): number {
    return Math.max(this.#clock.now(), this.#latest);
  }

  end(_partition: number): Offset {
    return this.#durable.offset;
  }

  read(_partition: number, from: Offset, limit: number): readonly JournalRecord[] {
    if (from >= this.#durable.offset || limit < 1) return [];
    return this.#tail.read(from, limit) ?? this.#readBlocks(from, limit);
  }

  arrived(_partition: number, from: Offset, signal: AbortSignal): Promise<void> {
    if (from < this.#durable.offset || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        if (from >= this.#durable.offset && !signal.aborted) return;
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  arrivalOf(_partition: number, from: Offset): number | null {
    if (from >= this.#durable.offset) return null;
    const [newest] = this.#tail.read(from, 1) ?? [];
    if (newest !== undefined) return newest.at;
    const block = this.#blockFrom(from);
    return block === undefined ? null : readHeader(block).at;
  }

  commit(consumer: string, _partition: number, offset: Offset): void {
    if (!this.#passed.has(consumer)) throw new Error(`${consumer} is no consumer of the journal`);
    // Not the highest ever: a store that was put back from a backup reads again from where it stands.
    this.#passed.set(consumer, offset);
  }

  /** Offset of the oldest record that is still here; the end when there is none. */
  start(): Offset {
    return first(this.#blocks.keys({ limit: 1 })) ?? this.#durable.offset;
  }

  /** Samples between `from` and the end, by kind: counted by walking the blocks, never from a difference (P2). */
  countSamples(from: Offset): CountByKind {
    return this.#tally.count(from, this.#blockAt(from));
  }

  /** Walks what {@link countSamples} has to, without holding anybody up; whoever asks with a big backlog calls it before. */
  prepareCount(from: Offset): Promise<void> {
    return this.#tally.prepare(from);
  }

  /** Bytes of the records from `offset` to the end. */
  bytesFrom(offset: Offset): number {
    if (offset >= this.#durable.offset) return 0;
    const block = this.#blockFrom(offset);
    return block === undefined ? 0 : this.#durable.bytes - readHeader(block).before;
  }

  /** Bytes that some consumer has not passed. */
  liveBytes(): number {
    return this.bytesFrom(this.#lowestCursor());
  }

  /** Whether the bound of live bytes is reached: then nothing more may be acknowledged (P5). */
  full(): boolean {
    return this.liveBytes() >= this.#settings.maxBytes;
  }

  /**
   * Drops blocks that every consumer has passed and that are past `keep`: too old, too many bytes, or in the way of the
   * bound; or, while space `isShort`, all that every consumer has passed. Remembers the cursors. Call it every few seconds.
   */
  async trim(isShort = false): Promise<void> {
    if (this.#trimming) return;
    this.#trimming = true;
    try {
      const lowest = this.#lowestCursor();
      const doomed = this.#holds > 0 ? [] : [...this.#doomed(lowest, isShort)];
      await this.#store.transaction(() => {
        for (const [consumer, offset] of this.#passed) this.#cursors.put(consumer, offset);
        for (const key of doomed) this.#blocks.remove(key);
      });
    } finally {
      this.#trimming = false;
    }
  }

  /** Keeps every record that is here now or comes, until the hold is let go by calling what is given back. */
  hold(): () => void {
    this.#holds++;
    let isHeld = true;
    return () => {
      if (isHeld) this.#holds--;
      isHeld = false;
    };
  }

  *#doomed(lowest: Offset, isShort: boolean): Iterable<Offset> {
    const tooOld = this.#clock.now() - this.#settings.keep;
    const allowed = Math.min(this.#settings.keepBytes, this.#settings.maxBytes);
    for (const { key, value } of this.#blocks.entries({ end: lowest, limit: 4_096 })) {
      const { at, before, count } = readHeader(value);
      // The newest block stays in any case: the next offset is read off it.
      if (key + count > lowest || key + count === this.#durable.offset) return;
      if (!isShort && at >= tooOld && this.#durable.bytes - before <= allowed) return;
      yield key;
    }
  }

  #lowestCursor(): Offset {
    return Math.min(this.#durable.offset, ...this.#passed.values());
  }

  /** Key of the block that holds `offset`, or undefined when it was trimmed or is not written. */
  #blockAt(offset: Offset): Offset | undefined {
    return first(this.#blocks.keys({ start: offset, reverse: true, limit: 1 }));
  }

  /** The block that holds `offset`, or the first one after it where that was trimmed. */
  #blockFrom(offset: Offset): Buffer | undefined {
    const key = this.#blockAt(offset) ?? first(this.#blocks.keys({ start: offset, limit: 1 }));
    return key === undefined ? undefined : this.#blocks.get(key);
  }

  #readBlocks(from: Offset, limit: number): JournalRecord[] {
    const records: JournalRecord[] = [];
    const start = this.#blockAt(from) ?? from;
    for (const { key, value } of this.#blocks.entries({ start, end: this.#durable.offset })) {
      for (const record of this.#decode(key, value)) if (record.offset >= from) records.push(record);
      if (records.length >= limit) break;
    }
    return records.length > limit ? records.slice(0, limit) : records;
  }

  /** The records of a block; the last one read is remembered, since whoever reads slices of a long one comes again. */
  #decode(key: Offset, block: Buffer): readonly JournalRecord[] {
    if (this.#decoded?.key !== key) this.#decoded = { key, records: readBlock(block, key) };
    return this.#decoded.records;
  }

  #writeBlock(next: { offset: Offset; before: number }, at: number, records: readonly NewRecord[]): number {
    const block = encodeBlock(at, next.before, records);
    this.#blocks.put(next.offset, block);
    return block.length;
  }

  #lookUpNext(): { offset: Offset; before: number; at: number } {
    const last = first(this.#blocks.entries({ reverse: true, limit: 1 }));
    if (last === undefined) return { offset: 1, before: 0, at: 0 };
    const { at, before, count } = readHeader(last.value);
    return { offset: last.key + count, before: before + last.value.length, at };
  }
}

/** Arrival time (ms) of the newest record in `store`; null while there is none. For whoever makes the clock of a journal. */
export function lastArrival(store: Store): number | null {
  const last = first(store.bytes<Offset>('journal').entries({ reverse: true, limit: 1 }));
  return last === undefined ? null : readHeader(last.value).at;
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}
