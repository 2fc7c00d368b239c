import type { Clock, Timer } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { Rounds } from '../kernel/rounds.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { SeriesName, SeriesPoint } from '../model/series.ts';
import type { HistoryStore } from './port.ts';
import type { SeriesQueue } from './series-queue.ts';

/** A record that lies elsewhere on this machine and is copied into a series. */
export interface RecordedSeries {
  readonly series: SeriesName;
  /**
   * Points that will not change by themselves any more, from the instant `from` (ms) on, in the order of time: about
   * `limit`, whole instants only. `next` is where to go on; `from` itself when there are none yet.
   */
  page(from: number, limit: number): { points: SeriesPoint[]; next: number };
}

/** Points of one call. */
const PAGE = 2_000;
/** Gauges wait for a store that is down no longer than this many points: then minutes of them are left out. */
const MOST_WAITING = 500_000;
/** Town ms between two looks at the gauges. */
const MINUTE = 60_000;

/** What the writer of series stands on. */
export interface SeriesWriterParts {
  history: Pick<HistoryStore, 'keep'>;
  store: Store;
  queue: SeriesQueue;
  records: readonly RecordedSeries[];
  /** How things stand, as points at `at` (ms); asked once in a minute of the town's clock. */
  gauges(at: number): Promise<readonly SeriesPoint[]>;
  /** The town's. */
  clock: Clock;
  realClock: Clock;
  log: Logger;
}

/**
 * Writes series beside the readings, at a pace of its own.
 * - What waits lies on this machine's disk: nothing is lost and no memory filled while the store is down.
 * - What is written is forgotten after the store's answer only; after a kill in between it is written again, onto itself.
 */
export class SeriesWriter {
  readonly #parts: SeriesWriterParts;
  readonly #cursors: Table<string, number>;
  readonly #rounds: Rounds;
  #gauges: Timer | null = null;

  constructor(parts: SeriesWriterParts) {
    this.#parts = parts;
    this.#cursors = parts.store.table('series.cursors');
    const words = { fails: 'series cannot be written; they wait on this machine', works: 'series are written again' };
    this.#rounds = new Rounds({ name: 'series', words, round: () => this.#write() }, parts.realClock, parts.log);
  }

  start(): void {
    this.#gauges = this.#parts.clock.every('gauges', MINUTE, () => void this.#read());
    this.#rounds.start();
  }

  /** Writes what waits; resolves when it is through with that, or could not go on. There is one such round at a time. */
  write(): Promise<void> {
    return this.#rounds.run();
  }

  /** Nothing is forgotten until the answer is called: a copy of the history, and after it one of this machine, miss nothing. */
  hold(): () => void {
    return this.#rounds.hold();
  }

  /** Writes no more; a call that hangs is not waited for. What waits is written after the next start. */
  stop(): Promise<void> {
    this.#gauges?.stop();
    return this.#rounds.stop();
  }

  async #read(): Promise<void> {
    const { queue, store, clock, gauges, log } = this.#parts;
    if (queue.length > MOST_WAITING) return;
    try {
      const points = await gauges(Math.floor(clock.now() / MINUTE) * MINUTE);
      if (!this.#rounds.stopped) await store.transaction(() => queue.add(points));
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'a minute of the gauges is left out');
    }
  }

  async #write(): Promise<void> {
    await this.#drain();
    for (const record of this.#parts.records) await this.#copy(record);
  }

  async #drain(): Promise<void> {
    while (this.#rounds.isFree) {
      const waiting = this.#parts.queue.oldest(PAGE);
      if (waiting.length === 0) return;
      await this.#parts.history.keep(waiting.map(({ point }) => point));
      await this.#forget(() => this.#parts.queue.remove(waiting.map(({ place }) => place)));
    }
  }

  async #copy(record: RecordedSeries): Promise<void> {
    while (this.#rounds.isFree) {
      const from = this.#cursors.get(record.series) ?? 0;
      const { points, next } = record.page(from, PAGE);
      if (next === from) return;
      if (points.length > 0) await this.#parts.history.keep(points);
      await this.#forget(() => this.#cursors.put(record.series, next));
    }
  }

  /** Notes that points are kept, unless that must not be noted now: then they are written again. */
  async #forget(note: () => void): Promise<void> {
    if (this.#rounds.isFree) await this.#parts.store.transaction(note);
  }
}
