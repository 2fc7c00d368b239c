import type { Severity, Subject } from '../model/alert.ts';
import type { Name } from '../model/primitives.ts';
import type { CountRule, IntactRule, RatioRule } from '../model/rule.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { endCalm, isCalm } from './calm.ts';
import type { Asked } from './ladder.ts';
import type { Occurrence } from './occurrences.ts';
import type { Speech } from './speech.ts';

/** What a rule finds of a subject at a tick. */
export interface Found {
  subject: Subject;
  verdict: Verdict;
  isBad: boolean;
  /** It ends what is held against the subject. Neither bad nor good does nothing (P8). */
  isGood: boolean;
  /** Why it is so, where there is a word for it. */
  reason: string | null;
  /** Whose alert it is, where the rule does not say. */
  organisation(): string;
  /** The devices that it is found of. */
  bad(): string[];
  finding(): Finding;
  /** Whether it is as bad as a step of the rule's ladder asks. */
  asked: Asked;
  /** The rule's coverage speaks, not the rule. */
  instead: { id: string; severity: Severity; title: Name; assignee(): string | null } | null;
}

/** Lets what rules find at ticks begin, hold, fire and end. */
export class Holding {
  readonly #speech: Speech;

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** Takes what was found at `at`, `since` ms after the tick before. */
  take(rule: RatioRule | CountRule | IntactRule, found: Found, at: number, since: number): void {
    const { occurrences } = this.#speech;
    const { verdict, isGood } = found;
    const known = occurrences.of(found.instead?.id ?? rule.id, found.subject);
    // Whatever is not good, be it only that it cannot be told, begins the wait of `keepFiring` anew.
    if (known !== undefined && !isGood) endCalm(occurrences, known, found.subject.id);
    if (found.isBad) {
      if (known !== undefined && known.firedAt !== null) return this.#climb(rule, found, known, at);
      const finding = found.finding();
      const occurrence = known ?? this.#begin(rule, found, finding, at);
      occurrence.finding = finding;
      occurrence.bad = found.bad();
      occurrences.touch(occurrence);
      this.#climb(rule, found, occurrence, at);
      if (at < occurrence.due) return;
      const reason = rule.for === 0 ? 'at-once' : 'held';
      this.#speech.fire(occurrence, rule, { firedAt: occurrence.due, at, reason, patience: rule.for, children: [] });
      return;
    }
    if (known === undefined) return;
    if (known.firedAt !== null) {
      const word = { at, from: this.#speech.hours.openSince(rule, at), gap: Number.POSITIVE_INFINITY };
      if (isGood && isCalm(occurrences, known, found.subject.id, rule.keepFiring, word))
        occurrences.resolve(known, at, found.finding(), at, 'cleared');
      else this.#climb(rule, found, known, at);
    } else if (verdict === 'idle') occurrences.vanish(known, at, found.reason ?? 'not-expected');
    else if (isGood || verdict === 'ok') occurrences.vanish(known, at, 'cleared');
    else {
      // Time in which it could not be told does not count for `for`.
      known.due += since;
      occurrences.touch(known);
    }
  }

  /** The rule does not judge at `at` (ms): what has not fired is let go. */
  rest(ids: readonly string[], at: number): void {
    const { occurrences } = this.#speech;
    for (const id of ids)
      for (const occurrence of occurrences.all(id))
        if (occurrence.firedAt === null) occurrences.vanish(occurrence, at, 'schedule');
  }

  /** What was found tells how grave it is, and time passes for that. */
  #climb(rule: RatioRule | CountRule | IntactRule, found: Found, occurrence: Occurrence, at: number): void {
    if (rule.ladder.length === 0 || found.instead !== null) return;
    const { ladder, hours } = this.#speech;
    // What fires keeps the figures that decided it, until it is graver by others.
    if (found.isBad) occurrence.finding = found.finding();
    ladder.word(rule, occurrence, found.subject.id, found.asked, at, at);
    ladder.tick(rule, occurrence, at, { from: hours.openSince(rule, at), isFresh: true });
  }

  #begin(rule: RatioRule | CountRule | IntactRule, found: Found, finding: Finding, at: number) {
    const organisation = rule.organisation ?? found.organisation();
    const about = { organisation, bad: found.bad(), startedAt: at, receivedAt: at, finding };
    const { instead } = found;
    const spoken = instead === null ? null : { ...instead, assignee: instead.assignee() };
    return this.#speech.begin(rule, found.subject, about, at, 'condition', spoken);
  }
}
