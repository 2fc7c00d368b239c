import type { Store, Table } from '../kernel/store.ts';
import type { DeadLetterReason } from '../model/deadletter.ts';
import type { Rejected } from '../model/decoded.ts';
import type { Offset, SampleRecord } from '../model/record.ts';
import type { Sample } from '../model/sample.ts';

/** A dead letter as it is kept: a message, sample or field that could not be used, with its reason. */
export interface DeadLetter {
  id: number;
  /** When it arrived, ms. */
  at: number;
  topic: string;
  device: string | null;
  reason: DeadLetterReason;
  field: string | null;
  detail: string;
  /** Its first 4 KiB, bytes that are no UTF-8 replaced; null when it was dropped or never kept. */
  payload: string | null;
  replayed: boolean;
}

/** What it takes to make samples of a letter again. */
export interface Origin {
  /** Who published it; null where the store refused it. */
  publisher: string | null;
  /** The kind that the ledger counts it under; null for a field, which is counted beside the ledger. */
  kind: string | null;
  /** Its sample's place in the message; null for the message as a whole. */
  place: number | null;
  /** Whether the payload is kept byte for byte. */
  isWhole: boolean;
  /** The sample itself, where the store refused it. */
  sample: Sample | null;
}

/** What to keep of one message that was refused wholly or in part. */
export interface Refused {
  topic: string;
  payload: Buffer;
  /** Who published it; absent where the store refused it. */
  publisher?: string;
  /** The kind that the ledger counts `letters` under. */
  kind: string;
  /** What the ledger counts: samples, or the message. */
  letters: readonly Rejected[];
  /** Fields of samples that were kept, which it does not. */
  fields?: readonly Rejected[];
  /** The sample that the store refused. */
  sample?: Sample;
}

/** Which dead letters to list; `before` is the id of the last one seen, the newest come first. */
export interface DeadLetterQuery {
  reason?: DeadLetterReason;
  device?: string;
  from?: number;
  to?: number;
  before?: number;
  limit: number;
}

/** Bounds of what is kept. */
export interface DeadLetterSettings {
  maxBytes: number;
  /** ms */
  keep: number;
}

/** As it lies in the table; letters of older versions have no origin. */
type Kept = Omit<DeadLetter, 'id'> & { origin?: Origin };

interface Totals {
  next: number;
  bytes: number;
  purged: number;
}

const PAYLOAD_BYTES = 4_096;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PURGE_AT_ONCE = 1_000;
/** One message may hold thousands of bad samples: each has its letter, the first ones carry what was sent. */
const PAYLOADS_OF_A_MESSAGE = 8;

/**
 * What could not be used, with its reason and the first 4 KiB of its payload. Past its bounds the oldest letters go; the
 * counts by device and reason stay. It is the only thing that Townpulse throws away.
 */
export class DeadLetters {
  readonly #store: Store;
  readonly #settings: DeadLetterSettings;
  readonly #letters: Table<number, Kept>;
  readonly #counts: Table<[string, string], number>;
  readonly #totals: Table<string, Totals>;
  /** Journal records that have their letter. */
  readonly #records: Table<number, true>;
  /** When a device's last payload of unknown fields only was kept, ms. */
  readonly #unknownKept: Table<string, number>;

  /** By hour since the epoch: how many were thrown away for want of room. */
  readonly #wanting: Table<number, number>;

  constructor(store: Store, settings: DeadLetterSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#letters = store.table('deadletters');
    this.#counts = store.table('deadletters.counts');
    this.#totals = store.table('deadletters.totals');
    this.#records = store.table('deadletters.records');
    this.#unknownKept = store.table('deadletters.unknown-kept');
    this.#wanting = store.table('deadletters.wanting');
  }

  /** Keeps the letters of a message. Call it inside a transaction. */
  keep(refused: Refused, at: number): void {
    const payload = refused.payload.subarray(0, PAYLOAD_BYTES).toString('utf8');
    const isWhole = Buffer.from(payload).equals(refused.payload);
    const totals = this.#readTotals();
    let payloads = 0;
    const put = (letter: Rejected, kind: string | null) => {
      // Names that nobody registered come from the wire: they must not fill the table of counts.
      const counted: [string, string] = [
        letter.reason === 'unknown-device' ? '' : (letter.device ?? ''),
        letter.reason,
      ];
      this.#counts.put(counted, (this.#counts.get(counted) ?? 0) + 1);
      if (!this.#worthKeeping(letter, at)) return;
      const { publisher = null, sample = null } = refused;
      const kept: Kept = {
        at,
        topic: refused.topic,
        device: letter.device?.slice(0, 64) ?? null,
        reason: letter.reason,
        field: letter.field,
        detail: letter.detail,
        payload: payloads++ < PAYLOADS_OF_A_MESSAGE ? payload : null,
        replayed: false,
        origin: { publisher, kind, place: letter.place ?? null, isWhole, sample },
      };
      this.#letters.put(totals.next++, kept);
      totals.bytes += sizeOf(kept);
    };
    for (const letter of refused.letters) put(letter, refused.kind);
    for (const field of refused.fields ?? []) put(field, null);
    this.#totals.put('all', totals);
  }

  /** Keeps the letter of a record of the journal that no store takes; told of it again, it has one already. */
  keepRecord(town: string, { offset, at, sample }: SampleRecord, detail: string): Promise<void> {
    const { device, kind, ts, values } = sample;
    const payload = Buffer.from(JSON.stringify({ ts, ...values }));
    const letters: Rejected[] = [{ device, field: null, reason: 'store-rejected', detail }];
    return this.#store.transaction(() => {
      if (this.#records.get(offset) === true) return;
      this.#records.put(offset, true);
      this.keep({ topic: `${town}/${kind}/${device}/telemetry`, payload, kind, letters, sample }, at);
    });
  }

  /** How many records of the journal from `from` to before `to` have a letter. */
  countRecords(from: Offset, to: Offset): number {
    return [...this.#records.keys({ start: from, end: to })].length;
  }

  /** Newest first. */
  list(query: DeadLetterQuery): DeadLetter[] {
    const found: DeadLetter[] = [];
    const range = query.before === undefined ? { reverse: true } : { reverse: true, start: query.before - 1 };
    for (const { key, value } of this.#letters.entries(range)) {
      if (query.from !== undefined && value.at < query.from) break;
      if (query.to !== undefined && value.at >= query.to) continue;
      if (query.reason !== undefined && value.reason !== query.reason) continue;
      if (query.device !== undefined && value.device !== query.device) continue;
      found.push(shown(key, value));
      if (found.length >= query.limit) break;
    }
    return found;
  }

  get(id: number): DeadLetter | undefined {
    const kept = this.#letters.get(id);
    return kept === undefined ? undefined : shown(id, kept);
  }

  /** What it takes to replay a letter; undefined where it is gone, or an older version kept it. */
  originOf(id: number): Origin | undefined {
    return this.#letters.get(id)?.origin;
  }

  /** The id that the next letter gets. */
  next(): number {
    return this.#readTotals().next;
  }

  /** Ids from `from` to before `to`, ascending, of up to `limit` letters with this reason that were not replayed. */
  waiting(reason: DeadLetterReason, from: number, to: number, limit: number): number[] {
    const ids: number[] = [];
    for (const { key, value } of this.#letters.entries({ start: from, end: to })) {
      if (ids.length >= limit) break;
      if (value.reason === reason && !value.replayed) ids.push(key);
    }
    return ids;
  }

  /** Notes that a letter was replayed, where it is not purged meanwhile. Call it inside a transaction. */
  noteReplayed(id: number): void {
    const kept = this.#letters.get(id);
    if (kept !== undefined) this.#letters.put(id, { ...kept, replayed: true });
  }

  /** How many there ever were, by device ('' where it could not be read) and reason. */
  counts(): { device: string; reason: string; count: number }[] {
    return [...this.#counts.entries()].map(({ key, value }) => ({ device: key[0], reason: key[1], count: value }));
  }

  /** How many letters were thrown away to stay within the bounds. */
  purged(): number {
    return this.#readTotals().purged;
  }

  /** How many of them went for want of room (not of age) in the day before `now`, ms. */
  purgedLately(now: number): number {
    const since = Math.floor((now - DAY) / HOUR);
    return [...this.#wanting.entries({ start: since })].reduce((sum, { value }) => sum + value, 0);
  }

  /** Throws away what is past the bounds, oldest first. Call it now and then, with the town's time. */
  async purge(now: number): Promise<void> {
    while ((await this.#purgeSome(now)) === PURGE_AT_ONCE);
  }

  async #purgeSome(now: number): Promise<number> {
    const doomed: { id: number; bytes: number }[] = [];
    let wanting = 0;
    let { bytes } = this.#readTotals();
    for (const { key, value } of this.#letters.entries({ limit: PURGE_AT_ONCE })) {
      if (bytes <= this.#settings.maxBytes && value.at >= now - this.#settings.keep) break;
      const size = sizeOf(value);
      doomed.push({ id: key, bytes: size });
      if (value.at >= now - this.#settings.keep) wanting++;
      bytes -= size;
    }
    if (doomed.length === 0) return 0;
    await this.#store.transaction(() => {
      const totals = this.#readTotals();
      for (const letter of doomed) {
        this.#letters.remove(letter.id);
        totals.bytes -= letter.bytes;
        totals.purged++;
      }
      const hour = Math.floor(now / HOUR);
      for (const old of this.#wanting.keys({ end: Math.floor((now - DAY) / HOUR) })) this.#wanting.remove(old);
      if (wanting > 0) this.#wanting.put(hour, (this.#wanting.get(hour) ?? 0) + wanting);
      this.#totals.put('all', totals);
    });
    return doomed.length;
  }

  /** A new firmware whose fields nobody knows yet must not flood: one such payload an hour and device is enough. */
  #worthKeeping(letter: Rejected, at: number): boolean {
    if (letter.isUnknownOnly !== true || letter.device === null) return true;
    const last = this.#unknownKept.get(letter.device);
    if (last !== undefined && at - last < HOUR) return false;
    this.#unknownKept.put(letter.device, at);
    return true;
  }

  #readTotals(): Totals {
    return this.#totals.get('all') ?? { next: 1, bytes: 0, purged: 0 };
  }
}

function shown(id: number, { origin: _origin, ...letter }: Kept): DeadLetter {
  return { id, ...letter };
}

/** Bytes a letter is counted with: its text, and 128 for the rest of it. A sample is about as long as its text. */
function sizeOf({ payload, topic, origin }: Kept): number {
  const text = Buffer.byteLength(payload ?? '');
  return (origin?.sample == null ? text : 2 * text) + topic.length + 128;
}
