import { Backoff } from '../kernel/backoff.ts';
import { type Clock, sleep } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store, Table } from '../kernel/store.ts';
import { instant } from '../model/primitives.ts';
import type { Channel, Notice } from './channel.ts';

/** What became of telling somebody. */
export interface Notification {
  channel: string;
  at: string;
  outcome: 'sent' | 'failed' | 'suppressed';
  reason: string | null;
  attempts: number;
}

const RETRY_FIRST = 1_000;
const RETRY_MOST = 60_000;

/**
 * What is to be told, and what was. A notice is put in by the transaction that decided it, and leaves with the record of
 * its delivery: a kill in between tells it again, under the same key (P9).
 */
export class Outbox {
  readonly #store: Store;
  readonly #waiting: Table<number, Notice>;
  readonly #told: Table<[string, number], Notification>;
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #realClock: Clock;
  readonly #log: Logger;
  readonly #suppressed: () => string | null;
  readonly #abort = new AbortController();
  readonly #backoff = new Backoff(RETRY_FIRST, RETRY_MOST);
  #wake: (() => void) | null = null;
  #running: Promise<void> = Promise.resolve();

  /** `clock` dates what was told; `suppressed` gives the reason for telling nobody now, or null. */
  constructor(
    store: Store,
    channel: Channel,
    clocks: { clock: Clock; realClock: Clock },
    log: Logger,
    suppressed: () => string | null,
  ) {
    this.#store = store;
    this.#waiting = store.table('outbox');
    this.#told = store.table('notifications');
    this.#channel = channel;
    this.#clock = clocks.clock;
    this.#realClock = clocks.realClock;
    this.#log = log;
    this.#suppressed = suppressed;
  }

  start(): void {
    this.#running = this.#deliverAll();
  }

  /** Finishes the delivery under way; what waits is told after the next start. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.wake();
    await this.#running;
  }

  /** Puts notices in. Call it in the transaction that decides them, and {@link wake} once that is durable. */
  add(notices: readonly Notice[]): void {
    const reason = this.#suppressed();
    let [next = 0] = this.#waiting.keys({ reverse: true, limit: 1 });
    for (const notice of notices) {
      if (reason === null) this.#waiting.put(++next, notice);
      else this.#record(notice, { outcome: 'suppressed', reason, attempts: 0 });
    }
  }

  /** There may be something to tell. */
  wake(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Who was told of an alert, in order. */
  toldOf(alert: string): Notification[] {
    const range = { start: [alert, 0] as [string, number], end: [alert, Number.MAX_SAFE_INTEGER] as [string, number] };
    return [...this.#told.entries(range)].map(({ value }) => value);
  }

  /** How many notices wait. */
  waiting(): number {
    return this.#waiting.count();
  }

  async #deliverAll(): Promise<void> {
    const { signal } = this.#abort;
    let attempts = 0;
    while (!signal.aborted) {
      const [first] = this.#waiting.entries({ limit: 1 });
      if (first === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const { key, value: notice } = first;
      attempts++;
      try {
        await this.#channel.deliver(notice, keyOf(notice));
        await this.#store.transaction(() => {
          this.#record(notice, { outcome: 'sent', reason: null, attempts });
          this.#waiting.remove(key);
        });
        attempts = 0;
        this.#backoff.reset();
      } catch (error) {
        this.#log.warn({ alert: notice.alert.id, error: messageOf(error) }, 'a notice was not told; it is tried again');
        await sleep(this.#realClock, 'tell again', this.#backoff.next(), signal).catch(() => {});
      }
    }
  }

  #record({ alert }: Notice, what: Pick<Notification, 'outcome' | 'reason' | 'attempts'>): void {
    const entry = { channel: this.#channel.name, at: instant(this.#clock.now()), ...what };
    this.#told.put(
      [alert.id, this.#told.count({ start: [alert.id, 0], end: [alert.id, Number.MAX_SAFE_INTEGER] }) + 1],
      entry,
    );
  }
}

/** The same for the same thing told again. An alert may be raised more than once. */
function keyOf({ alert: { id, decidedAt }, event }: Notice): string {
  return event === 'raised' ? `${id}:${event}:${decidedAt}` : `${id}:${event}`;
}
