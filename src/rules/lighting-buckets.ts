import { isDeepStrictEqual } from 'node:util';
import type { Store, Table } from '../kernel/store.ts';
import { dateOf } from '../model/lamp-hours.ts';
import { fromLocalTime } from '../model/local-time.ts';
import { addTime, type Bucket, type LampTime, meanOf, noTime } from './lighting-record.ts';
import { NO_OUTAGES, type Outages } from './outages.ts';

/** Nights are told apart at noon, ms: no lamp is expected then. */
const NOON = 12 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

/** The buckets of the record of the lighting rate on this machine's disk, and its nights as far as they are made from the history. */
export class LightingBuckets {
  readonly #buckets: Table<[string, string, number], Bucket>;
  readonly #nights: Table<[string, string, string], LampTime>;
  readonly #made: Table<string, number>;
  readonly #outages: Table<number, Outages>;

  constructor(store: Store) {
    this.#buckets = store.table('rules.lighting');
    this.#nights = store.table('rules.made-nights');
    this.#made = store.table('rules.made');
    this.#outages = store.table('rules.outages');
  }

  get(group: string, id: string, start: number): Bucket | undefined {
    return this.#buckets.get([group, id, start]);
  }

  /** Those of a group from `from` to before `to` (ms), in the order of time. */
  *between(group: string, id: string, from: number, to: number): Iterable<Bucket> {
    for (const { value } of this.#buckets.entries({ start: [group, id, from], end: [group, id, to] })) yield value;
  }

  /** Call it in a transaction. */
  put(bucket: Bucket): void {
    this.#buckets.put([bucket.group, bucket.id, bucket.start], bucket);
  }

  /**
   * Puts buckets that were made from the history in the place of those that are there, and of what the ticks came to. Their
   * revision goes up where their figures are others. Answers those with figures that were not there. Call it in a transaction.
   */
  make(buckets: Iterable<Bucket>, timeZone: string): Bucket[] {
    const others: Bucket[] = [];
    for (const made of buckets) {
      const { group, id, start } = made;
      const before = this.get(group, id, start);
      if (before?.revision !== undefined && isSameTime(before, made)) continue;
      const isOther = before === undefined || !isSameFigure(before, made);
      const revision = before === undefined ? 1 : (before.revision ?? 1) + (isOther ? 1 : 0);
      const kept = { ...made, revision };
      this.put(kept);
      if (isOther) others.push(kept);
      this.#correctNight(kept, before?.revision === undefined ? noTime() : before, timeZone);
    }
    return others;
  }

  /** A group's night that began on `date`, to noon; undefined where it is not made to its end. */
  night(group: string, id: string, date: string, timeZone: string): LampTime | undefined {
    const noon = fromLocalTime(`${date}T12:00`, timeZone);
    return this.madeUntil() < noon + DAY_MS ? undefined : this.#nights.get([group, id, date]);
  }

  /** Every bucket before it is made from the history, ms. */
  madeUntil(): number {
    return this.#made.get('until') ?? 0;
  }

  /** Notes that; call it in a transaction. */
  madeTo(until: number): void {
    if (until > this.madeUntil()) this.#made.put('until', until);
  }

  /** What is held against nodes without supply when the hour at `hour` (ms) begins. */
  outagesAt(hour: number): Outages {
    return this.#outages.get(hour) ?? NO_OUTAGES;
  }

  /** Notes that; who tells of it, where it is other than it was known. Call it in a transaction. */
  goesOn(hour: number, outages: Outages): string[] {
    const before = this.outagesAt(hour);
    if (isDeepStrictEqual(before, outages)) return [];
    if (outages.held.length === 0) this.#outages.remove(hour);
    else this.#outages.put(hour, outages);
    return [...new Set([...before.held, ...outages.held].flatMap(({ bad }) => bad))];
  }

  #correctNight(made: Bucket, before: LampTime, timeZone: string): void {
    const key: [string, string, string] = [made.group, made.id, dateOf(made.start - NOON, timeZone)];
    const night = this.#nights.get(key) ?? noTime();
    addTime(night, made);
    for (const part of PARTS) night[part] -= before[part];
    this.#nights.put(key, night);
  }
}

const PARTS = ['expected', 'lit', 'out', 'unknown', 'watched'] as const satisfies readonly (keyof LampTime)[];

function isSameTime(a: LampTime, b: LampTime): boolean {
  return PARTS.every((part) => a[part] === b[part]);
}

function isSameFigure(a: LampTime, b: LampTime): boolean {
  const [one, other] = [meanOf(a), meanOf(b)];
  return one.expected === other.expected && one.lit === other.lit && one.out === other.out;
}
