import type { Severity, Subject } from '../model/alert.ts';
import { coverageId, coverageName, type RatioRule } from '../model/rule.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { type Found, Holding } from './holding.ts';
import { ratesOf } from './lamp-rate.ts';
import { evidenceOf } from './lamp-state.ts';
import { judgeRate, ladderOf, type RateJudgement, targetOf } from './lamp-target.ts';
import { darkestOf, type GroupCount, type LampGroup, maintainersOf, organisationOf } from './lighting.ts';
import type { Speech } from './speech.ts';

const COVERAGE_SEVERITY: Severity = 'minor';

/** What the alerts of a group are called by. */
const SUBJECT_TYPE: Record<Exclude<LampGroup, 'class'>, Subject['type']> = {
  town: 'town',
  village: 'area',
  road: 'road',
  feeder: 'parent',
};

/**
 * Judges the share of lamps that burn in a group, at every tick. Where the interval leaves it open, not the rule but its
 * coverage speaks, to whoever looks after the silent lamps.
 */
export class RatioJudge {
  readonly #speech: Speech;
  readonly #holding: Holding;

  constructor(speech: Speech) {
    this.#speech = speech;
    this.#holding = new Holding(speech);
  }

  /** `since` is how long the last tick lies back, ms. */
  tick(rule: RatioRule, counts: readonly GroupCount[], isDark: boolean, at: number, since: number): void {
    const watched = counts.filter((count) => isWatched(rule, count));
    this.#letGo(rule, watched, at);
    if (!this.#speech.hours.isOpen(rule, at)) return this.#holding.rest([rule.id, coverageId(rule)], at);
    const { town } = this.#speech.roster;
    const { occurrences } = this.#speech;
    const coverage = coverageId(rule);
    for (const count of watched) {
      const judged = judgeRate(rule, count, count, town, isDark);
      // Mostly there is nothing to begin or to end.
      if (judged.verdict === 'breach' || occurrences.holdsAny(rule.id))
        this.#holding.take(rule, this.#rate(rule, count, judged), at, since);
      if (judged.verdict === 'unknown' || occurrences.holdsAny(coverage))
        this.#holding.take(rule, this.#coverage(rule, count, judged), at, since);
    }
  }

  /** Ends what is held against groups that have no lamp any more, or that the rule looks at no more. */
  #letGo(rule: RatioRule, watched: readonly GroupCount[], at: number): void {
    const { occurrences } = this.#speech;
    for (const id of [rule.id, coverageId(rule)]) {
      for (const occurrence of occurrences.all(id)) {
        const { type, id: subject } = occurrence.subject;
        const isThere = watched.map(subjectOf).some((one) => one.type === type && one.id === subject);
        if (!isThere) occurrences.close(occurrence, at, 'not-judged');
      }
    }
  }

  #rate(rule: RatioRule, count: GroupCount, { verdict, isClear, reason }: RateJudgement): Found {
    return {
      ...{ subject: subjectOf(count), verdict, reason, isBad: verdict === 'breach', isGood: isClear, instead: null },
      organisation: () => organisationOf(count),
      bad: () => [],
      asked: ({ below }) => (below === undefined ? undefined : isBelow(count, below)),
      finding: () => this.#finding(rule, count, verdict),
    };
  }

  #coverage(rule: RatioRule, count: GroupCount, judged: RateJudgement): Found {
    // Reports are enough where they decide, be it for a breach.
    const verdict = judged.verdict === 'breach' ? 'ok' : judged.verdict;
    const assignee = () => {
      const [only = null, ...more] = maintainersOf(count);
      return more.length === 0 ? only : null;
    };
    return {
      ...{ subject: subjectOf(count), verdict, reason: judged.reason, isGood: verdict === 'ok' },
      // Around dusk and dawn nobody is missed yet.
      isBad: verdict === 'unknown' && judged.reason !== 'transition',
      organisation: () => organisationOf(count),
      bad: () => [],
      asked: () => undefined,
      finding: () => this.#finding(rule, count, verdict),
      instead: { id: coverageId(rule), severity: COVERAGE_SEVERITY, title: coverageName(rule), assignee },
    };
  }

  #finding(rule: RatioRule, count: GroupCount, verdict: Verdict): Finding {
    const { expected, lit, out, unknown } = count;
    const dark = ladderOf(rule, count.group, count);
    const allowed = dark === null ? {} : { darkAllowed: dark };
    const target = targetOf(rule, count.group, count.id, this.#speech.roster.town);
    const values = { ...ratesOf(count), expected, lit, out, unknown, target, ...allowed };
    return { verdict, values, evidence: evidenceOf(darkestOf(count)) };
  }
}

/** Whether the rate lies below `rate`, whatever the unknown lamps do; null where that cannot be told. */
function isBelow(count: GroupCount, rate: number): boolean | null {
  const { low, high } = ratesOf(count);
  if (low === null || high === null) return null;
  return high < rate ? true : low >= rate ? false : null;
}

/** Whether the rule judges this group. */
export function isWatched({ groupBy }: RatioRule, { group }: GroupCount): boolean {
  return groupBy.includes(group);
}

/** The subject of a group's alerts. */
export function subjectOf({ group, id }: Pick<GroupCount, 'group' | 'id'>): Subject {
  return { type: group === 'class' ? 'road' : SUBJECT_TYPE[group], id };
}
