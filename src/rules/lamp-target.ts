import type { RatioRule } from '../model/rule.ts';
import type { RoadClass, Town } from '../model/town.ts';
import type { Verdict } from '../model/verdict.ts';
import { ratesOf, verdictOf, whyUnknown } from './lamp-rate.ts';
import type { LampCount, LampTally } from './lamp-state.ts';
import type { LampGroup } from './lighting.ts';
import { rounded } from './spread.ts';

/** How a group stands by its target. */
export interface RateJudgement {
  verdict: Verdict;
  reason: string | null;
  /** As good as what ends a low rate asks for. */
  isClear: boolean;
}

type Targets = Pick<RatioRule, 'target' | 'targets' | 'smallRoads' | 'minCoverage'> & { clear?: number | undefined };

/** The target of a group, a rate: its road class has one of its own, or it is the rule's. */
export function targetOf({ target, targets }: Targets, group: LampGroup, id: string, town: Town | null): number {
  if (group !== 'class' && group !== 'road') return target;
  const roadClass = group === 'class' ? id : town?.roads.find((road) => road.id === id)?.class;
  return targets[roadClass as RoadClass] ?? target;
}

/** How many lamps of a road may be out where it is so small that a rate says nothing; null where its rate is judged. */
export function ladderOf({ smallRoads }: Targets, group: LampGroup, { expected }: LampCount): number | null {
  if (group !== 'road' || expected === 0) return null;
  return smallRoads.find(({ upTo }) => expected <= upTo)?.dark ?? null;
}

/**
 * Judges a group by the rule: by the ladder where its road is small, by its target else. With less than `minCoverage` of its
 * lamps known it is not found ok (P8). A breach stays one: it is found only where no unknown lamp could undo it, so that it
 * rests on enough by itself.
 */
export function judgeRate(
  rule: Targets,
  place: { group: LampGroup; id: string },
  count: LampCount & Partial<LampTally>,
  town: Town | null,
  isDark: boolean,
): RateJudgement {
  const judged = judgeKnown(rule, place, count, town, isDark);
  if (judged.verdict !== 'ok' || (ratesOf(count).coverage ?? 1) >= rule.minCoverage) return judged;
  return { verdict: 'unknown', reason: whyUnknown(count), isClear: false };
}

function judgeKnown(
  rule: Targets,
  { group, id }: { group: LampGroup; id: string },
  count: LampCount & Partial<LampTally>,
  town: Town | null,
  isDark: boolean,
): RateJudgement {
  const target = targetOf(rule, group, id, town);
  const dark = ladderOf(rule, group, count);
  // Lamps that are worked on may be dark: taking them out of the count ends nothing.
  const { maintained = 0 } = count;
  if (dark !== null) {
    if (count.out > dark) return { verdict: 'breach', reason: 'small-road', isClear: false };
    if (count.out + count.unknown <= dark) {
      const isClear = count.out + count.unknown + maintained <= dark;
      return { verdict: 'ok', reason: 'small-road', isClear };
    }
    return { verdict: 'unknown', reason: whyUnknown(count), isClear: false };
  }
  const low = count.lit / (count.expected + maintained);
  const found = verdictOf(count, target, isDark);
  return { ...found, isClear: found.verdict === 'ok' && low >= clearOf(rule, target) };
}

/** The rate that ends a low one where that has a `target`: as far above it as the rule's own. */
export function clearOf({ clear, target: own }: Targets, target: number): number {
  // Where the target is nearly all of them, all of them must do.
  return clear === undefined ? target : Math.min(1, rounded(target + clear - own));
}
