import type { Aggregate, ReadingsQuery } from './port.ts';

/** The widths of the buckets that readings are rolled up to, ms. */
export const ROLL_UPS = { '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000 } as const;
export type RollUp = keyof typeof ROLL_UPS;
export const ROLL_UP_NAMES = Object.keys(ROLL_UPS) as RollUp[];
export const FIGURES = ['mean', 'min', 'max', 'count'] as const satisfies readonly Aggregate[];

export const [FIVE_MINUTES, HOUR, DAY] = [ROLL_UPS['5m'], ROLL_UPS['1h'], ROLL_UPS['1d']];

/**
 * What lies before these instants (ms) may go: of the readings themselves (`raw`) and of each roll-up. What is not named
 * stays for ever.
 */
export type Horizons = Partial<Record<'raw' | RollUp, number>>;

/** Means that differ by less than this part of themselves are one: sums of floats depend on their order. */
export const SAME_MEAN = 1e-12;

/** The name of a kind's roll-up. */
export function rollUpOf(kind: string, name: RollUp): string {
  return `${kind}_${name}`;
}

/** The beginning of the bucket that an instant falls into; buckets are counted from `origin`. */
export function beginningOf(ts: number, width: number, origin: number): number {
  return origin + Math.floor((ts - origin) / width) * width;
}

/** The beginning of the month that an instant falls into; `origin` is the town's midnight of 1 January 1970. */
export function monthOf(ts: number, origin: number): number {
  const there = new Date(ts - origin);
  return Date.UTC(there.getUTCFullYear(), there.getUTCMonth(), 1) + origin;
}

/** The beginning of the month after. */
export function monthAfter(ts: number, origin: number): number {
  return monthOf(monthOf(ts, origin) + 32 * DAY, origin);
}

/** Where the rolling-up of a new history stands: everything before it is rolled up, since nothing is there. */
export const NOTHING_ROLLED_UP = 0;

/** A stretch of time, ms; `to` is exclusive. */
export interface Span {
  from: number;
  to: number;
}

/** What is to be rolled up next: buckets of each width, all of which have ended. */
export interface Piece {
  /** The buckets of each width; empty ones where `from` is `to`. */
  spans: Record<RollUp, Span>;
  /** Everything before it is rolled up when the piece is. */
  until: number;
}

/**
 * The next piece of what is to be rolled up: an hour of readings at most, so that whoever writes has turns in between.
 * Everything before `done` is rolled up, `first` is the first reading from there on (null: there is none), and no bucket is
 * made that ends after `now`. Null when there is nothing to do.
 */
export function nextPiece(done: number, first: number | null, now: number, origin: number): Piece | null {
  const due = beginningOf(now, FIVE_MINUTES, origin);
  if (done >= due) return null;
  // Where nothing was read, nothing is to be rolled up, however long it lasted.
  const hour = first === null ? due : beginningOf(Math.max(first, done), HOUR, origin) + HOUR;
  const until = Math.min(due, hour);
  const ended = (width: number) => ({
    from: beginningOf(done, width, origin),
    to: beginningOf(until, width, origin),
  });
  return { spans: { '5m': { from: done, to: until }, '1h': ended(HOUR), '1d': ended(DAY) }, until };
}

/** The buckets of a day that have ended among those that are rolled up. */
export function endedOf(day: number, done: number, origin: number): Record<RollUp, Span> {
  const ended = (width: number) => {
    const to = Math.min(day + DAY, beginningOf(done, width, origin));
    return { from: day, to: Math.max(day, to) };
  };
  return { '5m': ended(FIVE_MINUTES), '1h': ended(HOUR), '1d': ended(DAY) };
}

/** The roll-up that answers a query where the readings are gone, and until when (ms) they are. */
export interface Instead {
  rollUp: RollUp;
  /** From here on the readings themselves are there. */
  until: number;
}

/**
 * What answers a query in place of readings that are gone: the coarsest roll-up whose buckets fill those asked for. Null
 * where the readings are there, and where no roll-up fits.
 */
export function insteadOf(query: ReadingsQuery, horizons: Horizons, origin: number): Instead | null {
  const { bucket, from } = query;
  const { raw } = horizons;
  if (bucket === undefined || raw === undefined || from >= raw) return null;
  const fits = (width: number) => bucket.width % width === 0 && (bucket.origin - origin) % width === 0;
  const rollUp = ROLL_UP_NAMES.findLast((name) => fits(ROLL_UPS[name]));
  return rollUp === undefined ? null : { rollUp, until: raw };
}
