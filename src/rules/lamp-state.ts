import type { Evidence } from '../model/alert.ts';
import type { Patrol } from '../model/patrol.ts';
import { instant } from '../model/primitives.ts';
import { estimate, type MeterReport } from './lamp-meter.ts';
import { type Planned, plannedAt } from './lamp-plan.ts';
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
  /** Of those lit or out: known by a patrol, and by a meter. */
  patrolled: number;
  metered: number;
}

/** The lamps of one device, as found from what was heard by then. */
export interface LampState extends LampTally {
  member: Member;
  /** What they are found from. */
  report: LampReport | null;
  meter: MeterReport | null | undefined;
  patrol: Patrol | undefined;
  /** Of those counts, what rests on samples whose own time is known: what the record is made of. */
  recorded: LampCount;
  /** Its report counts other lamps than the registry. */
  isMismatch: boolean;
  /** Until when no more than the passing of time changes nothing, ms; and the same but for the age of its report. */
  until: number;
  turn: number;
  /** What it reported before that is no word on its lamps, ms. */
  wordFrom: number;
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

/** What somebody saw of lamps: so many burn at least, and so many at most. */
interface Sight {
  ts: number;
  low: number;
  high: number;
  by: 'telemetry' | 'patrol' | 'meter';
  isTimeReplaced: boolean;
}

/** What is known at `at` (ms) of the `lamps` that a device has. */
export function stateOf(member: Member, lamps: number, at: number, around: LampSurroundings): LampState {
  const { transition, mismatch, deadSince, circuit } = around;
  const { lamps: report, meter, patrol } = member.heard;
  const planned = plannedAt(member, lamps, at);
  const { nightSince, since, until } = planned;
  const fresh = freshFor(member);
  const told = nightSince + Math.max(member.device.reportInterval * 1_000 + SWITCH_GRACE, transition);
  const turn = nextTurn(member, at, planned, { told, transition, mismatch });
  const expected = isInService(member, at) ? planned.lamps : 0;
  const wordFrom = expected === 0 ? since + transition : at <= told ? nightSince : Number.NEGATIVE_INFINITY;
  const about = {
    ...{ member, report, meter, patrol, turn, wordFrom },
    isMismatch: report !== null && report.total !== null && report.total !== lamps,
    until: staleAt(turn, report, fresh, at),
  };
  const nothing = { ...tallyOf(0, 0, 0), recorded: countOf(0, 0, 0), ...about };
  if (expected === 0) {
    const isDay = planned.isDay && isInService(member, at) && !around.isMaintained && at >= since + transition;
    if (!isDay || report === null || report.ts < wordFrom || at - report.ts > fresh) return nothing;
    const burning = Math.min(Math.floor(report.lit), lamps);
    return { ...nothing, burning, resting: lamps - burning };
  }
  if (around.isMaintained) return { ...nothing, maintained: expected };
  const isSettling = at < since + transition || at >= until - transition;
  const sight = sightOf(member, about.isMismatch, at, wordFrom);
  // What a lamp said before its feeder died, or its darkness since, is no word against the feeder's.
  const word = sight ?? (report === null ? null : { ts: report.ts, high: report.lit });
  const isDead = deadSince !== null && (word === null || word.ts <= deadSince || word.high === 0);
  const count = isDead ? countOf(expected, 0, expected) : countBy(sight, expected, isSettling);
  const isOff = member.hours.isPublished && isOffSchedule(circuit, at, { nightSince, until, mismatch, fresh });
  if (isOff && !isDead && sight?.by === 'telemetry') return { ...nothing, offSchedule: expected };
  const known = count.lit + count.out;
  return {
    ...{ ...nothing, ...count },
    ...{
      settling: isSettling ? count.unknown : 0,
      recorded: sight?.isTimeReplaced === true ? countOf(expected, 0, 0) : count,
    },
    ...{ patrolled: sight?.by === 'patrol' ? known : 0, metered: sight?.by === 'meter' ? known : 0 },
  };
}

/**
 * Takes a newer report of the same content: true where it changes nothing but since when that is known. Most reports are
 * such, and to count a device's lamps anew costs more than anything else at a tick.
 */
export function saysTheSame(state: LampState, at: number, deadSince: number | null): boolean {
  const { member, report: before, meter, patrol, turn, wordFrom } = state;
  const { lamps: report, meter: newMeter, patrol: newPatrol } = member.heard;
  if (before === null || report === null || meter !== newMeter || patrol !== newPatrol) return false;
  const isSame =
    before.lit === report.lit && before.total === report.total && before.isTimeReplaced === report.isTimeReplaced;
  // The same again may have been another between two looks: the lamp went on or off twice.
  const hasTurned = before.turns !== report.turns;
  const fresh = freshFor(member);
  // What was no word before may be one now; what lies after a feeder's death says more than what lay before it.
  if (!isSame || hasTurned || deadSince !== null || at >= turn || before.ts < wordFrom || at - before.ts > fresh)
    return false;
  state.report = report;
  state.until = staleAt(turn, report, fresh, at);
  return true;
}

/** When the age of a report changes something, or `turn`. */
function staleAt(turn: number, report: LampReport | null, fresh: number, at: number): number {
  const stale = report === null ? turn : report.ts + fresh + 1;
  return stale > at && stale < turn ? stale : turn;
}

/** The first instant after `at` at which the lamps are switched, or at which what is known otherwise than by reports changes. */
function nextTurn(
  member: Member,
  at: number,
  { nightSince, since, until }: Planned,
  { told, transition, mismatch }: { told: number; transition: number; mismatch: number },
): number {
  const { device, heard, hours } = member;
  let next = Number.POSITIVE_INFINITY;
  const take = (turn: number | null) => {
    if (turn !== null && turn > at && turn < next) next = turn;
  };
  take(until);
  take(since + transition);
  take(until - transition);
  take(told + 1);
  if (hours.isPublished) {
    take(nightSince + mismatch);
    take(until - mismatch);
  }
  if (heard.meter != null) take(heard.meter.ts + freshFor(member) + 1);
  if (heard.patrol !== undefined) {
    take(heard.patrol.ts);
    take(heard.patrol.ts + heard.patrol.validFor);
  }
  if (typeof device.inService === 'object') {
    take(device.inService.from);
    take(device.inService.to);
  }
  return next;
}

/** What may be believed at `at` of a device's lamps: what it says itself, unless it is too old or from before `from`, or a patrol's word. */
function sightOf(member: Member, isMismatch: boolean, at: number, from: number): Sight | null {
  const { lamps: report, meter, patrol } = member.heard;
  const { observation } = member.device.attributes;
  const isFresh = (ts: number) => at - ts <= freshFor(member) && ts >= from;
  if (observation === 'meter') {
    const estimated = meter == null || !isFresh(meter.ts) ? null : estimate(member, meter);
    if (estimated !== null && meter != null)
      return { ...estimated, ts: meter.ts, by: 'meter', isTimeReplaced: meter.isTimeReplaced };
  } else if (observation !== 'patrol' && report !== null && isFresh(report.ts)) {
    const low = Math.floor(report.lit);
    const high = isMismatch ? Number.POSITIVE_INFINITY : low;
    return { ts: report.ts, low, high, by: 'telemetry', isTimeReplaced: report.isTimeReplaced };
  }
  if (patrol === undefined || at < patrol.ts || at >= patrol.ts + patrol.validFor) return null;
  return { ts: patrol.ts, low: patrol.lit, high: patrol.lit, by: 'patrol', isTimeReplaced: false };
}

function countBy(sight: Sight | null, expected: number, isSettling: boolean): LampCount {
  if (sight === null) return countOf(expected, 0, 0);
  const out = isSettling ? 0 : expected - Math.min(sight.high, expected);
  return countOf(expected, Math.min(sight.low, expected), out);
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

/** What these devices are known by, of the first ten. */
export function evidenceOf(states: readonly LampState[]): Evidence[] {
  return states.slice(0, EVIDENCE).flatMap((state) => {
    const { ts, ...values } = wordOf(state) ?? { ts: null };
    return ts === null ? [] : [{ device: state.member.device.id, ts: instant(ts), values }];
  });
}

function wordOf({
  report,
  meter,
  patrol,
  patrolled,
  metered,
}: LampState): ({ ts: number } & Evidence['values']) | null {
  if (patrolled > 0 && patrol !== undefined) return { ts: patrol.ts, lampsLit: patrol.lit };
  if (metered > 0 && meter != null) return { ts: meter.ts, power: meter.power };
  if (report === null) return null;
  return { ts: report.ts, lampsLit: report.lit, ...(report.total === null ? {} : { lampsTotal: report.total }) };
}

/** Lamps of which so many are lit and out, and the rest unknown. */
export function countOf(expected: number, lit: number, out: number): LampCount {
  return { expected, lit, out, unknown: expected - lit - out };
}

/** As {@link countOf}, with nothing more to say. */
export function tallyOf(expected: number, lit: number, out: number): LampTally {
  return {
    ...countOf(expected, lit, out),
    settling: 0,
    offSchedule: 0,
    maintained: 0,
    burning: 0,
    resting: 0,
    patrolled: 0,
    metered: 0,
  };
}
