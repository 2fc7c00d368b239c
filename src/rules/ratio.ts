import type { Evidence, Severity, Subject } from '../model/alert.ts';
import { instant, type Name } from '../model/primitives.ts';
import { coverageId, type RatioRule } from '../model/rule.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { ratesOf, verdictOf } from './lamp-rate.ts';
import { darkestOf, type GroupCount, type LampGroup, maintainersOf, organisationOf } from './lighting.ts';
import type { Occurrence } from './occurrences.ts';
import type { Speech } from './speech.ts';

/** How many deciding samples an alert carries. */
const EVIDENCE = 10;
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

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** `since` is how long the last tick lies back, ms. */
  tick(rule: RatioRule, counts: readonly GroupCount[], isDark: boolean, at: number, since: number): void {
    const watched = counts.filter((count) => isWatched(rule, count));
    this.#letGo(rule, watched, at);
    for (const count of watched) {
      const { verdict, reason } = verdictOf(count, rule.target, isDark);
      this.#rate(rule, count, verdict, at, since);
      this.#coverage(rule, count, verdict, reason === 'transition', at, since);
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

  #rate(rule: RatioRule, count: GroupCount, verdict: Verdict, at: number, since: number): void {
    const occurrence = this.#speech.occurrences.of(rule.id, subjectOf(count));
    const { low } = ratesOf(count);
    const isClear = verdict === 'ok' && low !== null && low >= (rule.clear ?? rule.target);
    this.#move(rule, count, occurrence, {
      verdict,
      isBad: verdict === 'breach',
      isGood: isClear,
      at,
      since,
      instead: null,
    });
  }

  #coverage(
    rule: RatioRule,
    count: GroupCount,
    verdict: Verdict,
    isSettling: boolean,
    at: number,
    since: number,
  ): void {
    const id = coverageId(rule);
    const occurrence = this.#speech.occurrences.of(id, subjectOf(count));
    const title = {
      zh: `${rule.name.zh}：无法判定（上报不足）`,
      en: `${rule.name.en}: cannot be told, too few reports`,
    };
    // Reports are enough where they decide, be it for a breach.
    const told = verdict === 'breach' ? 'ok' : verdict;
    // Around dusk and dawn nobody is missed yet.
    const isBad = told === 'unknown' && !isSettling;
    this.#move(rule, count, occurrence, {
      ...{ verdict: told, at, since, isBad, isGood: told === 'ok' },
      instead: { id, severity: COVERAGE_SEVERITY, title },
    });
  }

  #move(rule: RatioRule, count: GroupCount, known: Occurrence | undefined, to: Move): void {
    const { occurrences } = this.#speech;
    const { at, verdict } = to;
    if (to.isBad) {
      const finding = findingOf(count, verdict);
      const occurrence = known ?? this.#begin(rule, count, finding, to);
      if (occurrence.firedAt !== null) return;
      occurrence.finding = finding;
      if (at < occurrence.due) return;
      const reason = rule.for === 0 ? 'at-once' : 'held';
      this.#speech.fire(occurrence, rule, { firedAt: occurrence.due, at, reason, patience: rule.for, children: [] });
      return;
    }
    if (known === undefined) return;
    if (known.firedAt !== null) {
      if (to.isGood) occurrences.resolve(known, at, findingOf(count, verdict), at, 'cleared');
    } else if (verdict === 'idle') occurrences.vanish(known, at, 'daylight');
    else if (to.isGood || verdict === 'ok') occurrences.vanish(known, at, 'cleared');
    else {
      // Time in which it could not be told does not count for `for`.
      known.due += to.since;
      occurrences.touch(known);
    }
  }

  #begin(rule: RatioRule, count: GroupCount, finding: Finding, { at, instead }: Move): Occurrence {
    const organisation = rule.organisation ?? organisationOf(count);
    const about = { organisation, bad: [], startedAt: at, receivedAt: at, finding };
    const [only = null, ...more] = maintainersOf(count);
    const spoken = instead === null ? null : { ...instead, assignee: more.length === 0 ? only : null };
    return this.#speech.begin(rule, subjectOf(count), about, at, 'condition', spoken);
  }
}

interface Move {
  verdict: Verdict;
  isBad: boolean;
  isGood: boolean;
  at: number;
  since: number;
  /** The rule's coverage speaks, not the rule. */
  instead: { id: string; severity: Severity; title: Name } | null;
}

/** Whether the rule judges this group. */
export function isWatched({ groupBy }: RatioRule, { group }: GroupCount): boolean {
  return group !== 'class' && groupBy.includes(group);
}

/** The subject of a group's alerts. */
export function subjectOf({ group, id }: GroupCount): Subject {
  return { type: group === 'class' ? 'road' : SUBJECT_TYPE[group], id };
}

function findingOf(count: GroupCount, verdict: Verdict): Finding {
  const { expected, lit, out, unknown } = count;
  return { verdict, values: { ...ratesOf(count), expected, lit, out, unknown }, evidence: evidenceOf(count) };
}

/** The newest reports of the devices with most lamps out. */
function evidenceOf(count: GroupCount): Evidence[] {
  return darkestOf(count)
    .slice(0, EVIDENCE)
    .flatMap(({ member: { device, heard } }) => {
      if (heard.lamps === null) return [];
      const { ts, lit, total } = heard.lamps;
      const values = { lampsLit: lit, ...(total === null ? {} : { lampsTotal: total }) };
      return [{ device: device.id, ts: instant(ts), values }];
    });
}
