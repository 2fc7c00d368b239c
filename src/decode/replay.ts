import { TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { DeadLetterReason } from '../model/deadletter.ts';
import type { Decoded } from '../model/decoded.ts';
import type { Offset } from '../model/record.ts';
import type { Sample } from '../model/sample.ts';
import type { DeadLetter, DeadLetters, Origin } from './deadletters.ts';
import type { Message } from './decoder.ts';

/** The journal as a replay needs it. */
export interface ReplayJournal {
  append(
    records: readonly { type: 'sample'; sample: Sample }[],
    alongside: (appended: { at: number }) => void,
  ): Promise<{ first: Offset }>;
  /** Waits some seconds for the history to come to what lies before `end`; false when it does not. */
  reached(end: Offset): Promise<boolean>;
  /** Why nothing may be taken now (P5), or null. */
  held(): string | null;
}

/** The gate's half of the loss ledger. */
export interface ReplayLedger {
  /** What was counted as rejected under `kind` comes to this instead. Called in the transaction of the append. */
  replayed(kind: string, decoded: Decoded): void;
}

/** Which letters to replay: these, or all of a reason that were not. */
export type ReplayWish = { ids: readonly number[] } | { reason: DeadLetterReason };

/** What came of it. */
export interface Replayed {
  replayed: number;
  /** The first thousand that were not, and why. */
  refused: { id: number; reason: string }[];
  refusedInAll: number;
  /** Samples of what was replayed that the history has refused again already; null when it has not come to all of them. */
  refusedAgain: number | null;
}

/** Letters of one transaction. */
const AT_ONCE = 200;
const REFUSED_TOLD = 1_000;

/** Where samples that were made lie in the journal; `end` is exclusive. */
interface Place {
  from: Offset;
  end: Offset;
}

/** A letter of which samples can be made now. */
interface Ready {
  letter: DeadLetter;
  origin: Origin;
  kind: string;
  decoded: Decoded;
}

/**
 * Makes samples of dead letters once what was wrong is mended.
 * - A letter is decoded again by the registry and kinds of today, as of its arrival and its publisher; a sample that the
 *   store refused goes to the journal as it was, whatever its age.
 * - Samples, the ledger's counts (rejected - 1, pending + 1) and the note that it was replayed are one transaction: a kill
 *   leaves all of it or nothing, and no letter is replayed twice (P2).
 * - What is bad still stays a dead letter, counted once.
 */
export class Replay {
  readonly #letters: DeadLetters;
  readonly #decoder: { decode(message: Message, only: number | null): Decoded };
  readonly #journal: ReplayJournal;
  readonly #ledger: ReplayLedger;
  readonly #log: Logger;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    letters: DeadLetters,
    decoder: { decode(message: Message, only: number | null): Decoded },
    journal: ReplayJournal,
    ledger: ReplayLedger,
    log: Logger,
  ) {
    this.#letters = letters;
    this.#decoder = decoder;
    this.#journal = journal;
    this.#ledger = ledger;
    this.#log = log;
  }

  /**
   * Replays letters for `by`; one wish after the other, so that none meets the letters of another half done.
   * @throws TownError `unavailable` when nothing can be written; what was replayed before stays so
   */
  replay(wish: ReplayWish, by: string): Promise<Replayed> {
    const done = this.#turn.then(async () => {
      const { outcome, places } = await this.#replay(wish);
      const { replayed, refusedInAll } = outcome;
      this.#log.info({ by, ...wish, replayed, refused: refusedInAll }, 'dead letters were replayed');
      return { outcome, places };
    });
    this.#turn = done.catch(() => {});
    return done.then(async ({ outcome, places }) => ({ ...outcome, refusedAgain: await this.#refusedAgain(places) }));
  }

  async #replay(wish: ReplayWish): Promise<{ outcome: Omit<Replayed, 'refusedAgain'>; places: Place[] }> {
    const outcome: Omit<Replayed, 'refusedAgain'> = { replayed: 0, refused: [], refusedInAll: 0 };
    const places: Place[] = [];
    for (const ids of this.#slices(wish)) {
      const held = this.#journal.held();
      if (held !== null)
        throw new TownError('unavailable', `nothing is taken now, ${outcome.replayed} replayed: ${held}`);
      const ready: Ready[] = [];
      for (const id of ids) {
        const found = this.#look(id);
        if (typeof found !== 'string') ready.push(found);
        else if (outcome.refusedInAll++ < REFUSED_TOLD) outcome.refused.push({ id, reason: found });
      }
      if (ready.length > 0) places.push(await this.#append(ready));
      outcome.replayed += ready.length;
      await new Promise(setImmediate);
    }
    return { outcome, places };
  }

  async #refusedAgain(places: readonly Place[]): Promise<number | null> {
    const last = places.at(-1);
    if (last === undefined) return 0;
    if (!(await this.#journal.reached(last.end))) return null;
    return places.reduce((sum, { from, end }) => sum + this.#letters.countRecords(from, end), 0);
  }

  *#slices(wish: ReplayWish): Iterable<readonly number[]> {
    if ('ids' in wish) {
      const ids = [...new Set(wish.ids)];
      for (let from = 0; from < ids.length; from += AT_ONCE) yield ids.slice(from, from + AT_ONCE);
      return;
    }
    // Not those that come meanwhile: a store that refuses them all again would keep this going for ever.
    const end = this.#letters.next();
    for (let from = 1; ; ) {
      const ids = this.#letters.waiting(wish.reason, from, end, AT_ONCE);
      const last = ids.at(-1);
      if (last === undefined) return;
      yield ids;
      from = last + 1;
    }
  }

  /** What the letter comes to today, or why it cannot be replayed. */
  #look(id: number): Ready | string {
    const letter = this.#letters.get(id);
    if (letter === undefined) return 'there is no such letter, or none any more';
    if (letter.replayed) return 'it was replayed already';
    const origin = this.#letters.originOf(id);
    if (origin === undefined) return 'an older version kept it, without what it takes to replay it';
    const { kind, sample } = origin;
    if (kind === null)
      return 'it is about a field only: the rest of its sample was taken, and the field alone is no sample';
    if (sample !== null) {
      return { letter, origin, kind, decoded: { samples: [sample], rejected: [], fields: [], unknown: [] } };
    }
    if (letter.payload === null) return 'its payload was not kept';
    if (!origin.isWhole) return 'only a part of its payload was kept: 4 KiB, and of text only';
    const decoded = this.#decode(letter, origin, letter.payload);
    const [bad] = decoded.rejected;
    if (bad !== undefined) return `${bad.reason}: ${bad.detail}`;
    if (decoded.samples.length === 0) return 'there is no sample in it';
    const isOneOfMany = letter.payload.trimStart().startsWith('[');
    if (isOneOfMany && decoded.samples.some(({ assigned, deviceTs }) => assigned === true || deviceTs !== undefined))
      return 'it came without a good time in a list of samples: what instant it would have got cannot be known any more';
    return { letter, origin, kind, decoded };
  }

  #decode({ at, topic }: DeadLetter, { publisher, place }: Origin, payload: string): Decoded {
    const [, kind = '', device = ''] = topic.split('/');
    const message = {
      publisher: publisher ?? device,
      kind,
      device,
      payload: Buffer.from(payload),
      arrival: at,
      wall: null,
    };
    return this.#decoder.decode(message, place);
  }

  async #append(ready: readonly Ready[]): Promise<Place> {
    const records = ready.flatMap(({ decoded }) =>
      decoded.samples.map((sample) => ({ type: 'sample' as const, sample })),
    );
    const { first } = await this.#journal.append(records, ({ at }) => {
      for (const { letter, origin, kind, decoded } of ready) {
        this.#letters.noteReplayed(letter.id);
        this.#ledger.replayed(kind, decoded);
        if (decoded.fields.length === 0) continue;
        const { publisher } = origin;
        const from = publisher === null ? {} : { publisher };
        const payload = Buffer.from(letter.payload ?? '');
        this.#letters.keep({ topic: letter.topic, payload, kind, letters: [], fields: decoded.fields, ...from }, at);
      }
    });
    return { from: first, end: first + records.length };
  }
}
