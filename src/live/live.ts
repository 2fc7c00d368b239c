import { type Clock, sleep } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { JournalReader, JournalRecord, Offset, SampleRecord } from '../model/record.ts';
import type { SampleFlag, Value } from '../model/sample.ts';

/** The newest sample of a device. */
export interface Newest {
  kind: string;
  ts: number;
  /** Arrival of the newest sample, ms. */
  receivedAt: number;
  /** Arrival of whatever came last, also of late samples, ms: what tells whether a device is heard of. */
  heardAt: number;
  values: Record<string, Value>;
  flags: SampleFlag[];
  /** The device's clock minus ours when the newest sample arrived, ms; null when it sends no time. */
  clockOffsetMs: number | null;
  seq: number | null;
  /** Messages that its counter says never came. */
  missed: number;
}

const CONSUMER = 'live';
const BATCH = 10_000;
/** Real ms. */
const RETRY = 1_000;

/**
 * What is true now: each device's newest sample. A consumer of the journal; its cursor is written with what it holds, so
 * that a restart goes on where it was. Reading a stretch twice changes nothing but `missed`.
 */
export class Live {
  readonly #journal: JournalReader;
  readonly #store: Store;
  readonly #realClock: Clock;
  readonly #log: Logger;
  readonly #table: Table<string, Newest>;
  readonly #cursors: Table<string, Offset>;
  readonly #newest = new Map<string, Newest>();
  readonly #dirty = new Set<string>();
  readonly #abort = new AbortController();
  #cursor: Offset;
  #saved: Offset;
  #running: Promise<void> = Promise.resolve();

  constructor(journal: JournalReader, store: Store, realClock: Clock, log: Logger) {
    this.#journal = journal;
    this.#store = store;
    this.#realClock = realClock;
    this.#log = log;
    this.#table = store.table('live');
    this.#cursors = store.table('live.cursor');
    for (const { key, value } of this.#table.entries()) this.#newest.set(key, value);
    this.#cursor = this.#cursors.get(CONSUMER) ?? 1;
    this.#saved = this.#cursor;
  }

  start(): void {
    this.#running = this.#follow();
  }

  /** Takes what is in the journal, writes what it holds, and ends. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    while (this.#takeBatch() > 0);
    await this.save();
  }

  of(device: string): Newest | undefined {
    return this.#newest.get(device);
  }

  /** Where it stands in the journal. */
  cursor(): Offset {
    return this.#cursor;
  }

  /** Writes what changed since the last time, with the cursor. Call it every few seconds. */
  async save(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === this.#saved) return;
    const changed = [...this.#dirty];
    this.#dirty.clear();
    try {
      await this.#store.transaction(() => {
        for (const device of changed) {
          const newest = this.#newest.get(device);
          if (newest !== undefined) this.#table.put(device, newest);
        }
        this.#cursors.put(CONSUMER, cursor);
      });
    } catch (error) {
      for (const device of changed) this.#dirty.add(device);
      this.#log.warn({ error: messageOf(error) }, 'the newest values could not be saved; the journal still has them');
      return;
    }
    this.#saved = cursor;
    this.#journal.commit(CONSUMER, 0, cursor);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        // Between two batches of a long backlog the sockets get a turn.
        while (this.#takeBatch() === BATCH && !signal.aborted) await new Promise(setImmediate);
        await this.#journal.arrived(0, this.#cursor, signal);
      } catch (error) {
        this.#log.error({ error: messageOf(error) }, 'the newest values could not follow the journal; they try again');
        await sleep(this.#realClock, 'live tries again', RETRY, signal).catch(() => {});
      }
    }
  }

  /** How many records it took. */
  #takeBatch(): number {
    const records = this.#journal.read(0, this.#cursor, BATCH);
    if (records.length === 0) return 0;
    for (const record of records) this.#take(record);
    this.#cursor = (records[records.length - 1] as JournalRecord).offset + 1;
    return records.length;
  }

  #take(record: JournalRecord): void {
    if (record.type !== 'sample') return;
    const { sample, at } = record;
    const known = this.#newest.get(sample.device);
    this.#dirty.add(sample.device);
    if (known === undefined || sample.ts > known.ts) {
      this.#newest.set(sample.device, newer(record, known));
      return;
    }
    known.heardAt = at;
    if (sample.ts === known.ts) known.values = { ...known.values, ...sample.values };
    if (sample.seq === undefined || known.seq === null) return;
    // One that comes late is either the next all the same, of a backlog, or makes good a gap.
    if (sample.seq === known.seq + 1) known.seq = sample.seq;
    else if (sample.seq < known.seq && known.missed > 0) known.missed--;
  }
}

function newer({ sample, at }: SampleRecord, known: Newest | undefined): Newest {
  const { kind, ts, values, seq, deviceTs, assigned } = sample;
  const gap = seq === undefined || known?.seq == null || seq <= known.seq ? 0 : seq - known.seq - 1;
  return {
    kind,
    ts,
    receivedAt: at,
    heardAt: at,
    values,
    flags: deviceTs === undefined ? [] : ['clock'],
    clockOffsetMs: assigned === true ? null : (deviceTs ?? ts) - at,
    seq: seq ?? known?.seq ?? null,
    missed: (known?.missed ?? 0) + gap,
  };
}
