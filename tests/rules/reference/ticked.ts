import type { Subject } from '../../../src/model/alert.ts';
import type { CountRule, RatioRule } from '../../../src/model/rule.ts';
import { holderOf, type World } from './world.ts';

/** What a rule finds of a subject at a tick: bad, good enough to end it, ok all the same, or nothing of these. */
export interface Found {
  subject: Subject;
  bad: readonly string[];
  isBad: boolean;
  isGood: boolean;
  isOk: boolean;
  /** Why nothing is expected of it; null where something is. */
  idle: string | null;
}

/** What is found at ticks begins, goes on, fires and ends; `id` is what its alerts are told by, `since` the time since the last tick. */
export function holdAtTick(
  world: World,
  rule: RatioRule | CountRule,
  id: string,
  found: Found,
  at: number,
  since: number,
): void {
  const { cases } = world;
  const { subject, bad, isBad, isGood, isOk, idle } = found;
  const known = cases.of(id, subject);
  if (isBad) {
    const one = known ?? cases.begin(id, subject, bad, at, rule.for, at, 'condition');
    if (one.firedAt !== null) return;
    one.bad = bad;
    if (at < one.due) return;
    const reason = rule.for === 0 ? 'at-once' : 'held';
    cases.fire(one, holderOf(world, rule, bad), { firedAt: one.due, at, reason, patience: rule.for });
  } else if (known === undefined) return;
  else if (known.firedAt !== null) {
    if (isGood) cases.end(known, at, at, 'cleared');
  } else if (idle !== null) cases.close(known, at, idle);
  else if (isOk || isGood) cases.end(known, at, at, 'cleared');
  // Time in which it cannot be told does not count for `for`.
  else known.due += since;
}

/** Outside of a rule's hours what is pending is let go of, and what is open stays. */
export function restAtTick({ cases }: World, ids: readonly string[], at: number): void {
  for (const one of ids.flatMap((id) => cases.all(id))) if (one.firedAt === null) cases.close(one, at, 'schedule');
}
