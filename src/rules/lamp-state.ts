import type { Evidence } from '../model/alert.ts';
import { instant } from '../model/primitives.ts';
import { plannedAt } from './lamp-plan.ts';
import type { Circuit } from './lighting.ts';
import { freshFor, isInService, type LampReport, type Member } from './roster.ts';

/** Lamps of a device or a group at one instant; `expected` = `lit` + `out` + `unknown`. */
export interface LampCount {
  expected: number;
  lit: number;
  out: number;
  unknown: number;
}

/** Lamps with what is to be said of those that could not be told, and of those that were not asked for. */
export interface LampTally extends LampCount {
  /** Of the unknown: those not judged yet, because they were switched a moment ago or will be in a moment. */
  settling: number;
  /** Not expected, because their circuit is not switched as published. */
  offSchedule: number;
  /** Not expected, because they are worked on. */
  maintained: number;
  /** Not expected, because it is day, and burning all the same by a report of that day. */
  burning: number;
  /** Not expected because it is day, and known to be off. */
  resting: number;
}

/** The lamps of one device, as found from what was heard by then. */
export interface LampState extends LampTally {
  member: Member;
  /** What they are found from. */
  report: LampReport | null;
  /** Of those counts, what rests on samples whose own time is known: what the record is made of. */
  recorded: LampCount;
  /** Its report counts other lamps than the registry. */
  isMismatch: boolean;
  /** Until when no more than the passing of time changes nothing, ms. */
  until: number;
}

/** What beside its own reports decides on the lamps of a device. */
export interface LampSurroundings {
  /** Since when its node is known to have no supply, ms; null while it has. */
  deadSince: number | null;
  isMaintained: boolean;
  /** The lamps that are switched with its own. */
  circuit: Circuit;
  /** Around each switching no lamp is judged out, ms. */
  transition: number;
  /** So far from a published time a circuit that is wholly off is switched off schedule, ms. */
  mismatch: number;
}

/** How many deciding samples an alert carries. */
const EVIDENCE = 10;
/** Reports from before dusk say nothing about the lamps after it; that long after it, they do. Added to a report interval, ms. */
const SWITCH_GRACE = 60_000;

/** What is known at `at` (ms) of the `lamps` that a device has. */
export function stateOf(member: Member, lamps: number, at: number, around: LampSurroundings): LampState {
  const { device, heard } = member;
  const { transition, mismatch, deadSince, circuit } = around;
  const { lamps: report } = heard;
  const planned = plannedAt(member, lamps, at);
  const { nightSince, since, until } = planned;
  const fresh = freshFor(member);
  const told = Math.max(device.reportInterval * 1_000 + SWITCH_GRACE, transition);
  const { from = null, to = null } = typeof device.inService === 'object' ? device.inService : {};
  const turns = [until, since + transition, until - transition, nightSince + told + 1];
  if (report !== null) turns.push(report.ts + fresh + 1);
  if (member.hours.isPublished) turns.push(nightSince + mismatch, until - mismatch);
  if (from !== null) turns.push(from);
  if (to !== null) turns.push(to);
  const about = {
    ...{ member, report, isMismatch: report !== null && report.total !== null && report.total !== lamps },
    until: turns.reduce((next, turn) => (turn > at && turn < next ? turn : next), Number.POSITIVE_INFINITY),
  };

  const expected = isInService(member, at) ? planned.lamps : 0;
  const nothing = { ...tallyOf(0, 0, 0), recorded: countOf(0, 0, 0) };
  if (expected === 0) {
    const isDay = planned.isDay && isInService(member, at) && !around.isMaintained && at >= since + transition;
    if (!isDay || report === null || report.ts < since + transition || at - report.ts > fresh)
      return { ...nothing, ...about };
    const burning = Math.min(Math.floor(report.lit), lamps);
    return { ...nothing, ...about, burning, resting: lamps - burning };
  }
  if (around.isMaintained) return { ...nothing, ...about, maintained: expected };
  const isSettling = at < since + transition || at >= until - transition;
  const unknown = countOf(expected, 0, 0);
  const all = (count: LampCount, recorded: LampCount = count): LampState => ({
    ...tallyOf(count.expected, count.lit, count.out),
    ...{ settling: isSettling ? count.unknown : 0, recorded },
    ...about,
  });
  // What a lamp said before its feeder died, or its darkness since, is no word against the feeder's.
  if (deadSince !== null && (report === null || report.ts <= deadSince || report.lit === 0))
    return all(countOf(expected, 0, expected));
  if (report === null || at - report.ts > fresh) return all(unknown);
  const isFromDaylight = report.ts < nightSince && at - nightSince <= told;
  if (isFromDaylight) return all(unknown);
  if (member.hours.isPublished && isOffSchedule(circuit, at, { nightSince, until, mismatch, fresh }))
    return { ...nothing, ...about, offSchedule: expected };
  const lit = Math.min(Math.floor(report.lit), expected);
  const count = countOf(expected, lit, about.isMismatch || isSettling ? 0 : expected - lit);
  return all(count, report.isTimeReplaced ? unknown : count);
}

/** Whether a circuit, all of it dark, was not switched on yet, or was switched off already. */
export function isOffSchedule(
  { lit, litAt }: Circuit,
  at: number,
  { nightSince, until, mismatch, fresh }: { nightSince: number; until: number; mismatch: number; fresh: number },
): boolean {
  if (lit > 0) return false;
  const wasLit = litAt !== null && litAt >= nightSince;
  if (at < nightSince + mismatch) return !wasLit;
  return at >= until - mismatch && litAt !== null && litAt >= until - mismatch - fresh;
}

/** The newest reports of these devices; of the first ten. */
export function evidenceOf(states: readonly LampState[]): Evidence[] {
  return states.slice(0, EVIDENCE).flatMap(({ member: { device, heard } }) => {
    if (heard.lamps === null) return [];
    const { ts, lit, total } = heard.lamps;
    const values = { lampsLit: lit, ...(total === null ? {} : { lampsTotal: total }) };
    return [{ device: device.id, ts: instant(ts), values }];
  });
}

/** Lamps of which so many are lit and out, and the rest unknown. */
export function countOf(expected: number, lit: number, out: number): LampCount {
  return { expected, lit, out, unknown: expected - lit - out };
}

/** As {@link countOf}, with nothing more to say. */
export function tallyOf(expected: number, lit: number, out: number): LampTally {
  return { ...countOf(expected, lit, out), settling: 0, offSchedule: 0, maintained: 0, burning: 0, resting: 0 };
}
