import type { Subject } from '../model/alert.ts';
import type { SampleRecord } from '../model/record.ts';
import { SERVICE, SERVICE_SUBJECT } from '../model/service.ts';
import type { SignalRule } from '../model/signal-rule.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { endCalm, isCalm } from './calm.ts';
import type { Occurrence } from './occurrences.ts';
import { freshFor, isInService, type Member } from './roster.ts';
import type { CompiledRung, CompiledThreshold } from './rulebook.ts';
import { evidenceOf, lampsOf, type Speech } from './speech.ts';

/** A rule that a device's samples move. */
export type SampledRule = CompiledThreshold | SignalRule;

/**
 * A sample this old when it comes tells of the past, ms: what fires by it is told at the next tick, unless one that came
 * with it has cleared it by then.
 */
const LATE = 60_000;

/**
 * Lets what the samples of a device say begin, hold, fire and end: each newer sample moves the state at its own time. Ticks
 * only let `for` run out, and only while the device is fresh.
 */
export class Sampled {
  readonly #speech: Speech;

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** What the rule holds against the subject because of this device; undefined when it is nothing. */
  held(rule: SampledRule, member: Member): Occurrence | undefined {
    const occurrence = this.#speech.occurrences.of(rule.id, subjectOf(rule, member));
    return occurrence?.bad.includes(member.device.id) ? occurrence : undefined;
  }

  /** How the device stands by what is held because of it; null when that is nothing. What is gone is not in breach any more. */
  verdict(rule: SampledRule, member: Member): { verdict: Verdict; reason: string | null } | null {
    const held = this.held(rule, member);
    if (held === undefined) return null;
    const isGone = held.calm?.[member.device.id] !== undefined;
    return isGone ? { verdict: 'ok', reason: 'keeps-firing' } : { verdict: 'breach', reason: null };
  }

  /** The sample speaks against the device, by these figures. */
  worse(rule: SampledRule, member: Member, record: SampleRecord, values: Finding['values']): void {
    const { at, sample } = record;
    const { id, organisation } = member.device;
    const subject = subjectOf(rule, member);
    const known = this.#speech.occurrences.of(rule.id, subject);
    const finding = this.#finding(rule, subject, record, 'breach', values, known);
    const occurrence =
      known ??
      this.#speech.begin(
        rule,
        subject,
        {
          organisation: rule.organisation ?? organisation,
          bad: [id],
          startedAt: sample.ts,
          receivedAt: at,
          finding,
        },
        at,
        'condition',
      );
    if (!occurrence.bad.includes(id)) occurrence.bad.push(id);
    endCalm(this.#speech.occurrences, occurrence, id);
    occurrence.finding = finding;
    this.#speech.occurrences.touch(occurrence);
    this.#climb(rule, member, record, occurrence);
    const since = occurrence.releasedAt ?? occurrence.startedAt;
    if (occurrence.firedAt !== null || sample.ts < since || sample.ts - since < rule.for) return;
    if (at - sample.ts > LATE) occurrence.lateSince ??= sample.ts;
    else this.#fire(rule, occurrence, occurrence.lateSince ?? sample.ts, at);
  }

  /**
   * The sample speaks for the device, which `occurrence` is held against: it ends that where no other device does, and where
   * what fires has been gone for as long as the rule asks.
   */
  better(
    rule: SampledRule,
    member: Member,
    record: SampleRecord,
    values: Finding['values'],
    occurrence: Occurrence,
  ): void {
    const { at, sample } = record;
    const { occurrences } = this.#speech;
    const hasFired = occurrence.firedAt !== null || occurrence.lateSince !== null;
    const from = this.#speech.judgedSince(rule, member, sample.ts);
    const word = { at: sample.ts, from, gap: freshFor(member) };
    if (hasFired && !isCalm(occurrences, occurrence, member.device.id, rule.keepFiring, word))
      return this.#climb(rule, member, record, occurrence);
    occurrence.bad = occurrence.bad.filter((id) => id !== member.device.id);
    occurrences.touch(occurrence);
    if (occurrence.bad.length > 0) return this.#climb(rule, member, record, occurrence);
    const finding = this.#finding(rule, occurrence.subject, record, 'ok', values, occurrence);
    if (occurrence.firedAt !== null) return occurrences.resolve(occurrence, sample.ts, finding, at, 'cleared');
    if (occurrence.lateSince === null) return occurrences.vanish(occurrence, at, 'cleared');
    occurrences.fire(occurrence, occurrence.lateSince, this.#children(rule, occurrence), at, 'late');
    occurrences.resolve(occurrence, sample.ts, finding, at, 'late');
  }

  /** The sample speaks neither against the device nor well enough for it. */
  wavers(rule: SampledRule, member: Member, record: SampleRecord, occurrence: Occurrence): void {
    endCalm(this.#speech.occurrences, occurrence, member.device.id);
    this.#climb(rule, member, record, occurrence);
  }

  /** Lets time pass to `at`. */
  tick(rule: SampledRule, at: number): void {
    for (const occurrence of this.#speech.occurrences.all(rule.id)) {
      this.#pass(rule, occurrence, at);
      if (occurrence.firedAt !== null) continue;
      this.#speech.rest(rule, occurrence, at);
      if (!this.#speech.occurrences.holds(occurrence) || at < occurrence.due) continue;
      if (occurrence.lateSince !== null) this.#fire(rule, occurrence, occurrence.lateSince, at);
      else if (this.#isWatched(rule, occurrence, at)) this.#fire(rule, occurrence, occurrence.startedAt + rule.for, at);
    }
  }

  /** The sample tells how grave it is. */
  #climb(rule: SampledRule, member: Member, { at, sample }: SampleRecord, occurrence: Occurrence): void {
    const { ladder } = this.#speech;
    const asked = ({ when }: CompiledRung) => when?.holds(sample.values, member.attributes) ?? undefined;
    ladder.word(rule, occurrence, member.device.id, asked, sample.ts, at);
  }

  /** Time passes for how grave it is, unless all who hold it against the subject rest. */
  #pass(rule: SampledRule, occurrence: Occurrence, at: number): void {
    if (rule.ladder.length === 0) return;
    const { roster, ladder } = this.#speech;
    const judged = occurrence.bad.flatMap((id) => {
      const member = roster.members.get(id);
      return member === undefined || this.#speech.restOf(rule, member, at) !== null ? [] : [member];
    });
    if (judged.length === 0) return;
    const from = Math.min(...judged.map((member) => this.#speech.judgedSince(rule, member, at)));
    ladder.tick(rule, occurrence, at, { from, isFresh: this.#isWatched(rule, occurrence, at) });
  }

  #fire(rule: SampledRule, occurrence: Occurrence, firedAt: number, at: number): void {
    const reason = rule.for === 0 ? 'at-once' : 'held';
    // Where it is not held back, `due` may lie ahead of an arrival that is behind its sample's time.
    if (occurrence.heldBy === null) occurrence.due = Math.min(occurrence.due, at);
    const children = this.#children(rule, occurrence);
    this.#speech.fire(occurrence, rule, { firedAt, at, reason, patience: this.#patience(rule, occurrence), children });
  }

  /** What it gets for taking back what it said while another alert held it back: its wait, or until it has spoken once, ms. */
  #patience(rule: SampledRule, { bad }: Occurrence): number {
    const { members } = this.#speech.roster;
    return Math.max(rule.for, ...bad.map((id) => (members.get(id)?.device.reportInterval ?? 0) * 1_000));
  }

  /**
   * Whether one of those that hold it against the subject is in service and fresh. What the service was away for it has not
   * watched: they have to speak again first, for all may be over long since.
   */
  #isWatched(rule: SampledRule, { bad }: Occurrence, at: number): boolean {
    return bad.some((id) => {
      const member = this.#speech.roster.members.get(id);
      const judged = member?.heard.judged[rule.id];
      if (member === undefined || judged === undefined || !isInService(member, at)) return false;
      return member.heard.away === this.#speech.roster.away && at - judged <= freshFor(member);
    });
  }

  #children(rule: SampledRule, { subject, bad }: Occurrence): string[] {
    if (rule.subject === 'device') return [];
    return this.#speech.roster.childrenOf(subject.id).filter((id) => !bad.includes(id));
  }

  /** The sample that began it stays the first evidence; the newest one, and its values, stand beside it. */
  #finding(
    rule: SampledRule,
    subject: Subject,
    record: SampleRecord,
    verdict: Verdict,
    values: Finding['values'],
    known: Occurrence | undefined,
  ): Finding {
    const { roster } = this.#speech;
    const newest = evidenceOf(record);
    const first = known?.finding.evidence[0];
    const lamps =
      rule.type === 'threshold' && rule.subject === 'parent'
        ? { lamps: lampsOf(roster.childrenOf(subject.id).map((id) => roster.members.get(id))) }
        : {};
    const figures = { ...values, ...lamps };
    // What the service says of itself stands in no device's record.
    if (subject.type === 'service') return { verdict, values: figures, evidence: [] };
    return { verdict, values: figures, evidence: first === undefined ? [newest] : [first, newest] };
  }
}

/** Whom the rule names for this device: itself (the service, where it is no device), or the node that it hangs from where it hangs from one. */
export function subjectOf(rule: SampledRule, { device }: Member): Subject {
  if (device.kind === SERVICE.id) return SERVICE_SUBJECT;
  if (rule.subject === 'parent' && device.parent !== null) return { type: 'parent', id: device.parent };
  return { type: 'device', id: device.id };
}
