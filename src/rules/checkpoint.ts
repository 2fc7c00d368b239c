import type { Store, Table, TableKey } from '../kernel/store.ts';
import type { Device } from '../model/device.ts';
import type { Maintenance } from '../model/maintenance.ts';
import type { Offset } from '../model/record.ts';
import { SERVICE_DEVICE } from '../model/service.ts';
import type { Town } from '../model/town.ts';
import type { Engine } from './engine.ts';
import type { Flap } from './flaps.ts';
import { LightingBuckets } from './lighting-buckets.ts';
import { type Bucket, bucketOf, type GroupNights } from './lighting-record.ts';
import type { Memory } from './memory.ts';
import type { Occurrence } from './occurrences.ts';
import type { Heard } from './roster.ts';

interface Place {
  /** Everything before it is in the checkpoint. */
  cursor: Offset;
  tickedAt: number | null;
  away: number;
  night: string | null;
}

const NO_BOOK = '[]';

/** Where an engine stands, in the store: only what changed is written, in the caller's transaction (P9). */
export class Checkpoint {
  readonly #place: Table<string, Place>;
  readonly #town: Table<string, Town>;
  readonly #book: Table<string, string>;
  readonly #devices: Table<string, Device>;
  readonly #heard: Table<string, Heard>;
  readonly #maintenance: Table<string, Maintenance>;
  readonly #occurrences: Table<string, Occurrence>;
  readonly #flaps: Table<string, Flap>;
  readonly #memories: Table<[rule: string, device: string], Memory>;
  readonly #nights: Table<string, GroupNights>;
  readonly #towns: Table<number, Town>;
  readonly #books: Table<number, string>;
  readonly lighting: LightingBuckets;

  constructor(store: Store) {
    this.#place = store.table('rules.place');
    this.#town = store.table('rules.town');
    this.#book = store.table('rules.book');
    this.#devices = store.table('rules.devices');
    this.#heard = store.table('rules.heard');
    this.#maintenance = store.table('rules.maintenance');
    this.#occurrences = store.table('rules.occurrences');
    this.#flaps = store.table('rules.flaps');
    this.#memories = store.table('rules.memories');
    this.#nights = store.table('rules.nights');
    this.#towns = store.table('rules.towns');
    this.#books = store.table('rules.books');
    this.lighting = new LightingBuckets(store);
  }

  /** Puts a fresh engine where the last checkpoint stands; the cursor to go on from. */
  load(engine: Engine): Offset {
    const place = this.#place.get('place');
    if (place === undefined) return 1;
    engine.tickedAt = place.tickedAt;
    engine.night = place.night;
    engine.roster.away = place.away;
    engine.roster.town = this.#town.get('town') ?? null;
    for (const { key, value } of this.#maintenance.entries()) engine.roster.maintenance.all.set(key, value);
    for (const { key, value } of this.#devices.entries()) engine.roster.restore(value, this.#heard.get(key));
    engine.roster.restore(SERVICE_DEVICE, this.#heard.get(SERVICE_DEVICE.id));
    for (const { value } of this.#occurrences.entries()) engine.occurrences.restore(value);
    for (const { key, value } of this.#flaps.entries()) engine.occurrences.flaps.restore(key, value);
    for (const { key, value } of this.#memories.entries()) engine.signals.memories.restore(...key, value);
    const nights = [...this.#nights.entries()].map(({ key, value }) => [key, value] as const);
    const start = bucketOf(place.tickedAt ?? 0);
    engine.record.restore(nights, (key) => {
      const [group = '', id = ''] = key.split(' ');
      return this.lighting.get(group, id, start);
    });
    engine.adopt(this.#book.get('book') ?? NO_BOOK);
    engine.recount();
    return place.cursor;
  }

  /** Writes what changed, and that everything before `cursor` is in it. Call it in a transaction. */
  save(engine: Engine, cursor: Offset): void {
    const { roster, occurrences, record } = engine;
    const { memories } = engine.signals;
    this.#place.put('place', { cursor, tickedAt: engine.tickedAt, away: roster.away, night: engine.night });
    if (roster.isTownChanged && roster.town !== null) {
      this.#town.put('town', roster.town);
      this.#towns.put(roster.townSince, roster.town);
    }
    if (engine.isBookChanged) {
      this.#book.put('book', engine.book.text);
      this.#books.put(engine.bookSince, engine.book.text);
    }
    for (const id of roster.changedDevices) keep(this.#devices, id, roster.members.get(id)?.device);
    for (const id of roster.changedHeard) keep(this.#heard, id, roster.members.get(id)?.heard);
    for (const id of roster.maintenance.changed) keep(this.#maintenance, id, roster.maintenance.all.get(id));
    for (const key of occurrences.changed) keep(this.#occurrences, key, occurrences.find(key));
    for (const key of occurrences.flaps.changed) keep(this.#flaps, key, occurrences.flaps.get(key));
    for (const [rule, devices] of memories.changed)
      for (const device of devices) keep(this.#memories, [rule, device], memories.of(rule, device));
    for (const key of record.changedNights) keep(this.#nights, key, record.nights.get(key));
    for (const bucket of record.changed.values()) this.lighting.put(bucket);
  }

  /** Forgets what had changed: the transaction of {@link save} is durable. */
  saved(engine: Engine): void {
    const { roster, occurrences, record } = engine;
    roster.changedDevices.clear();
    roster.changedHeard.clear();
    roster.maintenance.changed.clear();
    roster.isTownChanged = false;
    engine.isBookChanged = false;
    occurrences.changed.clear();
    occurrences.flaps.changed.clear();
    engine.signals.memories.changed.clear();
    record.changedNights.clear();
    record.changed.clear();
  }

  /** Buckets of a group from `from` to before `to`, in the order of time. */
  buckets(group: string, id: string, from: number, to: number): Iterable<Bucket> {
    return this.lighting.between(group, id, from, to);
  }

  /** The town as it was at `at` (ms), or as it was first known; null before that. */
  townAt(at: number): Town | null {
    return valueAt(this.#towns, at) ?? this.#town.get('town') ?? null;
  }

  /** The rulebook's text as it was at `at` (ms), or as it was first known. */
  bookAt(at: number): string {
    return valueAt(this.#books, at) ?? this.#book.get('book') ?? NO_BOOK;
  }

  /** Arrival of the newest tick that is in it, ms; null before the first one. */
  tickedAt(): number | null {
    return this.#place.get('place')?.tickedAt ?? null;
  }

  /** Every group that ever had a lamp. */
  groups(): [group: string, id: string][] {
    return [...this.#nights.keys()].map((key) => {
      const [group = '', id = ''] = key.split(' ');
      return [group, id];
    });
  }
}

/** What held at `at` (ms) of what is kept by when it began, or what was first known; undefined where nothing was. */
function valueAt<V>(table: Table<number, V>, at: number): V | undefined {
  const [then] = table.entries({ reverse: true, start: at, limit: 1 });
  const [first] = table.entries({ limit: 1 });
  return (then ?? first)?.value;
}

/** Writes what is there under a key, or takes it away. */
function keep<K extends TableKey, V>(table: Table<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) table.remove(key);
  else table.put(key, value);
}
