import type { Subject } from '../model/alert.ts';
import { type CountRule, LAMP_FINDINGS, type LampFinding } from '../model/rule.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { darkRun } from './dark-run.ts';
import { type Found, Holding } from './holding.ts';
import type { LampCount } from './lamp-state.ts';
import { evidenceOf, type LampState } from './lamp-state.ts';
import { darkestOf, type GroupCount, type Lighting } from './lighting.ts';
import { maintenanceAt } from './maintenance.ts';
import { offSchedule } from './off-schedule.ts';
import { appliesTo, freshFor } from './roster.ts';
import type { CompiledRung } from './rulebook.ts';
import type { Speech } from './speech.ts';

/** How a subject stands by a rule that counts, and what of. */
export interface Counted {
  verdict: Verdict;
  reason: string | null;
  values: Finding['values'];
  /** The devices that it is found of, those that say most first. */
  states(): readonly LampState[];
  /** Lamps of it are worked on: that does not end what is open. */
  isWorkedOn?: boolean;
}

const SUBJECT_TYPE = { feeder: 'parent', road: 'road', device: 'device' } as const;
const WITHIN = 3_600_000;

/** Judges at every tick what is found by counting lamps: of a feeder, along a road, or of one device. */
export class CountJudge {
  readonly #speech: Speech;
  readonly #lighting: Lighting;
  readonly #holding: Holding;

  constructor(speech: Speech, lighting: Lighting) {
    this.#speech = speech;
    this.#lighting = lighting;
    this.#holding = new Holding(speech);
  }

  /** `since` is how long the last tick lies back, ms. */
  tick(rule: CountRule, counts: readonly GroupCount[], at: number, since: number): void {
    const { occurrences } = this.#speech;
    if (!this.#speech.hours.isOpen(rule, at)) return this.#holding.rest([rule.id], at);
    const held = occurrences.all(rule.id).map(({ subject }) => subject.id);
    for (const id of new Set([...this.#suspects(rule, counts), ...held])) {
      const counted = this.judge(rule, id, at);
      const subject = subjectOf(rule, id);
      if (counted !== null) this.#holding.take(rule, this.#found(rule, id, counted, at), at, since);
      else {
        const known = occurrences.of(rule.id, subject);
        if (known !== undefined) occurrences.close(known, at, 'not-judged');
      }
    }
  }

  /** How the subject of this id stands at `at` (ms), the instant of the newest tick; null where it has no lamps. */
  judge(rule: CountRule, id: string, at: number): Counted | null {
    const by = LAMP_FINDINGS[rule.count];
    if (by === 'device') {
      const state = this.#lighting.of(id);
      if (state === undefined || !appliesTo(rule, state.member.device)) return null;
      if (maintenanceAt(state.member.windows, at) !== null)
        return { verdict: 'idle', reason: 'maintenance', values: {}, states: () => [state] };
      return judgeDevice(rule, state, at);
    }
    const count = this.#lighting.group(by, id);
    if (count === undefined) return null;
    const isWorkedOn = count.maintained > 0;
    if (rule.count === 'dark run') return { ...darkRun(rule, count), isWorkedOn };
    if (rule.count === 'dark block') return { ...darkLamps(rule, count, () => darkestOf(count)), isWorkedOn };
    const circuit = this.#lighting.circuit(id);
    return { ...offSchedule(count, circuit, this.#speech.roster.town?.lighting, at), isWorkedOn };
  }

  /** Every subject that a rule judges, in the order of the ids. */
  subjects(rule: CountRule, counts: readonly GroupCount[]): string[] {
    const by = LAMP_FINDINGS[rule.count];
    if (by !== 'device') return counts.filter(({ group }) => group === by).map(({ id }) => id);
    const devices = this.#speech.roster.inOrder().map(({ device }) => device);
    return devices.filter((device) => appliesTo(rule, device) && this.#lighting.of(device.id)).map(({ id }) => id);
  }

  /** The subjects that may be in breach; the others need no look. */
  #suspects({ count, atLeast }: CountRule, counts: readonly GroupCount[]): string[] {
    const { out, burning, mismatched, turning } = this.#lighting.notable;
    if (count === 'dark lamp') return [...out.keys()].sort();
    if (count === 'day burner') return [...burning.keys()].sort();
    if (count === 'registry mismatch') return [...mismatched.keys()].sort();
    if (count === 'cycling lamp') return [...turning.keys()].sort();
    const by = LAMP_FINDINGS[count];
    const isSuspect = ({ out, lit, expected, burning, offSchedule: off }: GroupCount) =>
      count === 'off schedule' ? burning > 1 || (lit === 0 && expected + off > 0) : out >= atLeast;
    return counts.filter((one) => one.group === by && isSuspect(one)).map(({ id }) => id);
  }

  #found(rule: CountRule, id: string, counted: Counted, at: number): Found {
    const { verdict, reason, values, states, isWorkedOn = false } = counted;
    const asked = ({ atLeast }: CompiledRung) => {
      if (atLeast === undefined) return undefined;
      const worse = this.judge({ ...rule, atLeast }, id, at)?.verdict;
      return worse === 'breach' ? true : worse === 'ok' && !isWorkedOn ? false : null;
    };
    return {
      ...{ subject: subjectOf(rule, id), asked, verdict, reason, isBad: verdict === 'breach', instead: null },
      isGood: verdict === 'ok' && !isWorkedOn,
      organisation: () => states()[0]?.member.device.organisation ?? '',
      bad: () => states().map(({ member: { device } }) => device.id),
      finding: () => ({ verdict, values, evidence: evidenceOf(states()) }),
    };
  }
}

/** Whom a rule that counts names. */
export function subjectOf({ count }: CountRule, id: string): Subject {
  return { type: SUBJECT_TYPE[LAMP_FINDINGS[count]], id };
}

function judgeDevice(rule: CountRule, state: LampState, at: number): Counted {
  const find: Record<
    Extract<LampFinding, 'dark lamp' | 'day burner' | 'cycling lamp' | 'registry mismatch'>,
    () => Counted
  > = {
    'dark lamp': () => darkLamps(rule, state, () => [state]),
    'day burner': () => dayBurner(rule, state, at),
    'cycling lamp': () => cyclingLamp(rule, state, at),
    'registry mismatch': () => registryMismatch(state, at),
  };
  return find[rule.count as keyof typeof find]();
}

/** Lamps of a feeder or of a device are out: so many, and such a share of those that must burn. */
function darkLamps(
  { atLeast, share = 0 }: CountRule,
  { expected, out, unknown }: LampCount,
  states: Counted['states'],
): Counted {
  const isFound = (dark: number) => dark >= atLeast && dark >= share * expected;
  const found = { values: { out, expected, unknown }, states };
  if (expected === 0) return { ...found, verdict: 'idle', reason: 'not-expected' };
  if (isFound(out)) return { ...found, verdict: 'breach', reason: null };
  return isFound(out + unknown)
    ? { ...found, verdict: 'unknown', reason: 'coverage' }
    : { ...found, verdict: 'ok', reason: null };
}

/** Lamps burn by day. What burns by night may have burned by day as well: that is no word on it. */
function dayBurner({ atLeast }: CountRule, state: LampState, at: number): Counted {
  const { burning, resting, member } = state;
  const found = { values: { burning }, states: () => [state] };
  if (member.hours.at(at).isLit) return { ...found, verdict: 'idle', reason: 'dark' };
  if (burning >= atLeast) return { ...found, verdict: 'breach', reason: null };
  if (resting > 0) return { ...found, verdict: 'ok', reason: null };
  return { ...found, verdict: 'unknown', reason: 'no-sample' };
}

/** Lamps go on and off again: their number turns from rising to falling and back. */
function cyclingLamp({ atLeast, within = WITHIN }: CountRule, state: LampState, at: number): Counted {
  const { report, member } = state;
  const { isLit, since } = member.hours.at(at);
  const from = Math.max(since, at - within);
  const switchings = (report?.turns ?? []).filter((ts) => ts > from).length;
  const found = { values: { switchings }, states: () => [state] };
  if (!isLit) return { ...found, verdict: 'idle', reason: 'daylight' };
  if (switchings >= atLeast) return { ...found, verdict: 'breach', reason: null };
  if (report === null || at - report.ts > freshFor(member))
    return { ...found, verdict: 'unknown', reason: 'no-sample' };
  return { ...found, verdict: 'ok', reason: null };
}

/** A device counts other lamps than it has in the registry: what it says of them is not worth much. */
function registryMismatch(state: LampState, at: number): Counted {
  const { report, isMismatch, member } = state;
  const found = {
    values: { lampsTotal: report?.total ?? null, lamps: Number(member.device.attributes.lamps ?? 0) },
    states: () => [state],
  };
  if (isMismatch) return { ...found, verdict: 'breach', reason: null };
  if (report === null || report.total === null || at - report.ts > freshFor(member))
    return { ...found, verdict: 'unknown', reason: 'no-sample' };
  return { ...found, verdict: 'ok', reason: null };
}
