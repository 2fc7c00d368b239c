import type { Subject } from '../../../src/model/alert.ts';
import type { Transition } from '../../../src/model/transition.ts';

/** What a rule holds against a subject, from its beginning to its end. Instants in ms. */
export interface Case {
  rule: string;
  subject: Subject;
  startedAt: number;
  /** Null while it is pending. */
  firedAt: number | null;
  /** Not before that it fires. */
  due: number;
  /** The devices whose samples hold against the subject. */
  bad: readonly string[];
  /** What holds it back. */
  heldBy: Case | null;
  /** When that was over; null where nothing held it back, or still does. */
  releasedAt: number | null;
  /** Sample time at which it had lasted for long enough, where that was old when it came. */
  lateSince: number | null;
}

/** A step in the life of a case, in words: `17:05:20 fired low-pressure device:WP-1 since 16:55:20 …`. */
export interface Step {
  rule: string;
  subject: string;
  text: string;
}

/** `device:WP-1`. */
export function subjectText({ type, id }: Subject): string {
  return `${type}:${id}`;
}

/** `17:05:20.000` in UTC. */
export function time(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

type About = { rule: string; subject: Subject; startedAt: number };

/** A step as both sides tell it. */
export function stepOf(
  { rule, subject, startedAt }: About,
  told: Pick<Transition, 'step' | 'at' | 'reason'> & {
    firedAt?: number;
    resolvedAt?: number;
    quiet?: boolean;
    by?: About | null;
  },
): Step {
  const { step, at, reason, firedAt, resolvedAt, quiet, by } = told;
  const more = [
    ...(firedAt === undefined ? [] : [`firedAt ${time(firedAt)}`]),
    ...(resolvedAt === undefined ? [] : [`resolvedAt ${time(resolvedAt)}`]),
    ...(quiet === true ? ['quietly'] : []),
    ...(by == null ? [] : [`by ${by.rule} ${subjectText(by.subject)}`]),
  ];
  const about = `${rule} ${subjectText(subject)} since ${time(startedAt)}`;
  return { rule, subject: subjectText(subject), text: [`${time(at)} ${step} (${reason}) ${about}`, ...more].join(' ') };
}

/** All that is held against anybody, with every step told. */
export class Cases {
  steps: Step[] = [];
  readonly #open = new Map<string, Case>();
  readonly #closed = new Map<string, number>();

  of(rule: string, subject: Subject): Case | undefined {
    return this.#open.get(`${rule} ${subjectText(subject)}`);
  }

  /** Those of a rule. */
  all(rule: string): Case[] {
    return this.every().filter((one) => one.rule === rule);
  }

  every(): Case[] {
    return [...this.#open.values()];
  }

  isOpen(one: Case): boolean {
    return this.of(one.rule, one.subject) === one;
  }

  begin(
    rule: string,
    subject: Subject,
    bad: readonly string[],
    startedAt: number,
    wait: number,
    at: number,
    reason: string,
  ): Case {
    const begun: Case = {
      ...{ rule, subject, bad, startedAt },
      ...{ due: startedAt + wait, firedAt: null, heldBy: null, releasedAt: null, lateSince: null },
    };
    this.#open.set(`${rule} ${subjectText(subject)}`, begun);
    this.steps.push(stepOf(begun, { step: 'begun', at, reason }));
    return begun;
  }

  /**
   * It has lasted for long enough at `at`: it fires, unless another case holds it back. One that is let go of has `patience`
   * (ms) to come back to order by itself.
   */
  fire(one: Case, holder: Case | null, by: { firedAt: number; at: number; reason: string; patience: number }): void {
    const { at, reason } = by;
    if (holder !== null) {
      if (one.heldBy !== holder) this.steps.push(stepOf(one, { step: 'held', at, reason: 'inhibited', by: holder }));
      one.heldBy = holder;
      return;
    }
    if (one.heldBy !== null) {
      this.steps.push(stepOf(one, { step: 'held', at, reason: 'released', by: null }));
      one.heldBy = null;
      one.releasedAt = at;
      one.due = at + by.patience;
    }
    if (at < one.due) return;
    this.tellFired(one, Math.max(by.firedAt, one.startedAt), at, reason);
  }

  tellFired(one: Case, firedAt: number, at: number, reason: string): void {
    one.firedAt = firedAt;
    this.steps.push(stepOf(one, { step: 'fired', at, reason, firedAt }));
  }

  /** What it was held for is over by the readings. */
  end(one: Case, resolvedAt: number, at: number, reason: string): void {
    const told = one.firedAt === null ? { step: 'vanished' as const } : { step: 'resolved' as const, resolvedAt };
    this.#drop(one, { ...told, at, reason, quiet: one.firedAt !== null && reason === 'late' });
  }

  /** When a case of a rule against a subject was last closed, or a moment after it began where that was later; undefined before. */
  closedAt(rule: string, subject: Subject): number | undefined {
    return this.#closed.get(`${rule} ${subjectText(subject)}`);
  }

  /** It ends for a reason that lies not in the readings. */
  close(one: Case, at: number, reason: string): void {
    this.#closed.set(`${one.rule} ${subjectText(one.subject)}`, Math.max(at, one.startedAt + 1));
    this.#drop(one, { step: one.firedAt === null ? 'vanished' : 'closed', at, reason });
  }

  /** What it was waiting for is asked for no more: it was never an alert. */
  forget(one: Case, at: number, reason: string): void {
    this.#drop(one, { step: 'vanished', at, reason });
  }

  #drop(one: Case, told: Parameters<typeof stepOf>[1]): void {
    this.#open.delete(`${one.rule} ${subjectText(one.subject)}`);
    this.steps.push(stepOf(one, told));
  }
}
