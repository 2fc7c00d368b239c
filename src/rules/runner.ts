import { Backoff } from '../kernel/backoff.ts';
import { type Clock, sleep } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { noPoint, type Point } from '../kernel/points.ts';
import type { Store } from '../kernel/store.ts';
import type { Kinds } from '../model/kind.ts';
import type { JournalReader, Offset } from '../model/record.ts';
import type { Transition } from '../model/transition.ts';
import { Checkpoint } from './checkpoint.ts';
import { Engine } from './engine.ts';

/** Takes what the engine found: alerts and what is to be told of them. Called in the transaction of the checkpoint (P9). */
export interface TransitionSink {
  take(transitions: readonly Transition[]): void;
  /** The transaction is durable. */
  taken(): void;
}

const CONSUMER = 'rules';
/** Records of one commit at most. */
const BATCH = 5_000;
/** Records judged before the sockets get a turn. */
const SLICE = 1_000;
/** Real ms in which records gather before they are judged: the most that it adds to the way of an alert. */
const GATHER = 20;
/**
 * Real ms from one commit to the next while nothing is found: of a device that reports meanwhile the last is written only. A
 * kill leaves so much to be judged anew, which takes a tenth of that time. In a lull it is written sooner.
 */
const PACE = 2_000;
const LULL = 200;
const RETRY_FIRST = 250;
const RETRY_MOST = 10_000;

/**
 * Lets the engine follow the journal. What it knows, what it found and how far it has read are one transaction: a kill at
 * any instant neither loses nor repeats a transition (P9).
 */
export class RuleRunner {
  readonly engine: Engine;
  readonly checkpoint: Checkpoint;
  readonly #journal: JournalReader;
  readonly #store: Store;
  readonly #sink: TransitionSink;
  readonly #realClock: Clock;
  readonly #log: Logger;
  readonly #point: Point;
  readonly #abort = new AbortController();
  readonly #backoff = new Backoff(RETRY_FIRST, RETRY_MOST);
  #found: Transition[] = [];
  #cursor: Offset;
  /** The cursor that is durable. */
  #committed: Offset;
  /** When the newest commit was, real ms. */
  #committedAt = Number.NEGATIVE_INFINITY;
  /** Whether a commit failed, or judging did after it had begun: what is known is written before more is judged. */
  #isOwed = false;
  #running: Promise<void> = Promise.resolve();
  #error: string | null = null;

  constructor(
    kinds: Kinds,
    journal: JournalReader,
    store: Store,
    sink: TransitionSink,
    realClock: Clock,
    log: Logger,
    point: Point = noPoint,
  ) {
    this.#journal = journal;
    this.#store = store;
    this.#sink = sink;
    this.#realClock = realClock;
    this.#log = log;
    this.#point = point;
    this.engine = new Engine(kinds, (transition) => this.#found.push(transition));
    this.checkpoint = new Checkpoint(store);
    this.#cursor = this.checkpoint.load(this.engine);
    this.#committed = this.#cursor;
  }

  start(): void {
    this.#running = this.#follow();
  }

  /** Everything before it is judged, and durably so. */
  cursor(): Offset {
    return this.#committed;
  }

  /** How far those are who stand on both: the rules, and one whose progress is `other`. */
  alongWith(other: { cursor: Offset; waitingSince: number | null }): { cursor: Offset; waitingSince: number } {
    const ticked = this.checkpoint.tickedAt() ?? Number.NEGATIVE_INFINITY;
    return {
      cursor: Math.min(other.cursor, this.#committed),
      waitingSince: Math.min(ticked, other.waitingSince ?? Number.POSITIVE_INFINITY),
    };
  }

  /** Why nothing can be written now, or null. */
  error(): string | null {
    return this.#error;
  }

  /** Judges what the journal holds, for `deadline` real ms at most. The rest stays in the journal. */
  async stop(deadline: number): Promise<void> {
    const until = this.#realClock.now() + deadline;
    this.#abort.abort();
    await this.#running;
    try {
      while (this.#committed < this.#journal.end(0) && this.#realClock.now() < until) {
        this.#committedAt = Number.NEGATIVE_INFINITY;
        await this.#step();
      }
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'the rules could not be brought to the end');
    }
    const left = this.#journal.end(0) - this.#committed;
    if (left > 0) this.#log.warn({ records: left }, 'the rules stop short of the end; the rest waits in the journal');
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.#journal.arrived(0, this.#committed, signal);
        if (signal.aborted) return;
        await this.#step();
        if (this.#journal.end(0) - this.#cursor < BATCH)
          await sleep(this.#realClock, 'rules gather', GATHER, signal).catch(() => {});
        this.#backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        this.#isOwed = this.#cursor !== this.#committed;
        this.#error = messageOf(error);
        this.#log.error({ error: this.#error }, 'what the rules found could not be written; they try again');
        await sleep(this.#realClock, 'rules try again', this.#backoff.next(), signal).catch(() => {});
      }
    }
  }

  /** Judges what comes next; writes it where something is found, or it is time. */
  async #step(): Promise<void> {
    const before = this.#cursor;
    if (!this.#isOwed) await this.#judge();
    const due = this.#committedAt + (this.#cursor === before ? LULL : PACE);
    if (this.#isOwed || this.#found.length > 0 || this.#realClock.now() >= due) await this.#commit();
  }

  async #commit(): Promise<void> {
    const found = this.#found;
    const cursor = this.#cursor;
    this.#point('rules.commit.before');
    await this.#store.transaction(() => {
      this.#sink.take(found);
      this.checkpoint.save(this.engine, cursor);
    });
    this.#point('rules.commit.after');
    this.#found = [];
    this.checkpoint.saved(this.engine);
    this.#sink.taken();
    this.#committed = cursor;
    this.#committedAt = this.#realClock.now();
    this.#isOwed = false;
    this.#error = null;
    this.#journal.commit(CONSUMER, 0, cursor);
  }

  async #judge(): Promise<void> {
    const records = this.#journal.read(0, this.#cursor, BATCH);
    for (let from = 0; from < records.length; from += SLICE) {
      if (from > 0) await new Promise(setImmediate);
      for (const record of records.slice(from, from + SLICE)) {
        this.engine.feed(record);
        // Record by record: should one break the engine, those before it are not judged twice.
        this.#cursor = record.offset + 1;
      }
    }
  }
}
