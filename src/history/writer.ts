import { setImmediate } from 'node:timers/promises';
import { Backoff } from '../kernel/backoff.ts';
import { type Clock, sleep } from '../kernel/clock.ts';
import { ERRORS, messageOf, TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { noPoint, type Point } from '../kernel/points.ts';
import type { JournalReader, JournalRecord, Offset, SampleRecord } from '../model/record.ts';
import { decide, lookUps, type Whereabouts } from './decide.ts';
import { eventsOf } from './events.ts';
import {
  type HistoryBatch,
  type HistoryRow,
  type HistoryStore,
  type KindCounts,
  RefusedByStore,
  RetryLater,
} from './port.ts';

/** Keeps what the store refuses for good, as a dead letter. */
export interface Rejections {
  /** Resolves once the letter is durable. Told twice of one record (by its offset), it keeps one letter. */
  rejectedByStore(record: SampleRecord, detail: string): Promise<void>;
}

/** Told of the rows of a batch before it is committed: whoever makes figures of rows must not miss one. */
export interface Onlooker {
  /** `cursor` is the writer's once they are in the store. The commit waits until it resolves. */
  touched(batch: Pick<HistoryBatch, 'inserts' | 'replacements' | 'events'>, cursor: Offset): Promise<void> | void;
}

/** What the writer is doing, for the ledger and the readiness. */
export interface WriterProgress {
  /** Everything before it is in the store, in the rejections, or was nothing to keep. */
  cursor: Offset;
  /** Since the store was made. */
  counts: Readonly<Record<string, KindCounts>>;
  /** `slow`: it takes more than five seconds over a commit. */
  state: 'up' | 'down' | 'slow';
  /** What the store said last, while it is down. */
  error: string | null;
  /** Arrival (ms) of the oldest record that is not in the store; null when there is none. Lag is the time since. */
  waitingSince: number | null;
}

const CONSUMER = 'history';
/** Records of one commit at most: about 30 ms of work between two looks at the sockets. */
const BATCH = 10_000;
/** Records that are read before the sockets get a turn. */
const SLICE = 2_000;
/** From so many waiting records on it is a backlog, as an outage leaves one. */
const BACKLOG = 10 * BATCH;
/** What it rests between two commits of a backlog, as a share of the last one: a fifth of the time belongs to others. */
const REST = 0.25;
/** Real ms from the beginning of one commit to that of the next, unless a whole batch waits. */
const PACE = 250;
/** Real ms. */
const SLOW = 5_000;
const PATIENCE = 5_000;
const RETRY_FIRST = 250;
const RETRY_MOST = 30_000;

/**
 * Tails the journal into the store.
 * - Rows, counts and cursor move in one commit: a kill at any instant leaves them agreeing (P2).
 * - While the store is down nothing is skipped: the backlog stays in the journal and drains in order (P4).
 * - After a failure the store is asked anew where it stands: a commit whose outcome nobody saw is never counted twice.
 * - A backlog drains at a pace: it is read a slice at a time, and between two commits the writer rests, so that what comes
 *   in meanwhile is acknowledged, judged and shown as before.
 * - A batch that is refused for good is halved until the bad sample stands alone; that one goes to the rejections, and
 *   is durable there before the cursor passes it (P4).
 */
export class HistoryWriter {
  readonly #store: HistoryStore;
  readonly #journal: JournalReader;
  readonly #whereabouts: Whereabouts;
  readonly #rejections: Rejections;
  readonly #realClock: Clock;
  readonly #log: Logger;
  readonly #point: Point;
  readonly #onlookers: readonly Onlooker[];
  readonly #abort = new AbortController();
  readonly #backoff = new Backoff(RETRY_FIRST, RETRY_MOST);
  #cursor: Offset = 1;
  #counts: Record<string, KindCounts> = {};
  #newest = new Map<string, number>();
  /** Whether the three above are what the store holds. */
  #opened = false;
  #error: string | null = null;
  /** When the step under way began, real ms. */
  #begun: number | null = null;
  #lastBegun = -Infinity;
  /** What had arrived before this instant (real ms) is in the store. */
  #abreastAt: number;
  /** When that will be so again (real ms): once the store holds what comes before `end`. */
  #goal: { end: Offset; at: number } | null = null;
  #lastTook = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(
    store: HistoryStore,
    journal: JournalReader,
    whereabouts: Whereabouts,
    rejections: Rejections,
    realClock: Clock,
    log: Logger,
    point: Point = noPoint,
    ...onlookers: readonly Onlooker[]
  ) {
    this.#onlookers = onlookers;
    this.#store = store;
    this.#journal = journal;
    this.#whereabouts = whereabouts;
    this.#rejections = rejections;
    this.#realClock = realClock;
    this.#abreastAt = realClock.now();
    this.#log = log;
    this.#point = point;
  }

  /**
   * Opens the store and begins to follow the journal. A store that is only down now is tried again later.
   * @throws TownError what nobody can wait for: `data-newer`, `kind-changed`, `data-dir-unusable`
   */
  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (error instanceof TownError && !ERRORS[error.code].retryable) throw error;
      this.#goDown(error);
    }
    this.#running = this.#follow();
  }

  progress(): WriterProgress {
    const took = this.#begun === null ? this.#lastTook : this.#realClock.now() - this.#begun;
    return {
      cursor: this.#cursor,
      counts: this.#counts,
      state: this.#error !== null ? 'down' : took > SLOW ? 'slow' : 'up',
      error: this.#error,
      waitingSince: this.#journal.arrivalOf(0, this.#cursor),
    };
  }

  /** Waits five real seconds for everything before `end` to be in the store or the rejections; false when it is not. */
  async reached(end: Offset): Promise<boolean> {
    const until = this.#realClock.now() + PATIENCE;
    while (this.#cursor < end) {
      if (this.#abort.signal.aborted || this.#realClock.now() >= until) return false;
      await sleep(this.#realClock, 'history reaches', PACE, this.#abort.signal).catch(() => {});
    }
    return true;
  }

  /**
   * How long the oldest record waits that is not in the store, s. By arrival at `now` (ms), which outlives a restart; on a
   * trial clock, whose hour may be a second, no longer than it was really behind.
   */
  lag(now: number, isTrial = false): number {
    const since = this.#journal.arrivalOf(0, this.#cursor);
    if (since === null) return 0;
    const waits = Math.max(0, now - since);
    return (isTrial ? Math.min(waits, this.#realClock.now() - this.#abreastAt) : waits) / 1_000;
  }

  /** Writes what the journal holds, for `deadline` real ms at most, and closes the store. The rest stays in the journal. */
  async stop(deadline: number): Promise<void> {
    const until = this.#realClock.now() + deadline;
    const late = this.#realClock.after('history stops', deadline, () => this.#store.interrupt?.());
    this.#abort.abort();
    await this.#running;
    try {
      while (this.#cursor < this.#journal.end(0) && this.#realClock.now() < until) await this.#step();
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'the history store is down');
    } finally {
      late.stop();
    }
    const left = this.#journal.end(0) - this.#cursor;
    if (left > 0) this.#log.warn({ records: left }, 'history stops short of the end; the rest waits in the journal');
    await this.#store.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const isAbreast = this.#cursor >= this.#journal.end(0);
        await this.#journal.arrived(0, this.#cursor, signal);
        if (isAbreast) this.#abreastAt = this.#realClock.now();
        await this.#keepPace(signal);
        if (signal.aborted) return;
        await this.#step();
        this.#backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        this.#goDown(error);
        const wait = Math.max(this.#backoff.next(), error instanceof RetryLater ? error.waitMs : 0);
        await sleep(this.#realClock, 'history tries again', wait, signal).catch(() => {});
      }
    }
  }

  /** Waits until the next commit is due, so that a trickle of records does not become a trickle of commits. */
  async #keepPace(signal: AbortSignal): Promise<void> {
    const waiting = this.#journal.end(0) - this.#cursor;
    if (waiting >= BATCH) {
      const rest = waiting >= BACKLOG ? this.#lastTook * REST : 0;
      if (rest > 0 && this.#error === null) await sleep(this.#realClock, 'history rests', rest, signal);
      return;
    }
    const wait = this.#lastBegun + PACE - this.#realClock.now();
    if (wait > 0) await sleep(this.#realClock, 'history gathers', wait, signal);
  }

  async #step(): Promise<void> {
    this.#begun = this.#lastBegun = this.#realClock.now();
    try {
      if (!this.#opened) await this.#open();
      this.#goal ??= { end: this.#journal.end(0), at: this.#begun };
      const records = await this.#next();
      if (records.length > 0) await this.#write(records);
      if (this.#error !== null) this.#log.info({}, 'the history store is back; the backlog drains');
      this.#error = null;
      this.#journal.commit(CONSUMER, 0, this.#cursor);
      if (this.#cursor >= this.#goal.end) {
        this.#abreastAt = this.#goal.at;
        this.#goal = null;
      }
    } finally {
      this.#lastTook = this.#realClock.now() - this.#begun;
      this.#begun = null;
    }
  }

  /** What comes next, a batch at most. */
  async #next(): Promise<readonly JournalRecord[]> {
    const records: JournalRecord[] = [];
    for (let from = this.#cursor; records.length < BATCH; ) {
      const slice = this.#journal.read(0, from, Math.min(SLICE, BATCH - records.length));
      records.push(...slice);
      const last = slice.at(-1);
      if (last === undefined || slice.length < SLICE) break;
      from = last.offset + 1;
      await setImmediate();
    }
    return records;
  }

  async #open(): Promise<void> {
    const { cursor, counts, newest } = await this.#store.open();
    const end = this.#journal.end(0);
    if (cursor > end) {
      throw new TownError(
        'data-dir-unusable',
        `the history has read up to record ${cursor - 1}, but the journal ends at ${end - 1}: they are not of the same data directory; restore both from one backup`,
      );
    }
    const [oldest] = this.#journal.read(0, cursor, 1);
    if (oldest !== undefined && oldest.offset > cursor) {
      this.#log.error(
        { from: cursor, to: oldest.offset - 1 },
        'the history lacks records that the journal has no more, so that the ledger cannot balance: restore the history from a backup',
      );
    }
    this.#cursor = cursor;
    this.#counts = counts;
    this.#newest = newest;
    this.#opened = true;
    this.#journal.commit(CONSUMER, 0, cursor);
  }

  async #write(records: readonly JournalRecord[]): Promise<void> {
    try {
      await this.#keep(records);
    } catch (error) {
      if (!(error instanceof RefusedByStore)) throw error;
      const [only] = records;
      if (records.length === 1 && only !== undefined) return this.#passOver(only, error.message);
      const middle = Math.ceil(records.length / 2);
      await this.#write(records.slice(0, middle));
      await this.#write(records.slice(middle));
    }
  }

  async #keep(records: readonly JournalRecord[]): Promise<void> {
    const samples: SampleRecord[] = [];
    const others: Exclude<JournalRecord, SampleRecord>[] = [];
    for (const record of records) {
      if (record.type === 'sample') samples.push(record);
      else others.push(record);
    }
    const { wanted, devices } = lookUps(samples, this.#newest);
    const existing: HistoryRow[] = [];
    for (const [kind, identities] of wanted) existing.push(...(await this.#store.rowsAt(kind, identities)));
    const decided = decide(samples, this.#newest, devices, existing, this.#whereabouts);
    const { inserts, replacements } = decided;
    await this.#commit(records, decided.counts, { inserts, replacements, events: others.flatMap(eventsOf) });
    for (const [device, ts] of decided.newest) this.#newest.set(device, ts);
  }

  async #passOver(record: JournalRecord, detail: string): Promise<void> {
    const added = new Map<string, KindCounts>();
    if (record.type === 'sample') {
      await this.#rejections.rejectedByStore(record, detail);
      added.set(record.sample.kind, { stored: 0, merged: 0, duplicate: 0, rejected: 1 });
    } else this.#log.error({ record, detail }, 'the history store refuses an event; it stays in the journal only');
    await this.#commit([record], added, { inserts: [], replacements: [], events: [] });
  }

  async #commit(
    records: readonly JournalRecord[],
    added: ReadonlyMap<string, KindCounts>,
    rows: Omit<HistoryBatch, 'cursor' | 'counts'>,
  ): Promise<void> {
    const last = records[records.length - 1];
    if (last === undefined) return;
    const cursor = last.offset + 1;
    const counts = { ...this.#counts };
    for (const [kind, count] of added) counts[kind] = sum(this.#counts[kind], count);
    for (const onlooker of this.#onlookers) await onlooker.touched(rows, cursor);
    this.#point('history.commit.before');
    await this.#store.commit({ cursor, counts, ...rows });
    this.#point('history.commit.after');
    this.#cursor = cursor;
    this.#counts = counts;
  }

  #goDown(error: unknown): void {
    const message = messageOf(error);
    if (this.#error === null) {
      this.#log.error({ error: message }, 'the history store is down; readings wait in the journal');
    }
    this.#error = message;
    this.#opened = false;
  }
}

function sum(before: KindCounts | undefined, added: KindCounts): KindCounts {
  return {
    ...before,
    stored: (before?.stored ?? 0) + added.stored,
    merged: (before?.merged ?? 0) + added.merged,
    duplicate: (before?.duplicate ?? 0) + added.duplicate,
    rejected: (before?.rejected ?? 0) + added.rejected,
  };
}
