import type { Device } from '../../../src/model/device.ts';
import type { Kinds } from '../../../src/model/kind.ts';
import type { JournalRecord } from '../../../src/model/record.ts';
import { coverageId, type Rule } from '../../../src/model/rule.ts';
import { isSignal } from '../../../src/model/signal-rule.ts';
import type { Town } from '../../../src/model/town.ts';
import { VERDICTS_WORST_FIRST, type Verdict } from '../../../src/model/verdict.ts';
import * as count from './count.ts';
import { type Group, groupsOf } from './lamps.ts';
import { Cases, type Step, subjectText } from './life.ts';
import { Annals, contentOf, isAbout, Past } from './past.ts';
import * as ratio from './ratio.ts';
import { isSampled, passTime, subjectOf, take } from './sampled.ts';
import * as signals from './signals.ts';
import * as silence from './silence.ts';
import * as threshold from './threshold.ts';
import type { Standing, World } from './world.ts';

/** What is said of a record: the steps that it decided and, of a tick, how every subject stands by every rule. */
export interface Said {
  steps: Step[];
  /** `RULE SUBJECT VERDICT`, sorted; none but of ticks. */
  verdicts: string[];
}

/**
 * What the rules say of a town, written for clarity (DESIGN.md §7): what is known is looked up in the raw records at every
 * question, and nothing is remembered from one record to the next but what is held against whom. It takes time that grows
 * with the square of the journal.
 */
export function modelOf(records: readonly JournalRecord[], kinds: Kinds): Said[] {
  const annals = new Annals(records);
  const cases = new Cases();
  /** What was found by the samples of a device, by rule and record. */
  const found = new Map<string, Verdict>();
  return records.map((record, index) => {
    const past = new Past(annals, record.offset);
    const world = { past, cases, found };
    cases.steps = [];
    let verdicts: string[] = [];
    if (record.type === 'sample') {
      for (const rule of past.rules())
        if (rule.type === 'threshold') take(world, rule, record, threshold.wordOf(world, rule, record));
      for (const rule of past.rules()) {
        const finding = isSignal(rule) ? signals.findingOf(world, rule, record) : null;
        if (finding === null || !isSignal(rule)) continue;
        found.set(`${rule.id} ${record.offset}`, finding.verdict);
        take(world, rule, record, finding.word);
      }
    } else if (record.type === 'tick') {
      const before = records.slice(0, index).findLast(({ type }) => type === 'tick');
      verdicts = tick(world, record.at, record.at - (before?.at ?? record.at), kinds);
    } else if (record.change.what === 'rulebook') turnOver(world, past.asOf(record.offset - 1).rules(), record.at);
    else if (record.change.what === 'device') letGo(world, record.change.device, record.at);
    return { steps: cases.steps, verdicts };
  });
}

function tick(world: World, at: number, since: number, kinds: Kinds): string[] {
  const { past } = world;
  const groups = past.town() === null ? [] : groupsOf(world, at);
  for (const rule of past.rules()) {
    if (rule.type === 'threshold') passTime(world, rule, at, (device) => threshold.judgedAt(past, rule, device));
    else if (isSignal(rule)) passTime(world, rule, at, (device) => signals.judgedAt(past, rule, device));
    else if (rule.type === 'silence') silence.look(world, rule, at);
    else if (rule.type === 'ratio') ratio.look(world, rule, groups, at, since);
    else if (rule.type === 'count') count.look(world, rule, groups, at, since);
  }
  return past
    .rules()
    .flatMap((rule) =>
      standingsOf(world, rule, groups, at, kinds).map((one) => `${rule.id} ${subjectText(one.subject)} ${one.verdict}`),
    )
    .sort();
}

/** How every subject of a rule stands; a node that several devices speak for as the worst of them. */
function standingsOf(world: World, rule: Rule, groups: readonly Group[], at: number, kinds: Kinds): Standing[] {
  const { past } = world;
  const isOpen = past.isOpen(rule, at);
  if (rule.type === 'ratio')
    return ratio.watchedBy(rule, groups).map((group) => {
      const { verdict } = ratio.judge(rule, group, past.town() as Town, true);
      return { subject: ratio.subjectOf(group), verdict: isOpen ? verdict : 'idle' };
    });
  if (rule.type === 'count')
    return count
      .judge(world, rule, groups, at)
      .map(({ subject, verdict }) => ({ subject, verdict: isOpen ? verdict : 'idle' }));
  const standings: Standing[] = [];
  for (const device of past.devices()) {
    if (device.retiredAt !== null || !isAbout(rule, device)) continue;
    const subject = isSampled(rule) ? subjectOf(rule, device) : ({ type: 'device', id: device.id } as const);
    const verdict = verdictOf(world, rule, device, at, kinds);
    const known = standings.find((one) => one.subject.id === subject.id);
    if (known === undefined) standings.push({ subject, verdict });
    else if (VERDICTS_WORST_FIRST.indexOf(verdict) < VERDICTS_WORST_FIRST.indexOf(known.verdict))
      known.verdict = verdict;
  }
  return standings;
}

function verdictOf(world: World, rule: Rule, device: Device, at: number, kinds: Kinds): Verdict {
  if (rule.type === 'silence') return silence.verdictOf(world, rule, device, at);
  if (rule.type === 'threshold') return threshold.verdictOf(world, rule, device, at, kinds);
  if (isSignal(rule)) return signals.verdictOf(world, rule, device, at);
  throw new Error(`${rule.id} is about no device`);
}

/** Another rulebook is in force (docs/rules.md, the table of what becomes of state). */
function turnOver(world: World, before: readonly Rule[], at: number): void {
  const { past, cases } = world;
  for (const one of cases.every()) {
    const isOf = (rule: Rule) => rule.id === one.rule || (rule.type === 'ratio' && coverageId(rule) === one.rule);
    const [was, is] = [before.find(isOf), past.rules().find(isOf)];
    if (is === undefined || is.type !== was?.type || is.kind !== was.kind) cases.close(one, at, 'rule-removed');
    else if (contentOf(is) !== contentOf(was) && one.firedAt === null) cases.forget(one, at, 'rule-changed');
  }
  for (const device of past.devices()) letGo(world, device, at);
}

/** A device is let out of what it is not judged for any more: it is retired, hangs from another node, or the rule is not about it. */
function letGo({ past, cases }: World, device: Device, at: number): void {
  for (const one of cases.every()) {
    if (!one.bad.includes(device.id)) continue;
    const rule = past.rules().find(({ id }) => id === one.rule);
    const isJudged = rule !== undefined && device.retiredAt === null && isAbout(rule, device);
    const isSame =
      rule === undefined || !isSampled(rule) || subjectText(subjectOf(rule, device)) === subjectText(one.subject);
    if (isJudged && isSame) continue;
    one.bad = one.bad.filter((id) => id !== device.id);
    if (one.bad.length === 0) cases.close(one, at, device.retiredAt === null ? 'not-judged' : 'retired');
  }
}
