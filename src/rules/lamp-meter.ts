import type { Sample } from '../model/sample.ts';
import { plannedAt } from './lamp-plan.ts';
import type { Member } from './roster.ts';

/** What was learned of a circuit that has a meter and no controllers on its lamps. Instants in ms, powers in W. */
export interface MeterReport {
  ts: number;
  power: number;
  /** How far its lamps were dimmed, 0..1; 1 where it does not say. */
  dim: number;
  isTimeReplaced: boolean;
  /** The least it drew by day: what is left without any lamp. Null before it was seen. */
  idle: number | null;
  /** The most it drew for three readings on end, undimmed and with all its lamps on by plan. Null before it was seen. */
  full: number | null;
  /** The last readings of those, newest last. */
  row: readonly number[];
  /** In how many nights that was seen, and the beginning of the last of them. */
  nights: number;
  nightSince: number;
}

/** How many lamps may burn by a meter: at least and at most. */
export interface Estimate {
  low: number;
  high: number;
}

/** Readings on end that a full load lasts, and nights in which it was seen before anything is told by it. */
const LASTING = 3;
const NIGHTS = 3;
/** From its switching to its full load, and before it is switched off, ms. */
const WARM_UP = 20 * 60_000;
/** What a meter and its mains may be off, as a share of the full load, unless the device says otherwise; and the least of it. */
const TOLERANCE = 0.05;
const FINEST = 0.01;

/** Whether the lamps of a device are known by its meter alone. */
export function isMetered({ device }: Member): boolean {
  return device.attributes.observation === 'meter';
}

/** What is known after a sample that is newer than `before`; null where it says nothing of power. */
export function learn(sample: Sample, member: Member, before: MeterReport | null): MeterReport | null {
  const { power, dim } = sample.values;
  if (typeof power !== 'number') return before;
  const { ts } = sample;
  const lamps = Number(member.device.attributes.lamps ?? 0);
  const { isDay, since, until, nightSince, lamps: planned } = plannedAt(member, lamps, ts);
  const next: MeterReport = {
    ...(before ?? { idle: null, full: null, row: [], nights: 0, nightSince: 0 }),
    ...{ ts, power, dim: typeof dim === 'number' && dim > 0 ? dim / 100 : 1, isTimeReplaced: false },
  };
  // A time that had to be replaced may be another part of the day.
  if (sample.deviceTs !== undefined) return { ...next, isTimeReplaced: true };
  const isSettled = ts >= since + WARM_UP && ts < until - WARM_UP;
  if (isDay && isSettled) return { ...next, idle: Math.min(next.idle ?? power, power), row: [] };
  if (planned < lamps || !isSettled || next.dim < 1) return { ...next, row: [] };
  const row = [...next.row, power].slice(-LASTING);
  if (row.length < LASTING) return { ...next, row };
  const isNewNight = nightSince !== next.nightSince;
  return {
    ...{ ...next, row, full: Math.max(next.full ?? 0, ...[Math.min(...row)]) },
    ...{ nights: next.nights + (isNewNight ? 1 : 0), nightSince },
  };
}

/**
 * How many of its lamps may burn by the last reading; null while its full load is not known. The bounds are as wide as the
 * meter's tolerance and never narrower than whole lamps.
 */
export function estimate({ device }: Member, { power, dim, idle, full, nights }: MeterReport): Estimate | null {
  const { lamps, fullLoad, meterTolerance } = device.attributes;
  const count = Number(lamps ?? 0);
  const rated = typeof fullLoad === 'number' ? fullLoad : nights >= NIGHTS ? full : null;
  if (rated === null || idle === null || rated <= idle || count <= 0) return null;
  const share = (power - idle) / ((rated - idle) * dim);
  const tolerance = Math.max(FINEST, typeof meterTolerance === 'number' ? meterTolerance : TOLERANCE);
  // What is off is off by so much of the full load, however far it is dimmed.
  const off = tolerance / dim;
  const bound = (lampsLit: number) => Math.min(count, Math.max(0, lampsLit));
  return { low: bound(Math.floor((share - off) * count)), high: bound(Math.ceil((share + off) * count)) };
}
