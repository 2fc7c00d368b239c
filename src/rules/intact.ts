import type { Subject } from '../model/alert.ts';
import type { IntactRule } from '../model/rule.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { type Found, Holding } from './holding.ts';
import { suppliedAt } from './lamp-plan.ts';
import { type Rates, ratesOf } from './lamp-rate.ts';
import { groupsOf } from './lighting.ts';
import { maintenanceAt } from './maintenance.ts';
import { freshFor, isInService, type Member, quietFor } from './roster.ts';
import type { Speech } from './speech.ts';

/** By what facilities are grouped. */
export const FACILITY_GROUPS = ['town', 'village', 'road'] as const;
export type FacilityGroup = (typeof FACILITY_GROUPS)[number];

/** What a facility counts as. */
export type FacilityPart = 'intact' | 'impaired' | 'unknown' | 'maintained';

/** Facilities of a group; `inService` = `intact` + `impaired` + `unknown`. */
export interface FacilityCount {
  group: FacilityGroup;
  id: string;
  inService: number;
  intact: number;
  impaired: number;
  unknown: number;
  /** Not in the count, because they are worked on. */
  maintained: number;
  /** Of those impaired: how many each rule holds something against, and their ids. */
  by: Map<string, number>;
  devices: string[];
}

/** How a group stands by its target. */
export interface FacilityJudgement extends Rates {
  verdict: Verdict;
  reason: string | null;
}

/** Facilities are counted once in so long, ms of town time: what they hang on takes longer to come and go. */
const COUNTED_EVERY = 5 * 60_000;
const DAY_MS = 86_400_000;
const SUBJECT_TYPE = { town: 'town', village: 'area', road: 'road' } as const;

/**
 * Judges the share of facilities that are intact in a group: those in service that none of the rule's `impairedBy` has an
 * open alert on. Of one that is silent it is not known, but what is held against it stands: no silence mends anything (P8).
 */
export class IntactJudge {
  readonly #speech: Speech;
  readonly #holding: Holding;

  constructor(speech: Speech) {
    this.#speech = speech;
    this.#holding = new Holding(speech);
  }

  /** `since` is how long the last tick lies back, ms. */
  tick(rule: IntactRule, at: number, since: number): void {
    if (since > 0 && Math.floor(at / COUNTED_EVERY) === Math.floor((at - since) / COUNTED_EVERY)) return;
    const { occurrences, hours } = this.#speech;
    if (!hours.isOpen(rule, at)) return this.#holding.rest([rule.id], at);
    const counts = this.counts(rule, at);
    for (const occurrence of occurrences.all(rule.id))
      if (!counts.some((count) => isAbout(occurrence.subject, count))) occurrences.close(occurrence, at, 'not-judged');
    for (const count of counts) {
      const judged = judgeFacilities(rule, count);
      if (judged.verdict === 'breach' || occurrences.holdsAny(rule.id))
        this.#holding.take(rule, this.#found(rule, count, judged), at, Math.max(since, COUNTED_EVERY));
    }
  }

  /** Every group that a rule judges at `at` (ms), in the order of groups and ids. */
  counts(rule: IntactRule, at: number): FacilityCount[] {
    const { roster } = this.#speech;
    const impaired = this.#impaired(rule);
    const counts = new Map<string, FacilityCount>();
    for (const member of roster.judgedBy(rule)) {
      const { id } = member.device;
      const rules = impaired.get(id) ?? [];
      const part = this.#partOf(member, at, rules.length > 0);
      if (part === null) continue;
      for (const [group, place] of groupsOf(member.device, roster.town)) {
        if (!isOneOf(rule.groupBy, group)) continue;
        const key = `${group} ${place}`;
        const count = counts.get(key) ?? noFacilities(group, place);
        counts.set(key, count);
        count[part]++;
        if (part === 'maintained') continue;
        count.inService++;
        if (rules.length > 0) count.devices.push(id);
        for (const one of rules) count.by.set(one, (count.by.get(one) ?? 0) + 1);
      }
    }
    const place = ({ group }: FacilityCount) => FACILITY_GROUPS.indexOf(group);
    return [...counts.values()].sort((a, b) => place(a) - place(b) || (a.id < b.id ? -1 : 1));
  }

  /** The figures of a group at `at` (ms); none where it has no facility. */
  figures(rule: IntactRule, subject: Subject, at: number): Record<string, number | null> {
    const count = this.counts(rule, at).find((one) => isAbout(subject, one));
    return count === undefined ? {} : { ...figuresOf(count), target: rule.target };
  }

  /** How a device counts at `at` (ms); null where it is not in service. */
  partOf(rule: IntactRule, member: Member, at: number): FacilityPart | null {
    return this.#partOf(member, at, this.#impaired(rule).has(member.device.id));
  }

  #partOf(member: Member, at: number, isImpaired: boolean): FacilityPart | null {
    if (!isInService(member, at)) return null;
    if (maintenanceAt(member.windows, at) !== null) return 'maintained';
    if (isImpaired) return 'impaired';
    return isHeard(member, at, this.#speech.roster.away) ? 'intact' : 'unknown';
  }

  /** By device: the rules that have an open alert on it. */
  #impaired({ impairedBy }: IntactRule): Map<string, string[]> {
    const impaired = new Map<string, string[]>();
    for (const rule of impairedBy) {
      for (const { firedAt, bad } of this.#speech.occurrences.all(rule)) {
        if (firedAt === null) continue;
        for (const id of bad) impaired.set(id, [...(impaired.get(id) ?? []), rule]);
      }
    }
    return impaired;
  }

  #found(rule: IntactRule, count: FacilityCount, { verdict, reason }: FacilityJudgement): Found {
    const { inService, intact, maintained } = count;
    return {
      ...{ subject: subjectOf(count), verdict, reason, isBad: verdict === 'breach', instead: null },
      // Those that are worked on may be impaired: taking them out of the count ends nothing.
      isGood: verdict === 'ok' && intact / (inService + maintained) >= (rule.clear ?? rule.target),
      organisation: () => this.#organisationOf(count),
      bad: () => [],
      asked: () => undefined,
      finding: () => this.#finding(rule, count, verdict),
    };
  }

  #finding({ target }: IntactRule, count: FacilityCount, verdict: Verdict): Finding {
    return { verdict, values: { ...figuresOf(count), target }, evidence: [] };
  }

  #organisationOf({ devices: [first = ''] }: FacilityCount): string {
    return this.#speech.roster.members.get(first)?.device.organisation ?? '';
  }
}

/** What a judgement rests on. */
type Counted = Omit<FacilityCount, 'by' | 'devices'>;

/** How a count stands by the target of a rule: as an interval, for the unknown may be either. */
export function judgeFacilities({ target }: Pick<IntactRule, 'target'>, count: Counted): FacilityJudgement {
  const rates = ratesOf(lampsOf(count));
  const { low, high } = rates;
  if (low === null || high === null)
    return { ...rates, verdict: 'idle', reason: count.maintained > 0 ? 'maintenance' : 'out-of-service' };
  if (high < target) return { ...rates, verdict: 'breach', reason: null };
  return low >= target
    ? { ...rates, verdict: 'ok', reason: null }
    : { ...rates, verdict: 'unknown', reason: 'coverage' };
}

/** Whom the rule names for a group. */
export function subjectOf({ group, id }: Pick<FacilityCount, 'group' | 'id'>): Subject {
  return { type: SUBJECT_TYPE[group], id };
}

function isAbout({ type, id }: Subject, count: FacilityCount): boolean {
  return id === count.id && type === SUBJECT_TYPE[count.group];
}

/**
 * Whether a device has been heard lately enough to say that nothing is wrong with it. One whose supply is switched stands by
 * day, and while it starts, as the last night left it.
 */
function isHeard(member: Member, at: number, away: number): boolean {
  if (member.heard.at === null) return false;
  const quiet = quietFor(member, at, away);
  if (quiet <= freshFor(member)) return true;
  if (member.device.power === 'always') return false;
  const { isSupplied, since } = suppliedAt(member, at);
  return quiet <= DAY_MS && (!isSupplied || at - since <= 2 * freshFor(member));
}

function figuresOf(count: FacilityCount): Record<string, number | null> {
  const { inService, intact, impaired, unknown, maintained, by } = count;
  const figures = { ...ratesOf(lampsOf(count)), inService, intact, impaired, unknown, maintained };
  return { ...figures, ...Object.fromEntries(by) };
}

/** What lamps expected, lit and out are of lamps, these are of facilities. */
function lampsOf({ inService, intact, impaired, unknown }: Counted) {
  return { expected: inService, lit: intact, out: impaired, unknown };
}

function noFacilities(group: FacilityGroup, id: string): FacilityCount {
  const none = { inService: 0, intact: 0, impaired: 0, unknown: 0, maintained: 0 };
  return { group, id, ...none, by: new Map(), devices: [] };
}

function isOneOf(groups: readonly FacilityGroup[], group: string): group is FacilityGroup {
  return groups.some((one) => one === group);
}
