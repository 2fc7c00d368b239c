import type { Subject } from '../model/alert.ts';
import { LAMP_FINDINGS } from '../model/rule.ts';
import { VERDICTS_WORST_FIRST, type Verdict } from '../model/verdict.ts';
import { subjectOf as subjectOfCount } from './count.ts';
import type { Engine } from './engine.ts';
import { judgeFacilities, subjectOf as subjectOfFacilities } from './intact.ts';
import { judgeRate } from './lamp-target.ts';
import { isWatched, subjectOf as subjectOfGroup } from './ratio.ts';
import { appliesTo, type Member } from './roster.ts';
import type { CompiledRule } from './rulebook.ts';
import { subjectOf } from './sampled.ts';

/** How a subject stands by a rule, and why where it is not judged. */
export interface Judgement {
  subject: Subject;
  verdict: Verdict;
  reason: string | null;
}

const SCHEDULED = { verdict: 'idle', reason: 'schedule' } as const;
const NOT_JUDGED = { verdict: 'idle', reason: 'no-lamps' } as const;

/** How a device stands by a rule over devices at `at` (ms); null where the rule is not about it. */
export function judge(
  engine: Engine,
  rule: CompiledRule,
  member: Member,
  at: number,
): Omit<Judgement, 'subject'> | null {
  if (rule.type === 'ratio' || rule.type === 'intact' || !appliesTo(rule, member.device)) return null;
  if (!engine.hours.isOpen(rule, at)) return SCHEDULED;
  if (rule.type === 'count') {
    if (LAMP_FINDINGS[rule.count] !== 'device') return null;
    const { verdict, reason } = engine.findings.judge(rule, member.device.id, at) ?? NOT_JUDGED;
    return { verdict, reason };
  }
  if (rule.type === 'silence') return engine.silences.verdict(rule, member, at);
  return rule.type === 'threshold'
    ? engine.thresholds.verdict(rule, member, at)
    : engine.signals.verdict(rule, member, at);
}

/** How every subject of a rule stands at the newest tick; none before there was one. */
export function* judgementsOf(engine: Engine, rule: CompiledRule): Iterable<Judgement> {
  const at = engine.tickedAt;
  if (at === null) return;
  const rest = engine.hours.isOpen(rule, at) ? null : SCHEDULED;
  if (rule.type === 'ratio') {
    const isDark = engine.isDark(at);
    for (const count of engine.counts) {
      if (!isWatched(rule, count)) continue;
      const { verdict, reason } = rest ?? judgeRate(rule, count, count, engine.roster.town, isDark);
      yield { subject: subjectOfGroup(count), verdict, reason };
    }
    return;
  }
  if (rule.type === 'count') {
    for (const id of engine.findings.subjects(rule, engine.counts)) {
      const { verdict, reason } = rest ?? engine.findings.judge(rule, id, at) ?? NOT_JUDGED;
      yield { subject: subjectOfCount(rule, id), verdict, reason };
    }
    return;
  }
  if (rule.type === 'intact') {
    for (const count of engine.facilities.counts(rule, at)) {
      const { verdict, reason } = rest ?? judgeFacilities(rule, count);
      yield { subject: subjectOfFacilities(count), verdict, reason };
    }
    return;
  }
  // A node that several devices speak for stands as the worst of them that says anything.
  const nodes = new Map<string, Judgement>();
  for (const member of engine.roster.inOrder()) {
    if (member.device.retiredAt !== null) continue;
    const found = judge(engine, rule, member, at);
    if (found === null) continue;
    const subject: Subject =
      rule.type === 'silence' ? { type: 'device', id: member.device.id } : subjectOf(rule, member);
    const known = nodes.get(subject.id);
    if (known === undefined || rank(found.verdict) < rank(known.verdict)) nodes.set(subject.id, { subject, ...found });
  }
  yield* nodes.values();
}

/** The place of a verdict, the worst first. */
export function rank(verdict: Verdict): number {
  return VERDICTS_WORST_FIRST.indexOf(verdict);
}
