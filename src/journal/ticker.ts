import type { Clock, Timer } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { ServiceState } from '../model/service.ts';
import type { Journal } from './journal.ts';

/** Town time between two ticks, ms (DESIGN.md §7). */
export const TICK = 5_000;

/** What a tick is to know of the service. */
export interface TickSources {
  /** Whether readings are being held back right now. */
  paused(): boolean;
  /** How the service does; null where that is to be told to nobody. */
  state(): ServiceState | null;
}

/**
 * Writes the ticks that make time pass for the rules. A tick carries how long readings could not be taken before it (the
 * service was stopped, the journal full, the disk refused): that is the grace for silence; and how the service does.
 */
export class Ticker {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #sources: TickSources;
  #timer: Timer | null = null;
  #writing: Promise<unknown> = Promise.resolve();
  /** Since when nothing could be taken, ms; null while readings are taken. */
  #awaySince: number | null = null;

  constructor(journal: Journal, clock: Clock, log: Logger, sources: TickSources) {
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#sources = sources;
  }

  /** Writes the tick of the start, which tells how long the service was away, and goes on every {@link TICK}. */
  async start(): Promise<void> {
    const [last] = this.#journal.read(0, this.#journal.end(0) - 1, 1);
    this.#awaySince = last?.at ?? null;
    await this.#tick();
    this.#timer = this.#clock.every('tick', TICK, () => {
      this.#writing = this.#writing.then(() => this.#tick());
    });
  }

  async stop(): Promise<void> {
    this.#timer?.stop();
    await this.#writing;
  }

  async #tick(): Promise<void> {
    if (this.#sources.paused()) {
      this.#awaySince ??= this.#clock.now();
      return;
    }
    const away = this.#awaySince === null ? 0 : Math.max(0, this.#clock.now() - this.#awaySince);
    try {
      const service = this.#sources.state();
      await this.#journal.append([{ type: 'tick', away, ...(service !== null && { service }) }]);
      this.#awaySince = null;
    } catch (error) {
      this.#awaySince ??= this.#clock.now();
      this.#log.warn({ error: messageOf(error) }, 'a tick could not be written');
    }
  }
}
