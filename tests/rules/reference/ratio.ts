import type { Subject } from '../../../src/model/alert.ts';
import { coverageId, type RatioRule } from '../../../src/model/rule.ts';
import { Sun } from '../../../src/model/sun.ts';
import type { RoadClass, Town } from '../../../src/model/town.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import type { Group } from './lamps.ts';
import { type Found, holdAtTick, restAtTick } from './ticked.ts';
import type { World } from './world.ts';

/** How a group stands by its target. */
interface Judged {
  verdict: Verdict;
  reason: string | null;
  /** As good as what ends a low rate asks for. */
  isClear: boolean;
}

const TYPE = { town: 'town', village: 'area', road: 'road', class: 'road', feeder: 'parent' } as const;

/** Whom the alerts of a group name. */
export function subjectOf({ group, id }: Group): Subject {
  return { type: TYPE[group], id };
}

/** The groups that a rule judges. */
export function watchedBy({ groupBy }: RatioRule, groups: readonly Group[]): Group[] {
  return groups.filter(({ group }) => groupBy.includes(group));
}

/** How a group stands by a rule: in breach only when no unknown lamp could change it, and ok only then too (P8). */
export function judge(rule: RatioRule, { group, id, lamps }: Group, town: Town, isDark: boolean): Judged {
  const { expected, lit, out, unknown, settling, maintained } = lamps;
  if (expected === 0)
    return {
      verdict: 'idle',
      reason: maintained > 0 ? 'maintenance' : isDark ? 'lamp-plan' : 'daylight',
      isClear: false,
    };
  const why = settling > 0 ? 'transition' : 'coverage';
  const step = group === 'road' ? rule.smallRoads.find(({ upTo }) => expected <= upTo) : undefined;
  if (step !== undefined) {
    if (out > step.dark) return { verdict: 'breach', reason: null, isClear: false };
    const isOk = out + unknown <= step.dark;
    return { verdict: isOk ? 'ok' : 'unknown', reason: why, isClear: out + unknown + maintained <= step.dark };
  }
  const roadClass = group === 'class' ? id : group === 'road' ? town.roads.find((road) => road.id === id)?.class : null;
  const target = rule.targets[roadClass as RoadClass] ?? rule.target;
  // A class of roads clears as far above its own target as the rule's `clear` lies above the rule's.
  const clear = rule.clear === undefined ? target : Math.min(1, Number((target + rule.clear - rule.target).toFixed(6)));
  if ((lit + unknown) / expected < target) return { verdict: 'breach', reason: null, isClear: false };
  const isOk = lit / expected >= target;
  // Lamps that are worked on may be dark: that they are not counted ends nothing.
  return { verdict: isOk ? 'ok' : 'unknown', reason: why, isClear: isOk && lit / (expected + maintained) >= clear };
}

/** Looks at a tick at every group; `since` ms after the tick before. */
export function look(world: World, rule: RatioRule, groups: readonly Group[], at: number, since: number): void {
  const { past, cases } = world;
  const watched = watchedBy(rule, groups);
  const subjects = watched.map(subjectOf);
  const ids = [rule.id, coverageId(rule)];
  for (const one of ids.flatMap((id) => cases.all(id))) {
    const isThere = subjects.some(({ type, id }) => type === one.subject.type && id === one.subject.id);
    if (!isThere) cases.close(one, at, 'not-judged');
  }
  if (!past.isOpen(rule, at)) return restAtTick(world, ids, at);
  const town = past.town() as Town;
  const isDark = new Sun(town.location).isDown(at);
  for (const group of watched) {
    const { verdict, reason, isClear } = judge(rule, group, town, isDark);
    const about = { subject: subjectOf(group), bad: [], idle: verdict === 'idle' ? reason : null };
    const rate: Found = { ...about, isBad: verdict === 'breach', isOk: verdict === 'ok', isGood: isClear };
    const isTold = verdict === 'ok' || verdict === 'breach';
    const coverage: Found = {
      ...about,
      isBad: verdict === 'unknown' && reason !== 'transition',
      isOk: isTold,
      isGood: isTold,
    };
    holdAtTick(world, rule, rule.id, rate, at, since);
    holdAtTick(world, rule, coverageId(rule), coverage, at, since);
  }
}
