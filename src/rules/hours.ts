import { type Schedule, type ScheduleSpan, spanAt } from '../model/schedule.ts';

/** When the rules judge, by the town's wall clock. */
export class RuleHours {
  /** Where the town's wall clock stands. */
  timeZone = 'UTC';
  /** The span that was looked up last, by schedule: what is asked for comes in the order of time, nearly. */
  readonly #spans = new Map<Schedule, ScheduleSpan>();

  /** Forgets what was looked up: the town or the rulebook is another. */
  reset(timeZone: string): void {
    this.timeZone = timeZone;
    this.#spans.clear();
  }

  /** Whether a rule judges at `at` (ms). */
  isOpen(rule: { schedule?: Schedule | undefined }, at: number): boolean {
    return rule.schedule === undefined || this.#span(rule.schedule, at).isOpen;
  }

  /** Since when a rule that judges at `at` (ms) does so, ms; -Infinity where it always did. */
  openSince({ schedule }: { schedule?: Schedule | undefined }, at: number): number {
    return schedule === undefined ? Number.NEGATIVE_INFINITY : this.#span(schedule, at).since;
  }

  #span(schedule: Schedule, at: number): ScheduleSpan {
    const known = this.#spans.get(schedule);
    if (known !== undefined && at >= known.since && at < known.until) return known;
    const span = spanAt(schedule, at, this.timeZone);
    this.#spans.set(schedule, span);
    return span;
  }
}
