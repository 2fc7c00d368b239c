import { Backoff } from '../kernel/backoff.ts';
import { type Clock, sleep, type Timer } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { Alert, News } from '../model/alert.ts';
import { instant } from '../model/primitives.ts';
import type { Channel } from './channel.ts';
import { groupOf, keyOf, nextGroup } from './grouping.ts';

/** What became of telling somebody. */
export interface Notification {
  channel: string;
  at: string;
  outcome: 'sent' | 'failed' | 'suppressed';
  reason: string | null;
  attempts: number;
}

/** Where what is being told is noted. */
const NOW = 'now';
const RETRY_FIRST = 1_000;
const RETRY_MOST = 60_000;
/** How long more of a group is gathered after it was told of, ms: the longer the longer it goes on. */
const REST_FIRST = 1_000;
const REST_MOST = 60_000;

/**
 * What is to be told, and what was. A word is put in by the transaction that decided it, and leaves with the record of its
 * delivery: a kill in between tells it again, under the same key (P9). The first word of a group is told at once, with all
 * that wait beside it; what comes of the same group after it is gathered, so that a storm is a few messages.
 */
export class Outbox {
  readonly #store: Store;
  readonly #waiting: Table<number, News>;
  /** What is being told: it stays one message, however often that is tried, and whatever comes meanwhile. */
  readonly #sealed: Table<string, number[]>;
  readonly #told: Table<[string, number], Notification>;
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #realClock: Clock;
  readonly #log: Logger;
  readonly #suppressed: () => string | null;
  readonly #abort = new AbortController();
  readonly #backoff = new Backoff(RETRY_FIRST, RETRY_MOST);
  /** The groups that rest, and how long they do next. */
  readonly #resting = new Map<string, Timer>();
  readonly #rests = new Map<string, Backoff>();
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
    this.#sealed = store.table('outbox.sealed');
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
    for (const timer of this.#resting.values()) timer.stop();
    this.wake();
    await this.#running;
  }

  /** Puts words in. Call it in the transaction that decides them, and {@link wake} once that is durable. */
  add(words: readonly News[]): void {
    const all = this.#suppressed();
    let [next = 0] = this.#waiting.keys({ reverse: true, limit: 1 });
    for (const word of words) {
      const reason = all ?? word.suppressed ?? null;
      if (reason === null) this.#waiting.put(++next, word);
      else this.#record(word.alert, { outcome: 'suppressed', reason, attempts: 0 });
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

  /** How many words wait. */
  waiting(): number {
    return this.#waiting.count();
  }

  async #deliverAll(): Promise<void> {
    const { signal } = this.#abort;
    let attempts = 0;
    while (!signal.aborted) {
      const sealed = this.#sealed.get(NOW);
      const places = sealed ?? nextGroup(this.#waiting.entries(), (group) => this.#resting.has(group));
      const words = places.flatMap((place) => this.#waiting.get(place) ?? []);
      const [first, ...others] = words;
      if (first === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        if (sealed === undefined) await this.#store.transaction(() => this.#sealed.put(NOW, places));
        attempts++;
        const alerts = [first.alert, ...others.map(({ alert }) => alert)] as const;
        await this.#channel.deliver({ alerts, event: first.event }, keyOf(words));
        await this.#store.transaction(() => {
          for (const { alert } of words) this.#record(alert, { outcome: 'sent', reason: null, attempts });
          for (const place of places) this.#waiting.remove(place);
          this.#sealed.remove(NOW);
        });
        attempts = 0;
        this.#backoff.reset();
        this.#rest(groupOf(first));
      } catch (error) {
        const told = { alert: first.alert.id, alerts: words.length, error: messageOf(error) };
        this.#log.warn(told, 'a notice was not told; it is tried again');
        await sleep(this.#realClock, 'tell again', this.#backoff.next(), signal).catch(() => {});
      }
    }
  }

  /** What comes of this group is gathered for a while; where nothing comes, the next word of it is told at once again. */
  #rest(group: string): void {
    if (this.#abort.signal.aborted) return;
    const backoff = this.#rests.get(group) ?? new Backoff(REST_FIRST, REST_MOST);
    this.#rests.set(group, backoff);
    const timer = this.#realClock.after('gather notices', backoff.next(), () => {
      this.#resting.delete(group);
      if (!this.#waits(group)) this.#rests.delete(group);
      this.wake();
    });
    this.#resting.set(group, timer);
  }

  #waits(group: string): boolean {
    for (const { value } of this.#waiting.entries()) if (groupOf(value) === group) return true;
    return false;
  }

  #record(alert: Alert, what: Pick<Notification, 'outcome' | 'reason' | 'attempts'>): void {
    const entry = { channel: this.#channel.name, at: instant(this.#clock.now()), ...what };
    this.#told.put(
      [alert.id, this.#told.count({ start: [alert.id, 0], end: [alert.id, Number.MAX_SAFE_INTEGER] }) + 1],
      entry,
    );
  }
}
