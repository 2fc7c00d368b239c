import type { Clock, Timer } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { noPoint, type Point } from '../kernel/points.ts';
import type { Decoded, Rejected } from '../model/decoded.ts';
import type { Sample } from '../model/sample.ts';

/** Makes samples or reasons of a message; never throws. */
export interface MessageDecoder {
  decode(message: { publisher: string; kind: string; device: string; payload: Buffer }): Decoded;
}

/** The journal as the gate needs it. */
export interface SampleJournal {
  append(
    records: readonly { type: 'sample'; sample: Sample }[],
    alongside: (appended: { at: number }) => void,
  ): Promise<unknown>;
  /** Why nothing more may be acknowledged (P5), or null. */
  held(): string | null;
}

/** What is written beside the samples, in their transaction. */
export interface Beside {
  count(messages: readonly { kind: string; decoded: Decoded }[]): void;
  /** `letters` are counted in the ledger; `fields`, of samples that were kept, beside it. */
  keep(refused: Refusal, at: number): void;
}

/** What of a message could not be used. */
export interface Refusal extends Pick<Admitted, 'publisher' | 'kind' | 'topic' | 'payload'> {
  letters: readonly Rejected[];
  fields: readonly Rejected[];
}

/** A message that may come in: somebody known publishes for a device of theirs. */
export interface Admitted {
  publisher: string;
  kind: string;
  device: string;
  topic: string;
  payload: Buffer;
}

interface Waiting extends Admitted {
  decoded: Decoded;
  durable: () => void;
}

/** Samples that one append takes at most, so that one flood does not delay everybody's acknowledgement. */
const BATCH_SAMPLES = 20_000;
/** How often a gate that had to stop looks whether it may go on, real ms. */
const LOOK_AGAIN = 250;

/**
 * Where readings become the town's.
 * - `durable` is called only after everything of its message is synced: in the journal, or as a dead letter (P1).
 * - What arrives while one append is on its way goes out together with the next: group commit.
 * - When the journal is full or the disk refuses, nobody is answered, so nobody sends more; it goes on by itself (P5).
 */
export class Gate {
  readonly #decoder: MessageDecoder;
  readonly #journal: SampleJournal;
  readonly #beside: Beside;
  readonly #realClock: Clock;
  readonly #log: Logger;
  readonly #point: Point;
  #waiting: Waiting[] = [];
  #busy = false;
  #stopped = false;
  #paused: string | null = null;
  #lookAgain: Timer | null = null;
  #settled: (() => void)[] = [];

  constructor(
    decoder: MessageDecoder,
    journal: SampleJournal,
    beside: Beside,
    realClock: Clock,
    log: Logger,
    point: Point = noPoint,
  ) {
    this.#decoder = decoder;
    this.#journal = journal;
    this.#beside = beside;
    this.#realClock = realClock;
    this.#log = log;
    this.#point = point;
  }

  /** Why nothing is taken right now, or null. */
  get paused(): string | null {
    return this.#paused;
  }

  /** Takes a message in; calls `durable` once nothing of it can be lost, and never if that does not come. */
  admit(message: Admitted, durable: () => void): void {
    if (this.#stopped) return;
    const { publisher, kind, device, topic, payload } = message;
    // Named one by one: a spread costs more than the rest of this line, for every message.
    this.#waiting.push({ publisher, kind, device, topic, payload, decoded: this.#decoder.decode(message), durable });
    if (this.#busy || this.#lookAgain !== null) return;
    this.#busy = true;
    // The rest of what the sockets hold by now belongs to the same append.
    setImmediate(() => void this.#flush());
  }

  /** Takes nothing more in; resolves when what was taken is durable, or can't be for now. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#lookAgain?.stop();
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  async #flush(): Promise<void> {
    let held: string | null = null;
    do {
      held = this.#held() ?? (await this.#flushBatch(this.#takeBatch()));
    } while (held === null && this.#waiting.length > 0);
    if (held === null) this.#resume();
    else this.#pause(held);
    this.#busy = false;
    for (const settled of this.#settled.splice(0)) settled();
  }

  /** Why the journal takes nothing; that it cannot even say is a reason, too. */
  #held(): string | null {
    try {
      return this.#journal.held();
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Makes a batch durable and answers it; says why when that can't be, and then the batch waits on. */
  async #flushBatch(batch: readonly Waiting[]): Promise<string | null> {
    if (batch.length === 0) return null;
    try {
      await this.#append(batch);
    } catch (error) {
      this.#waiting = [...batch, ...this.#waiting];
      return messageOf(error);
    }
    this.#point('ack.before');
    for (const { durable } of batch) durable();
    this.#point('ack.after');
    return null;
  }

  #takeBatch(): Waiting[] {
    let samples = 0;
    let length = 0;
    while (length < this.#waiting.length && samples < BATCH_SAMPLES)
      samples += this.#waiting[length++]?.decoded.samples.length ?? 0;
    const batch = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    return batch;
  }

  #append(batch: readonly Waiting[]): Promise<unknown> {
    const records: { type: 'sample'; sample: Sample }[] = [];
    for (const { decoded } of batch) for (const sample of decoded.samples) records.push({ type: 'sample', sample });
    return this.#journal.append(records, ({ at }) => {
      this.#beside.count(batch);
      for (const { decoded, publisher, kind, topic, payload } of batch) {
        const { rejected: letters, fields } = decoded;
        if (letters.length + fields.length > 0)
          this.#beside.keep({ publisher, kind, topic, payload, letters, fields }, at);
      }
    });
  }

  #pause(reason: string): void {
    if (this.#paused === null) this.#log.error({ reason }, 'readings are held back; devices wait and nothing is lost');
    this.#paused = reason;
    if (this.#stopped) return;
    this.#lookAgain = this.#realClock.after('gate looks again', LOOK_AGAIN, () => {
      this.#lookAgain = null;
      this.#busy = true;
      void this.#flush();
    });
  }

  #resume(): void {
    if (this.#paused === null) return;
    this.#paused = null;
    this.#log.info({}, 'readings are taken again');
  }
}
