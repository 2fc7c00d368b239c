import type { Clock } from '../kernel/clock.ts';

/** Somebody or something that was turned away at the door: nothing was acknowledged, nothing stands in the ledger. */
export interface RefusedEntry {
  /** The last time, ms. */
  at: number;
  /** The user name or device id that was given, shortened. */
  id: string;
  address: string;
  reason: RefusalReason;
  topic: string | null;
  /** The last payload's first 512 bytes, where there was one. */
  payload: string | null;
  /** How often, since it was first seen. */
  count: number;
}

export type RefusalReason =
  | 'unknown-device'
  | 'wrong-secret'
  | 'retired'
  | 'not-your-device'
  | 'wrong-kind'
  | 'bad-topic'
  | 'packet-too-large'
  | 'protocol'
  | 'journal-full';

const KEPT = 1_000;
const PAYLOAD_BYTES = 512;

/** The last thousand who were turned away, one line for each id and reason, so that one device can't push out the rest. */
export class RefusedLog {
  readonly #clock: Clock;
  readonly #count: (reason: RefusalReason) => void;
  readonly #entries = new Map<string, RefusedEntry>();

  /** `count` is told of each refusal, for the metrics. */
  constructor(clock: Clock, count: (reason: RefusalReason) => void) {
    this.#clock = clock;
    this.#count = count;
  }

  add(
    reason: RefusalReason,
    id: string,
    address: string,
    topic: string | null = null,
    payload: Buffer | null = null,
  ): void {
    this.#count(reason);
    const shortId = id.slice(0, 80);
    const key = `${shortId}\n${reason}`;
    const count = (this.#entries.get(key)?.count ?? 0) + 1;
    this.#entries.delete(key);
    this.#entries.set(key, {
      at: this.#clock.now(),
      id: shortId,
      address,
      reason,
      topic: topic?.slice(0, 256) ?? null,
      payload: payload?.subarray(0, PAYLOAD_BYTES).toString('utf8') ?? null,
      count,
    });
    if (this.#entries.size <= KEPT) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  /** Newest first. */
  list(): RefusedEntry[] {
    return [...this.#entries.values()].reverse();
  }
}
