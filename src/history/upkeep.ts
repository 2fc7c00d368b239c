import { atMost, type Clock, sleep } from '../kernel/clock.ts';
import { messageOf, TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { everyMinute } from '../kernel/minutes.ts';
import type { HistoryStore } from './port.ts';
import type { Horizons } from './rollups.ts';
import type { HistorySettings } from './settings.ts';
import type { HistoryWriter } from './writer.ts';

/**
 * How long after its end a bucket is made, ms of the town's clock: devices speak with some delay, and what comes after that
 * is rolled up once more.
 */
const DELAY = 10 * 60_000;

/** Real ms after which the next kind of work has its turn, however much is left: years that were imported take hours. */
const TURN = 60_000;

/** Real ms that a piece under way is waited for at a stop. */
const PATIENCE = 2_000;

/**
 * Keeps the history in shape: rolls readings up, lets old ones go, seals closed months. It wakes each minute and does what
 * is due on the town's clock, by what the store has kept: so a restart neither skips nor doubles anything.
 * - It goes no further than the writer has come: what waits in the journal is neither rolled up without, nor let go.
 * - Each kind of work has a minute at a time, so that none waits for all of another.
 * - Between two pieces it rests as long as the last one took, so that half of the store's time is the writer's.
 */
export class HistoryUpkeep {
  readonly #store: HistoryStore;
  readonly #writer: Pick<HistoryWriter, 'progress'>;
  readonly #clock: Clock;
  readonly #realClock: Clock;
  readonly #settings: Pick<HistorySettings, 'retention' | 'sealAfter'>;
  readonly #log: Logger;
  readonly #abort = new AbortController();
  #running: Promise<void> | null = null;
  #isFailing = false;

  constructor(
    store: HistoryStore,
    writer: Pick<HistoryWriter, 'progress'>,
    clocks: { clock: Clock; realClock: Clock },
    settings: Pick<HistorySettings, 'retention' | 'sealAfter'>,
    log: Logger,
  ) {
    this.#store = store;
    this.#writer = writer;
    this.#clock = clocks.clock;
    this.#realClock = clocks.realClock;
    this.#settings = settings;
    this.#log = log;
  }

  /** Begins to wake each minute. */
  start(): void {
    const minutes = everyMinute('history upkeep', () => void this.run());
    this.#abort.signal.addEventListener('abort', () => minutes.stop());
  }

  /** Wakes no more; waits for the piece under way, but not for one that hangs or takes long: closing the store ends it. */
  async stop(): Promise<void> {
    this.#abort.abort();
    if (this.#running !== null) await atMost(this.#realClock, 'upkeep stops', PATIENCE, this.#running);
  }

  /** Does what is due now, as far as a turn of each kind of work goes; called while it is at it, it resolves when that is done. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#rest(async () => {
        const now = this.#historyNow();
        return now !== null && (await this.#store.rollUp(now - DELAY));
      });
      const now = this.#historyNow();
      if (now === null || this.#abort.signal.aborted) return;
      await this.#store.drop(horizonsOf(this.#settings.retention, now));
      await this.#rest(async () => (await this.#store.seal?.(now - this.#settings.sealAfter)) ?? false);
      this.#isFailing = false;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const level = this.#isFailing || (error instanceof TownError && error.code === 'unavailable') ? 'debug' : 'warn';
      this.#log[level]({ error: messageOf(error) }, 'the history could not be rolled up or let go; it is tried again');
      this.#isFailing = true;
    }
  }

  /** What the history has come to, ms of the town's clock; null while it is not up. */
  #historyNow(): number | null {
    const { state, waitingSince } = this.#writer.progress();
    return state === 'down' ? null : Math.min(this.#clock.now(), waitingSince ?? Infinity);
  }

  /** Repeats a piece until it says that nothing is left or its turn is over, with a rest after each. */
  async #rest(piece: () => Promise<boolean>): Promise<void> {
    const { signal } = this.#abort;
    for (const until = this.#realClock.now() + TURN; !signal.aborted && this.#realClock.now() < until; ) {
      const begun = this.#realClock.now();
      if (!(await piece())) return;
      const took = this.#realClock.now() - begun;
      await sleep(this.#realClock, 'history rests', took, signal).catch(() => {});
    }
  }
}

/** What may go at an instant, ms. */
function horizonsOf({ raw, fiveMinutes, hour, day }: HistorySettings['retention'], now: number): Horizons {
  const kept = { raw, '5m': fiveMinutes, '1h': hour, '1d': day };
  return Object.fromEntries(Object.entries(kept).flatMap(([what, ms]) => (ms === undefined ? [] : [[what, now - ms]])));
}
