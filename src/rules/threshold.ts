import type { Subject } from '../model/alert.ts';
import type { Device } from '../model/device.ts';
import type { SampleRecord } from '../model/record.ts';
import { SERVICE, SERVICE_SUBJECT } from '../model/service.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { maintenanceAt } from './maintenance.ts';
import type { Occurrence } from './occurrences.ts';
import { freshFor, isInService, type Member, quietFor } from './roster.ts';
import type { CompiledThreshold } from './rulebook.ts';
import { evidenceOf, lampsOf, type Speech } from './speech.ts';

/**
 * A sample this old when it comes tells of the past, ms: what fires by it is told at the next tick, unless one that came
 * with it has cleared it by then.
 */
const LATE = 60_000;

/**
 * Judges the samples of one device by a condition: each newer sample moves the state at its own time, an older one never
 * does. Ticks only let `for` run out, and only while the device is fresh.
 */
export class ThresholdJudge {
  readonly #speech: Speech;

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** A sample that is not older than the device's newest. */
  sample(rule: CompiledThreshold, member: Member, record: SampleRecord): void {
    const { ts, values } = record.sample;
    // Of a device that rests nothing is expected: it neither breaks nor resolves anything (P8), when measured or when it comes.
    if (this.#speech.restOf(rule, member, ts) !== null) return;
    if (member.windows.length > 0 && maintenanceAt(member.windows, record.at) !== null) return;
    const before = member.heard.judged[rule.id];
    if (before !== undefined && ts <= before) return;
    const holds = rule.when.holds(values, member.attributes);
    if (holds === null) return;
    this.#speech.roster.judge(member, rule.id, ts);
    const occurrence = this.#speech.occurrences.of(rule.id, subjectOf(rule, member));
    if (holds) this.#worse(rule, member, record, occurrence);
    else if (occurrence?.bad.includes(member.device.id)) this.#better(rule, member, record, occurrence);
  }

  /** Lets time pass to `at`. */
  tick(rule: CompiledThreshold, at: number): void {
    for (const occurrence of this.#speech.occurrences.all(rule.id)) {
      if (occurrence.firedAt !== null) continue;
      this.#speech.rest(rule, occurrence, at);
      if (!this.#speech.occurrences.holds(occurrence)) continue;
      if (occurrence.lateSince !== null) this.#fire(rule, occurrence, occurrence.lateSince, at);
      else if (at >= occurrence.due && this.#isWatched(rule, occurrence, at))
        this.#fire(rule, occurrence, occurrence.startedAt + rule.for, at);
    }
  }

  /** How things stand for a device by this rule at `at`, and why where it is not judged. */
  verdict(rule: CompiledThreshold, member: Member, at: number): { verdict: Verdict; reason: string | null } {
    const rest = this.#speech.restOf(rule, member, at);
    if (rest !== null) return { verdict: 'idle', reason: rest };
    const { attributes } = member;
    if (rule.when.attributes.some((name) => attributes[name] === undefined))
      return { verdict: 'idle', reason: 'no-limit' };
    if (quietFor(member, at, this.#speech.roster.away) > freshFor(member)) return { verdict: 'silent', reason: null };
    const judged = member.heard.judged[rule.id];
    if (judged === undefined && member.heard.ts !== null && rule.when.isOptional)
      return { verdict: 'idle', reason: 'not-fitted' };
    if (judged === undefined || at - judged > freshFor(member)) return { verdict: 'unknown', reason: 'no-sample' };
    const occurrence = this.#speech.occurrences.of(rule.id, subjectOf(rule, member));
    return { verdict: occurrence?.bad.includes(member.device.id) ? 'breach' : 'ok', reason: null };
  }

  #worse(rule: CompiledThreshold, member: Member, record: SampleRecord, known: Occurrence | undefined): void {
    const { at, sample } = record;
    const { id, organisation } = member.device;
    const subject = subjectOf(rule, member);
    const finding = this.#finding(rule, subject, record, 'breach', known);
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
    occurrence.finding = finding;
    this.#speech.occurrences.touch(occurrence);
    if (occurrence.firedAt !== null || sample.ts - occurrence.startedAt < rule.for) return;
    if (at - sample.ts > LATE) occurrence.lateSince ??= sample.ts;
    else this.#fire(rule, occurrence, occurrence.lateSince ?? sample.ts, at);
  }

  #better(rule: CompiledThreshold, member: Member, record: SampleRecord, occurrence: Occurrence): void {
    const { at, sample } = record;
    const { occurrences } = this.#speech;
    const hasHeld = occurrence.firedAt !== null || occurrence.lateSince !== null;
    const { attributes } = member;
    if (hasHeld && rule.clear !== null && rule.clear.holds(sample.values, attributes) !== true) return;
    occurrence.bad = occurrence.bad.filter((id) => id !== member.device.id);
    occurrences.touch(occurrence);
    if (occurrence.bad.length > 0) return;
    const finding = this.#finding(rule, occurrence.subject, record, 'ok', occurrence);
    if (occurrence.firedAt !== null) return occurrences.resolve(occurrence, sample.ts, finding, at, 'cleared');
    if (occurrence.lateSince === null) return occurrences.vanish(occurrence, at, 'cleared');
    occurrences.fire(occurrence, occurrence.lateSince, this.#children(rule, occurrence), at, 'late');
    occurrences.resolve(occurrence, sample.ts, finding, at, 'late');
  }

  #fire(rule: CompiledThreshold, occurrence: Occurrence, firedAt: number, at: number): void {
    const reason = rule.for === 0 ? 'at-once' : 'held';
    // Where it is not held back, `due` may lie ahead of an arrival that is behind its sample's time.
    if (occurrence.heldBy === null) occurrence.due = Math.min(occurrence.due, at);
    const children = this.#children(rule, occurrence);
    this.#speech.fire(occurrence, rule, { firedAt, at, reason, patience: rule.for, children });
  }

  /** Whether one of those that hold it against the subject is in service and fresh. */
  #isWatched(rule: CompiledThreshold, { bad }: Occurrence, at: number): boolean {
    return bad.some((id) => {
      const member = this.#speech.roster.members.get(id);
      const judged = member?.heard.judged[rule.id];
      if (member === undefined || judged === undefined || !isInService(member, at)) return false;
      return at - judged <= freshFor(member);
    });
  }

  #children(rule: CompiledThreshold, { subject, bad }: Occurrence): string[] {
    if (rule.subject === 'device') return [];
    return this.#speech.roster.childrenOf(subject.id).filter((id) => !bad.includes(id));
  }

  /** The sample that began it stays the first evidence; the newest one, and its values, stand beside it. */
  #finding(
    rule: CompiledThreshold,
    subject: Subject,
    record: SampleRecord,
    verdict: Verdict,
    known: Occurrence | undefined,
  ): Finding {
    const { roster } = this.#speech;
    const newest = evidenceOf(record);
    const first = known?.finding.evidence[0];
    const attributes: Device['attributes'] = roster.members.get(record.sample.device)?.attributes ?? {};
    const asked = [...rule.when.fields, ...(rule.clear?.fields ?? [])];
    const values: Finding['values'] = {};
    for (const field of asked) values[field] = record.sample.values[field] ?? null;
    for (const name of rule.when.attributes) {
      const limit = attributes[name];
      if (typeof limit === 'number' || typeof limit === 'boolean') values[name] = limit;
    }
    if (rule.subject === 'parent')
      values.lamps = lampsOf(roster.childrenOf(subject.id).map((id) => roster.members.get(id)));
    // What the service says of itself stands in no device's record.
    if (subject.type === 'service') return { verdict, values, evidence: [] };
    return { verdict, values, evidence: first === undefined ? [newest] : [first, newest] };
  }
}

/** Whom the rule names for this device: itself (the service, where it is no device), or the node that it hangs from where it hangs from one. */
export function subjectOf(rule: CompiledThreshold, { device }: Member): Subject {
  if (device.kind === SERVICE.id) return SERVICE_SUBJECT;
  if (rule.subject === 'parent' && device.parent !== null) return { type: 'parent', id: device.parent };
  return { type: 'device', id: device.id };
}
