import { atMost, type Clock, type Timer } from './clock.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';

/** Work that is done beside everything else, round after round. */
export interface Work {
  /** What it is called in diagnostics. */
  name: string;
  /** What is said when it fails, and when it works again. */
  words: { fails: string; works: string };
  /** Does what is due, as far as it may: it looks at `isFree` between two steps. */
  round(): Promise<void>;
}

/** Real ms between two rounds. */
const PACE = 5_000;
/** Real ms that a round under way is waited for at a stop. */
const PATIENCE = 2_000;

/**
 * Rounds of a work at a pace of its own, one at a time. One that fails is told once and tried again. Somebody may hold
 * them: then nothing must be noted as done, so that a copy of the history, and after it one of this machine, agree.
 */
export class Rounds {
  readonly #work: Work;
  readonly #realClock: Clock;
  readonly #log: Logger;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #holders = 0;
  #isDown = false;
  #stopped = false;

  constructor(work: Work, realClock: Clock, log: Logger) {
    this.#work = work;
    this.#realClock = realClock;
    this.#log = log;
  }

  start(): void {
    this.#timer = this.#realClock.every(this.#work.name, PACE, () => void this.run());
  }

  /** Does a round, or waits for the one under way; resolves when it is through, or could not go on. */
  run(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Nothing may be noted as done until the answer is called. */
  hold(): () => void {
    this.#holders++;
    return () => {
      this.#holders--;
    };
  }

  /** Does no more; a round that hangs is not waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.stop();
    if (this.#running !== null) await atMost(this.#realClock, `${this.#work.name} stops`, PATIENCE, this.#running);
  }

  /** Whether the round may go on, and note what it did. */
  get isFree(): boolean {
    return this.#holders === 0 && !this.#stopped;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  async #round(): Promise<void> {
    const { round, words } = this.#work;
    try {
      await round();
      if (this.#isDown) this.#log.info({}, words.works);
      this.#isDown = false;
    } catch (error) {
      if (!this.#isDown && !this.#stopped) this.#log.warn({ error: messageOf(error) }, words.fails);
      this.#isDown = true;
    }
  }
}
