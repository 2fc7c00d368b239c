import type { Severity } from '../model/alert.ts';
import { backOf, isConditional, isGraver } from '../model/rung.ts';
import type { Occurrence, Occurrences } from './occurrences.ts';
import type { CompiledRule, CompiledRung } from './rulebook.ts';

/** How a step of the ladder stands for an alert. */
export interface RungState {
  isUp: boolean;
  /** Since when what would change that is seen, ms; null while it is not. */
  since: number | null;
  /** By whom its condition was last seen to hold. */
  by: readonly string[];
}

/** Whether the condition of a step holds; null: it cannot be told, and waits begin anew; undefined: nothing is said of it. */
export type Asked = (rung: CompiledRung) => boolean | null | undefined;

/**
 * Who is at the moment as grave as the ladder of its rule says: up after a time, or by a worse condition; down only once that
 * has not held for a time. A change of severity is a step of the same alert.
 */
export class Ladder {
  readonly #occurrences: Occurrences;

  constructor(occurrences: Occurrences) {
    this.#occurrences = occurrences;
  }

  /** What `who` says of the conditions of the steps, seen at `ts` and known at `at` (ms). */
  word(rule: CompiledRule, occurrence: Occurrence, who: string, asked: Asked, ts: number, at: number): void {
    if (rule.ladder.length === 0) return;
    const isNew = occurrence.rungs?.length !== rule.ladder.length;
    const states = this.#states(rule, occurrence);
    const next = rule.ladder.map((rung, index) => {
      const state = states[index] as RungState;
      const holds = isConditional(rung) ? asked(rung) : undefined;
      if (holds === undefined) return state;
      if (holds === null) return { ...state, since: null };
      const others = state.by.filter((one) => one !== who);
      const by = holds ? [...others, who] : others;
      const isBad = by.length > 0;
      if (isBad === state.isUp) return { isUp: state.isUp, since: null, by };
      const since = state.since ?? ts;
      const isOver = ts - since >= (isBad ? rung.after : backOf(rung));
      return isOver ? { isUp: isBad, since: null, by } : { isUp: state.isUp, since, by };
    });
    occurrence.rungs = next;
    this.#occurrences.touch(occurrence);
    // An open alert stays as grave as it was told, whatever its rule is called now, until it takes a step.
    if (isNew || next.some(({ isUp }, index) => isUp !== states[index]?.isUp)) this.#settle(rule, occurrence, at);
  }

  /**
   * Lets time pass to `at` (ms) for what is judged since `from`. Where `isFresh`, the wait for a step whose condition was
   * last seen to hold runs out as well; nobody goes down by time alone.
   */
  tick(
    rule: CompiledRule,
    occurrence: Occurrence,
    at: number,
    { from, isFresh }: { from: number; isFresh: boolean },
  ): void {
    if (rule.ladder.length === 0) return;
    const states = this.#states(rule, occurrence);
    const { firedAt } = occurrence;
    const next = rule.ladder.map((rung, index) => {
      const state = states[index] as RungState;
      if (state.isUp) return state;
      const since = isConditional(rung) ? (isFresh && state.by.length > 0 ? state.since : null) : firedAt;
      if (since === null || at - Math.max(since, from) < rung.after) return state;
      return { ...state, isUp: true, since: null };
    });
    if (next.every((state, index) => state === states[index])) return;
    occurrence.rungs = next;
    this.#occurrences.touch(occurrence);
    this.#settle(rule, occurrence, at);
  }

  /** Those of the alert; of a new one, or under another ladder, it stands on the steps of its severity. */
  #states({ ladder, severity }: CompiledRule, occurrence: Occurrence): readonly RungState[] {
    if (occurrence.rungs?.length === ladder.length) return occurrence.rungs;
    const now = occurrence.severity ?? severity;
    return ladder.map((rung) => ({ isUp: rung.severity === now, since: null, by: [] }));
  }

  #settle(rule: CompiledRule, occurrence: Occurrence, at: number): void {
    const before = occurrence.severity ?? rule.severity;
    const { severity: now, reason } = gradeOf(rule, occurrence);
    if (now === before) return;
    this.#occurrences.grade(occurrence, now, at, isGraver(now, before) ? reason : 'eased');
  }
}

/** How grave an alert is by its rule and the steps that it stands on, and why. */
export function gradeOf(rule: CompiledRule, { rungs }: Occurrence): { severity: Severity; reason: string } {
  // Without a step it can only be graver than before where the rule is.
  let grade = { severity: rule.severity, reason: 'reworded' };
  for (const [index, rung] of rule.ladder.entries()) {
    if (rungs?.[index]?.isUp !== true || !isGraver(rung.severity, grade.severity)) continue;
    grade = { severity: rung.severity, reason: isConditional(rung) ? 'worse' : 'lasting' };
  }
  return grade;
}
