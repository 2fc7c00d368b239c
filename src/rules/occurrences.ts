import { createHash } from 'node:crypto';
import type { Severity, Subject } from '../model/alert.ts';
import type { Name } from '../model/primitives.ts';
import type { Finding, Transition } from '../model/transition.ts';
import type { Calm } from './calm.ts';
import { Flaps } from './flaps.ts';
import type { RungState } from './ladder.ts';

/** Something that a rule holds against a subject: pending until it fires, then until it is over. Instants in ms. */
export interface Occurrence {
  /** Id of the alert. */
  alert: string;
  rule: string;
  subject: Subject;
  /** Absent where an older Townpulse began it: then it is that of its rule. */
  severity?: Severity;
  /** How the steps of its rule's ladder stand, in their order; absent before anything was said of them. */
  rungs?: readonly RungState[];
  startedAt: number;
  /** When `for` is over. */
  due: number;
  /** Null while it is pending. */
  firedAt: number | null;
  /** The devices whose samples hold against the subject. */
  bad: string[];
  finding: Finding;
  /** It has fired, and its cause is gone since then, but not yet for as long as the rule asks: by whom it is found to be gone. */
  calm?: Record<string, Calm>;
  /** The alert that holds it back. */
  heldBy: string | null;
  /** When the alert that held it back was over, ms: what was seen before says nothing of whether it is over with that. */
  releasedAt?: number;
  /**
   * Sample time at which `for` was over, where that sample was old when it came: told at the next tick, unless it has
   * cleared by then.
   */
  lateSince: number | null;
}

/** Whose alert begins, and what it says. */
export interface Beginning {
  rule: string;
  ruleVersion: string;
  subject: Subject;
  title: Name;
  severity: Severity;
  organisation: string;
  assignee: string | null;
  startedAt: number;
  receivedAt: number;
  due: number;
  bad: string[];
  finding: Finding;
}

/** The reason of what was over before it was known. */
const LATE = 'late';

/**
 * Everything that the rules hold against anybody now; at most one for a rule and a subject (P9). Each step is told as a
 * transition, with the arrival time `at` of the record that decided it.
 */
export class Occurrences {
  /** Keys of those that changed since the last checkpoint. */
  readonly changed = new Set<string>();
  readonly flaps = new Flaps();
  readonly #byRule = new Map<string, Map<string, Occurrence>>();
  readonly #tell: (transition: Transition) => void;

  constructor(tell: (transition: Transition) => void) {
    this.#tell = tell;
  }

  /** What a rule holds against a subject. */
  of(rule: string, subject: Subject): Occurrence | undefined {
    return this.#byRule.get(rule)?.get(subjectKey(subject));
  }

  /** Whether a rule holds anything against anybody. */
  holdsAny(rule: string): boolean {
    return this.#byRule.has(rule);
  }

  /** Whether it is held still. */
  holds(occurrence: Occurrence): boolean {
    return this.of(occurrence.rule, occurrence.subject) === occurrence;
  }

  /** Those of a rule in the order of their subjects; they may come and go while they are walked. */
  all(rule: string): Occurrence[] {
    const ofRule = this.#byRule.get(rule);
    return ofRule === undefined ? [] : [...ofRule].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  }

  /** The rules that hold anything against anybody, in the order of their ids. */
  rules(): string[] {
    return [...this.#byRule.keys()].sort();
  }

  /** That of a key, as {@link keyOf} makes it. */
  find(key: string): Occurrence | undefined {
    const [rule = '', type = '', id = ''] = key.split(' ');
    return this.#byRule.get(rule)?.get(`${type} ${id}`);
  }

  /** Puts back what a checkpoint holds. */
  restore(occurrence: Occurrence): void {
    this.#put(occurrence);
  }

  /** Something is held from now on: it is pending. */
  begin(beginning: Beginning, at: number, reason: string): Occurrence {
    const { due, bad, finding, ...told } = beginning;
    const { rule, subject, severity, startedAt } = told;
    const alert = alertId(rule, subject, startedAt);
    const occurrence: Occurrence = {
      ...{ alert, rule, subject, severity, startedAt, due, bad, finding },
      ...{ firedAt: null, heldBy: null, lateSince: null },
    };
    this.#put(occurrence);
    this.touch(occurrence);
    this.#tell({ alert, at, reason, step: 'begun', ...told, ...finding });
    return occurrence;
  }

  /** What is pending is told in other words from now on. */
  reword(occurrence: Occurrence, words: { title: Name; severity: Severity; organisation?: string }, at: number): void {
    occurrence.severity = words.severity;
    this.touch(occurrence);
    this.#tell({ alert: occurrence.alert, at, reason: 'reworded', step: 'reworded', ...words });
  }

  /** Held back by that alert from now on, or (null) free. */
  hold(occurrence: Occurrence, by: string | null, at: number): void {
    occurrence.heldBy = by;
    this.touch(occurrence);
    this.#tell({ alert: occurrence.alert, at, reason: by === null ? 'released' : 'inhibited', step: 'held', by });
  }

  /** Its wait is over; `children` are the devices that it speaks for. */
  fire(occurrence: Occurrence, firedAt: number, children: string[], at: number, reason: string): void {
    occurrence.firedAt = firedAt;
    occurrence.lateSince = null;
    this.touch(occurrence);
    const { alert, finding, severity = 'info' } = occurrence;
    const flapping = reason === LATE ? null : this.flaps.fired(keyOf(occurrence), alert, severity, at);
    this.#tell({
      alert,
      at,
      reason,
      step: 'fired',
      firedAt,
      children,
      ...(flapping !== null && { flapping }),
      ...finding,
    });
  }

  /** From now on it is as grave as that. */
  grade(occurrence: Occurrence, severity: Severity, at: number, reason: string): void {
    occurrence.severity = severity;
    this.touch(occurrence);
    this.#tell({ alert: occurrence.alert, at, reason, step: 'graded', severity, ...occurrence.finding });
  }

  /** It is over before it fired: there was no alert. */
  vanish(occurrence: Occurrence, at: number, reason: string): void {
    this.#remove(occurrence);
    this.#tell({ alert: occurrence.alert, at, reason, step: 'vanished' });
  }

  /** What fired is over, by a sample of `resolvedAt` (ms). */
  resolve(occurrence: Occurrence, resolvedAt: number, finding: Finding, at: number, reason: string): void {
    this.#remove(occurrence);
    const quiet = reason === LATE;
    // What was over before it was known says nothing of now.
    if (!quiet) this.flaps.over(keyOf(occurrence), occurrence.alert, at);
    this.#tell({ alert: occurrence.alert, at, reason, step: 'resolved', resolvedAt, quiet, ...finding });
  }

  /** Ends it for a reason that lies not in the readings. */
  close(occurrence: Occurrence, at: number, reason: string): void {
    this.#remove(occurrence);
    if (occurrence.firedAt === null) this.#tell({ alert: occurrence.alert, at, reason, step: 'vanished' });
    else this.#tell({ alert: occurrence.alert, at, reason, step: 'closed' });
    this.flaps.forget(keyOf(occurrence));
  }

  /** Lets time pass to `at` (ms) for those that come and go. */
  settle(at: number): void {
    for (const alert of this.flaps.calmed(at)) this.#tell({ alert, at, reason: 'calm', step: 'calmed' });
  }

  /** A device speaks of it no more, be it for or against the subject. */
  letGo(occurrence: Occurrence, device: string): void {
    const isOther = (one: string) => one !== device;
    occurrence.bad = occurrence.bad.filter(isOther);
    if (occurrence.rungs !== undefined)
      occurrence.rungs = occurrence.rungs.map((rung) => ({ ...rung, by: rung.by.filter(isOther) }));
    this.touch(occurrence);
  }

  /** The ladder that it stood on is another now: it keeps its severity until that one says otherwise. */
  leaveLadder(occurrence: Occurrence): void {
    if (occurrence.rungs === undefined) return;
    delete occurrence.rungs;
    this.touch(occurrence);
  }

  /** Marks it for the next checkpoint. */
  touch(occurrence: Occurrence): void {
    this.changed.add(keyOf(occurrence));
  }

  #put(occurrence: Occurrence): void {
    const ofRule = this.#byRule.get(occurrence.rule) ?? new Map<string, Occurrence>();
    ofRule.set(subjectKey(occurrence.subject), occurrence);
    this.#byRule.set(occurrence.rule, ofRule);
  }

  #remove(occurrence: Occurrence): void {
    const ofRule = this.#byRule.get(occurrence.rule);
    ofRule?.delete(subjectKey(occurrence.subject));
    if (ofRule?.size === 0) this.#byRule.delete(occurrence.rule);
    this.touch(occurrence);
  }
}

/** `RULE TYPE ID`: ids have no blanks. */
export function keyOf({ rule, subject }: Pick<Occurrence, 'rule' | 'subject'>): string {
  return `${rule} ${subjectKey(subject)}`;
}

/** The same for the same rule, subject and beginning, on any machine: a restart or a replay makes no twin. */
export function alertId(rule: string, { type, id }: Subject, startedAt: number): string {
  return createHash('sha256').update(`${rule}\n${type}\n${id}\n${startedAt}`).digest('hex').slice(0, 32);
}

function subjectKey({ type, id }: Subject): string {
  return `${type} ${id}`;
}
