import type { LampCount } from './lamp-state.ts';
import type { GroupCount, LampGroup } from './lighting.ts';

/** Width of a bucket of the record, ms. */
export const BUCKET_MS = 300_000;
/** More than this is not answered for by one look at the lamps, ms. */
const LONGEST_LOOK = 60_000;

/** Lamp-milliseconds of a stretch of time, and how much of it was looked at, ms. */
export interface LampTime extends LampCount {
  watched: number;
}

/** A whole night. */
export interface Night extends LampTime {
  /** The town's date on which it began. */
  date: string;
}

/** What a group has going on, and the last night that is over. */
export interface GroupNights {
  running: Night | null;
  last: Night | null;
}

/** A bucket of the record: where it stands, and what was seen in it. */
export interface Bucket extends LampTime {
  group: LampGroup;
  id: string;
  /** Its beginning, ms. */
  start: number;
  /** How often its figures were others, and 1; absent as long as it is only what the ticks came to. */
  revision?: number;
}

/**
 * The record of the lighting rate: five-minute buckets and nights, summed up from the counts at the ticks. What rests on a
 * time that had to be replaced is no part of it.
 */
export class LightingRecord {
  /** The buckets that changed since the last checkpoint. */
  readonly changed = new Map<string, Bucket>();
  readonly nights = new Map<string, GroupNights>();
  readonly changedNights = new Set<string>();
  readonly #open = new Map<string, Bucket>();

  /** Takes the counts of a tick at `at` that lies `since` ms after the one before; `date` is that of the night's beginning. */
  take(counts: readonly GroupCount[], at: number, since: number, date: string | null): void {
    const watched = Math.min(since, LONGEST_LOOK);
    if (watched <= 0) return;
    const start = bucketOf(at);
    for (const { group, id, recorded } of counts) {
      const key = `${group} ${id}`;
      addLook(this.#bucket(key, group, id, start), recorded, watched);
      this.#night(key, recorded, watched, date);
    }
  }

  /** Puts back what a checkpoint holds. */
  restore(nights: Iterable<readonly [string, GroupNights]>, find: (key: string) => Bucket | undefined): void {
    for (const [key, value] of nights) {
      this.nights.set(key, value);
      const bucket = find(key);
      if (bucket !== undefined) this.#open.set(key, bucket);
    }
  }

  #bucket(key: string, group: LampGroup, id: string, start: number): Bucket {
    let open = this.#open.get(key);
    if (open === undefined || open.start !== start) {
      open = { group, id, start, ...noTime() };
      this.#open.set(key, open);
    }
    this.changed.set(`${key} ${start}`, open);
    return open;
  }

  #night(key: string, count: LampCount, watched: number, date: string | null): void {
    const known = this.nights.get(key) ?? { running: null, last: null };
    this.nights.set(key, known);
    this.changedNights.add(key);
    if (known.running !== null && known.running.date !== date) {
      known.last = known.running;
      known.running = null;
    }
    if (date === null) return;
    known.running ??= { date, ...noTime() };
    addLook(known.running, count, watched);
  }
}

/** Lamps as they were in the mean of the stretch, in whole lamps. */
export function meanOf({ expected, lit, out, watched }: LampTime): LampCount {
  if (watched === 0) return { expected: 0, lit: 0, out: 0, unknown: 0 };
  const whole = Math.round(expected / watched);
  const burning = Math.min(whole, Math.round(lit / watched));
  const dark = Math.min(whole - burning, Math.round(out / watched));
  return { expected: whole, lit: burning, out: dark, unknown: whole - burning - dark };
}

/** What a time is made of. */
export const TIME_PARTS = [
  'expected',
  'lit',
  'out',
  'unknown',
  'watched',
] as const satisfies readonly (keyof LampTime)[];

/** The beginning of the bucket that `at` lies in; ms. */
export function bucketOf(at: number): number {
  return Math.floor(at / BUCKET_MS) * BUCKET_MS;
}

/** No lamps, and no time. */
export function noTime(): LampTime {
  return { expected: 0, lit: 0, out: 0, unknown: 0, watched: 0 };
}

/** Adds one time to another. */
export function addTime(to: LampTime, more: LampTime): void {
  for (const part of TIME_PARTS) to[part] += more[part];
}

/** Adds lamps as they were for `watched` ms. */
function addLook(to: LampTime, count: LampCount, watched: number): void {
  to.expected += count.expected * watched;
  to.lit += count.lit * watched;
  to.out += count.out * watched;
  to.unknown += count.unknown * watched;
  to.watched += watched;
}
