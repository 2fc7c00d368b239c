import { isDeepStrictEqual } from 'node:util';
import type { Store, Table } from '../kernel/store.ts';
import { dateOf } from '../model/lamp-hours.ts';
import { fromLocalTime, localTime } from '../model/local-time.ts';
import { countOf, type LampCount } from './lamp-state.ts';
import { addTime, type Bucket, type LampTime, meanOf, noTime, TIME_PARTS } from './lighting-record.ts';
import { NO_OUTAGES, type Outages } from './outages.ts';

/** Nights are told apart at noon, ms: no lamp is expected then. */
const NOON = 12 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

/** So many buckets of a group are let go at a time: what was kept before anything was let go goes little by little. */
const MOST_LET_GO = 288;

/** The town's calendar: its time zone, and the bucket (`HH:MM`) in which its lamps are inspected. */
export interface Calendar {
  timeZone: string;
  inspection: string;
}

/** What the part of a month came to whose buckets are let go. */
export interface MonthSum {
  whole: LampTime;
  /** Lamps at the town's inspection, summed over so many nights. */
  inspected: LampCount;
  nights: number;
}

/**
 * The buckets of the record of the lighting rate on this machine's disk, and its nights as far as they are made from the
 * history. Of what is older than it is kept only the months' sums are left; its figures stand in the history's series.
 */
export class LightingBuckets {
  readonly #buckets: Table<[string, string, number], Bucket>;
  readonly #nights: Table<[string, string, string], LampTime>;
  readonly #made: Table<string, number>;
  readonly #months: Table<[group: string, id: string, month: string], MonthSum>;
  readonly #outages: Table<number, Outages>;

  constructor(store: Store) {
    this.#buckets = store.table('rules.lighting');
    this.#nights = store.table('rules.made-nights');
    this.#made = store.table('rules.made');
    this.#months = store.table('rules.lighting-months');
    this.#outages = store.table('rules.outages');
  }

  get(group: string, id: string, start: number): Bucket | undefined {
    return this.#buckets.get([group, id, start]);
  }

  /** Those of a group from `from` to before `to` (ms), in the order of time. */
  *between(group: string, id: string, from: number, to: number): Iterable<Bucket> {
    for (const { value } of this.#buckets.entries({ start: [group, id, from], end: [group, id, to] })) yield value;
  }

  /** Beginning of the first bucket of a group from `from` (ms) on; undefined where there is none. */
  first(group: string, id: string, from: number): number | undefined {
    const [key] = this.#buckets.keys({ start: [group, id, from], end: [group, id, Number.MAX_SAFE_INTEGER], limit: 1 });
    return key?.[2];
  }

  /** Before it (ms) buckets are not kept, nor made any more. */
  keptFrom(): number {
    return this.#made.get('kept') ?? 0;
  }

  /** What is left of a group's month (`YYYY-MM`) besides its buckets; undefined while all of these are there. */
  monthOf(group: string, id: string, month: string): MonthSum | undefined {
    return this.#months.get([group, id, month]);
  }

  /**
   * Lets go what lies before the instant `kept` (ms) of these groups, after it went into their months' sums; of a night
   * the inspection's bucket by itself. Call it in a transaction.
   */
  letGo(groups: readonly [string, string][], kept: number, { timeZone, inspection }: Calendar): void {
    if (kept <= this.keptFrom()) return;
    this.#made.put('kept', kept);
    for (const [group, id] of groups) {
      const old = this.#buckets.entries({ start: [group, id, 0], end: [group, id, kept], limit: MOST_LET_GO });
      for (const { key, value } of [...old]) {
        const [date = '', time] = localTime(value.start, timeZone).split('T');
        this.#addToMonth(value, date.slice(0, 7), time?.slice(0, 5) === inspection);
        this.#buckets.remove(key);
      }
      const until = dateOf(kept - NOON - DAY_MS, timeZone);
      const nights = this.#nights.keys({ start: [group, id, ''], end: [group, id, until], limit: MOST_LET_GO });
      for (const key of [...nights]) this.#nights.remove(key);
    }
    for (const hour of [...this.#outages.keys({ end: kept, limit: MOST_LET_GO })]) this.#outages.remove(hour);
  }

  #addToMonth(bucket: Bucket, month: string, isInspected: boolean): void {
    const key: [string, string, string] = [bucket.group, bucket.id, month];
    const sum = this.#months.get(key) ?? noMonth();
    addTime(sum.whole, bucket);
    if (isInspected) addInspected(sum, bucket);
    this.#months.put(key, sum);
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
    for (const part of TIME_PARTS) night[part] -= before[part];
    this.#nights.put(key, night);
  }
}

/** A month of which nothing is summed up yet. */
export function noMonth(): MonthSum {
  return { whole: noTime(), inspected: countOf(0, 0, 0), nights: 0 };
}

/** Adds what an inspection in the bucket finds, where lamps are expected then. */
export function addInspected(to: Pick<MonthSum, 'inspected' | 'nights'>, bucket: LampTime): void {
  if (bucket.expected === 0) return;
  to.nights++;
  const mean = meanOf(bucket);
  for (const part of ['expected', 'lit', 'out', 'unknown'] as const) to.inspected[part] += mean[part];
}

function isSameTime(a: LampTime, b: LampTime): boolean {
  return TIME_PARTS.every((part) => a[part] === b[part]);
}

function isSameFigure(a: LampTime, b: LampTime): boolean {
  const [one, other] = [meanOf(a), meanOf(b)];
  return one.expected === other.expected && one.lit === other.lit && one.out === other.out;
}
