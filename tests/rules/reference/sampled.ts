import type { Subject } from '../../../src/model/alert.ts';
import type { Device } from '../../../src/model/device.ts';
import type { SampleRecord } from '../../../src/model/record.ts';
import type { Rule } from '../../../src/model/rule.ts';
import type { Case } from './life.ts';
import { freshFor } from './past.ts';
import { holderOf, letRest, type World } from './world.ts';

/** A rule that samples of a device move. */
export type SampledRule = Extract<Rule, { subject: 'device' | 'parent' }>;

/** What a sample says: against its device, or for it; null where it says nothing. */
export type Word = 'bad' | 'good' | null;

/** A sample so old when it comes tells of the past, ms: what fires by it waits for the next tick. */
const LATE = 60_000;

export function isSampled(rule: Rule): rule is SampledRule {
  return 'subject' in rule;
}

/** Whom a rule names for a device. */
export function subjectOf(rule: SampledRule, { id, parent }: Device): Subject {
  return rule.subject === 'parent' && parent !== null ? { type: 'parent', id: parent } : { type: 'device', id };
}

/** What a rule holds against its subject because of this device. */
export function heldAgainst({ cases }: World, rule: SampledRule, device: Device): Case | undefined {
  const known = cases.of(rule.id, subjectOf(rule, device));
  return known?.bad.includes(device.id) ? known : undefined;
}

/** A sample has spoken: it begins a case, lets one go on, or ends it. */
export function take(world: World, rule: SampledRule, { sample, at }: SampleRecord, word: Word): void {
  const { past, cases } = world;
  const device = past.device(sample.device) as Device;
  const { ts } = sample;
  if (word === 'bad') {
    const subject = subjectOf(rule, device);
    const one = cases.of(rule.id, subject) ?? cases.begin(rule.id, subject, [device.id], ts, rule.for, at, 'condition');
    if (!one.bad.includes(device.id)) one.bad = [...one.bad, device.id];
    // What was seen while another alert held it back says nothing of whether it is over with that.
    const since = one.releasedAt ?? one.startedAt;
    if (one.firedAt !== null || ts < since + rule.for) return;
    if (at - ts > LATE) one.lateSince ??= ts;
    else fire(world, rule, one, one.lateSince ?? ts, at);
    return;
  }
  const one = heldAgainst(world, rule, device);
  if (word === null || one === undefined) return;
  one.bad = one.bad.filter((id) => id !== device.id);
  if (one.bad.length > 0) return;
  if (one.firedAt !== null || one.lateSince === null) return cases.end(one, ts, at, 'cleared');
  // It is over before it was known.
  cases.tellFired(one, one.lateSince, at, 'late');
  cases.end(one, ts, at, 'late');
}

/** Time passes: `for` runs out for what is held by devices that are heard of, and were since the service was away. */
export function passTime(
  world: World,
  rule: SampledRule,
  at: number,
  judgedAt: (device: Device) => number | null,
): void {
  const { past, cases } = world;
  for (const one of cases.all(rule.id)) {
    if (one.firedAt !== null) continue;
    letRest(world, rule, one, at);
    if (!cases.isOpen(one)) continue;
    const isWatched = one.bad.some((id) => {
      const device = past.device(id) as Device;
      const judged = judgedAt(device);
      const isFresh = judged !== null && at - judged <= freshFor(device);
      return isFresh && past.isInService(device, at) && past.awaySince(id) === 0;
    });
    if (at < one.due) continue;
    if (one.lateSince !== null) fire(world, rule, one, one.lateSince, at);
    else if (isWatched) fire(world, rule, one, one.startedAt + rule.for, at);
  }
}

function fire(world: World, rule: SampledRule, one: Case, firedAt: number, at: number): void {
  if (one.heldBy === null) one.due = Math.min(one.due, at);
  // One that is let go of has time to come back to order: its wait, or until its device has spoken once.
  const intervals = one.bad.map((id) => (world.past.device(id)?.reportInterval ?? 0) * 1_000);
  const patience = Math.max(rule.for, ...intervals);
  const reason = rule.for === 0 ? 'at-once' : 'held';
  world.cases.fire(one, holderOf(world, rule, one.bad), { firedAt, at, reason, patience });
}
