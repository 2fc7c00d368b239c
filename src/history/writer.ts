import { type Clock, sleep } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { noPoint, type Point } from '../kernel/points.ts';
import type { JournalReader, JournalRecord, Offset, SampleRecord } from '../model/record.ts';
import { decide, lookUps, type Whereabouts } from './decide.ts';
import { type HistoryEvent, type HistoryRow, type HistoryStore, type KindCounts, RefusedByStore } from './port.ts';

/** Keeps what the store refuses for good, as a dead letter; doing it twice for one offset must be once. */
export interface StoreRejections {
  keep(record: SampleRecord, detail: string): Promise<void>;
}

/** What the writer is doing, for the ledger and the readiness. */
export interface WriterProgress {
  /** Everything before it is in the store, in the rejections, or was no sample. */
  cursor: Offset;
  counts: Readonly<Record<string, KindCounts>>;
  state: 'up' | 'down' | 'slow';
  /** What the store said last, while it is down. */
  error: string | null;
}

const CONSUMER = 'history';
/** Records of one commit at most. */
const BATCH = 20_000;
/** How long records are gathered before a commit, real ms: few commits under load, and a reader waits no second. */
const GATHER = 200;
/** A commit that takes longer makes the store `slow`, real ms. */
const SLOW = 5_000;
const RETRY_FIRST = 250;
const RETRY_MOST = 30_000;

/**
 * Tails the journal into the store.
 * - The store's cursor, rows and counts move in one commit: a kill leaves them agreeing.
 * - While the store is down nothing is skipped: the backlog stays in the journal and drains in order (P4).
 * - A batch that is refused for good is halved until the bad sample stands alone; that one goes to the rejections (P4).
 */
export class HistoryWriter {
  readonly #store: HistoryStore;
  readonly #journal: JournalReader;
  readonly #whereabouts: Whereabouts;
  readonly #rejections: StoreRejections;
  readonly #realClock: Clock;
  readonly #log: Logger;
  readonly #point: Point;
  readonly #abort = new AbortController();
  #cursor: Offset = 1;
  #counts: Record<string, KindCounts> = {};
  #newest = new Map<string, number>();
  #state: WriterProgress['state'] = 'up';
  #error: string | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(
    store: HistoryStore,
    journal: JournalReader,
    whereabouts: Whereabouts,
    rejections: StoreRejections,
    realClock: Clock,
    log: Logger,
    point: Point = noPoint,
  ) {
    this.#store = store;
    this.#journal = journal;
    this.#whereabouts = whereabouts;
    this.#rejections = rejections;
    this.#realClock = realClock;
    this.#log = log;
    this.#point = point;
  }

  /** Opens the store and begins to follow the journal. @throws TownError of the store */
  async start(): Promise<void> {
    const { cursor, counts, newest } = await this.#store.open();
    this.#cursor = cursor;
    this.#counts = counts;
    this.#newest = newest;
    this.#journal.commit(CONSUMER, 0, cursor);
    this.#running = this.#follow();
  }

  progress(): WriterProgress {
    return { cursor: this.#cursor, counts: this.#counts, state: this.#state, error: this.#error };
  }

  /** Writes what the journal holds by now, for `deadline` real ms at most, and closes the store; the rest stays in the journal. */
  async stop(deadline: number): Promise<void> {
    this.#abort.abort();
    await this.#running;
    const until = this.#realClock.now() + deadline;
    try {
      while (this.#cursor < this.#journal.end(0) && this.#realClock.now() < until) await this.#step();
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'the history store is down; the rest stays in the journal');
    }
    await this.#store.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    let retry = RETRY_FIRST;
    while (!signal.aborted) {
      await this.#journal.arrived(0, this.#cursor, signal);
      await sleep(this.#realClock, 'history gathers', GATHER, signal).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#step();
        retry = RETRY_FIRST;
      } catch (error) {
        this.#goDown(messageOf(error));
        // Half of the wait is chance, so that many writers do not come back as one.
        const wait = retry / 2 + (this.#realClock.now() % 97) * (retry / 194);
        await sleep(this.#realClock, 'history retries', wait, signal).catch(() => {});
        retry = Math.min(RETRY_MOST, retry * 2);
      }
    }
  }

  async #step(): Promise<void> {
    const records = this.#journal.read(0, this.#cursor, BATCH);
    if (records.length === 0) return;
    const begun = this.#realClock.now();
    await this.#write(records);
    if (this.#state === 'down') this.#log.info({}, 'the history store is back; the backlog drains');
    this.#state = this.#realClock.now() - begun > SLOW ? 'slow' : 'up';
    this.#error = null;
    this.#journal.commit(CONSUMER, 0, this.#cursor);
  }

  async #write(records: readonly JournalRecord[]): Promise<void> {
    try {
      await this.#commit(records);
    } catch (error) {
      if (!(error instanceof RefusedByStore)) throw error;
      const [only] = records;
      if (records.length === 1 && only?.type === 'sample') return this.#reject(only, error.message);
      const middle = Math.ceil(records.length / 2);
      await this.#write(records.slice(0, middle));
      await this.#write(records.slice(middle));
    }
  }

  async #commit(records: readonly JournalRecord[]): Promise<void> {
    const samples: SampleRecord[] = [];
    const events: HistoryEvent[] = [];
    for (const record of records) {
      if (record.type === 'sample') samples.push(record);
      else events.push(...eventOf(record));
    }
    const existing: HistoryRow[] = [];
    for (const [kind, wanted] of lookUps(samples, this.#newest))
      existing.push(...(await this.#store.rowsAt(kind, wanted)));
    const { inserts, replacements, counts: added, newest } = decide(samples, this.#newest, existing, this.#whereabouts);
    const counts: Record<string, KindCounts> = {};
    for (const [kind, count] of added) counts[kind] = sum(this.#counts[kind], count);
    await this.#save({ records, counts, inserts, replacements, events });
    for (const [device, ts] of newest) this.#newest.set(device, ts);
  }

  async #reject(record: SampleRecord, detail: string): Promise<void> {
    // The letter is durable before the cursor passes the sample; after a kill between the two it is written again, once.
    await this.#rejections.keep(record, detail);
    const { kind } = record.sample;
    const counts = { [kind]: sum(this.#counts[kind], { stored: 0, merged: 0, duplicate: 0, rejected: 1 }) };
    await this.#save({ records: [record], counts, inserts: [], replacements: [], events: [] });
  }

  async #save(batch: {
    records: readonly JournalRecord[];
    counts: Record<string, KindCounts>;
    inserts: readonly HistoryRow[];
    replacements: readonly HistoryRow[];
    events: readonly HistoryEvent[];
  }): Promise<void> {
    const { records, counts, inserts, replacements, events } = batch;
    const cursor = (records[records.length - 1] as JournalRecord).offset + 1;
    this.#point('history.commit.before');
    await this.#store.commit({ cursor, counts, inserts, replacements, events });
    this.#point('history.commit.after');
    this.#cursor = cursor;
    this.#counts = { ...this.#counts, ...counts };
  }

  #goDown(error: string): void {
    if (this.#state !== 'down') this.#log.error({ error }, 'the history store is down; readings wait in the journal');
    this.#state = 'down';
    this.#error = error;
  }
}

function sum(before: KindCounts | undefined, added: KindCounts): KindCounts {
  return {
    stored: (before?.stored ?? 0) + added.stored,
    merged: (before?.merged ?? 0) + added.merged,
    duplicate: (before?.duplicate ?? 0) + added.duplicate,
    rejected: (before?.rejected ?? 0) + added.rejected,
  };
}

function eventOf(record: Exclude<JournalRecord, SampleRecord>): HistoryEvent[] {
  if (record.type === 'tick') {
    if (record.away === 0) return [];
    return [{ at: record.at, what: 'away', by: 'service', detail: JSON.stringify({ ms: record.away }) }];
  }
  return [{ at: record.at, what: record.change.what, by: record.by, detail: JSON.stringify(record.change) }];
}
