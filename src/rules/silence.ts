import { instant } from '../model/primitives.ts';
import type { SilenceRule } from '../model/rule.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import { Agenda } from './agenda.ts';
import { isCalm } from './calm.ts';
import { suppliedAt } from './lamp-plan.ts';
import type { Occurrence } from './occurrences.ts';
import { type Member, quietFor } from './roster.ts';
import { lampsOf, type Speech } from './speech.ts';

/** What a switched controller gets after dusk for starting and finding its network, ms. */
const BOOT_GRACE = 600_000;

/** Judges at every tick whether anything arrives from a device. Only what arrives ends a silence. */
export class SilenceJudge {
  readonly #speech: Speech;
  readonly #agendas = new Map<string, { members: readonly Member[]; version: number; agenda: Agenda<Member> }>();

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** Lets time pass to `at` (ms). */
  tick(rule: SilenceRule, at: number): void {
    const { roster, occurrences } = this.#speech;
    for (const occurrence of occurrences.all(rule.id)) {
      const member = roster.members.get(occurrence.subject.id);
      const heardAt = member?.heard.at ?? null;
      if (occurrence.firedAt === null) this.#speech.rest(rule, occurrence, at);
      else this.#pass(rule, occurrence, member, at);
      if (member === undefined || heardAt === null || heardAt <= occurrence.startedAt) continue;
      if (!occurrences.holds(occurrence) || this.#speech.restOf(rule, member, at) !== null) continue;
      // What came in a rest is no word on what is open since before it.
      if (heardAt < this.#speech.judgedSince(rule, member, at)) continue;
      if (occurrence.firedAt === null) occurrences.vanish(occurrence, at, 'heard');
      else if (this.#isBack(rule, occurrence, member, heardAt, at))
        occurrences.resolve(occurrence, heardAt, this.#finding(member, at, 'ok'), at, 'heard');
    }
    const agenda = this.#agendaOf(rule, at);
    for (const member of agenda.due(at).sort((a, b) => (a.device.id < b.device.id ? -1 : 1))) {
      const over = this.#quiet(rule, member, at) - patienceOf(rule, member);
      if (over >= 0 && this.#speech.restOf(rule, member, at) === null) this.#silent(rule, member, at, over);
      agenda.add(member, this.#lookAgain(rule, member, at, over));
    }
  }

  /** When those that a rule is about have to be looked at; all of them, where it is not what it was. */
  #agendaOf(rule: SilenceRule, at: number): Agenda<Member> {
    const { roster } = this.#speech;
    const members = roster.judgedBy(rule);
    const { version } = roster.maintenance;
    const known = this.#agendas.get(rule.id);
    if (known !== undefined && known.members === members && known.version === version) return known.agenda;
    const agenda = new Agenda<Member>();
    for (const member of members) agenda.add(member, at);
    this.#agendas.set(rule.id, { members, version, agenda });
    return agenda;
  }

  /** The first instant at which a device may be found silent, or its silence be another matter than at `at`; ms. */
  #lookAgain(rule: SilenceRule, member: Member, at: number, over: number): number {
    const patience = patienceOf(rule, member);
    // It is not supplied, or started a moment ago: its patience begins later.
    if (over === Number.NEGATIVE_INFINITY) return at + patience;
    if (over < 0) return at - over;
    const known = this.#speech.occurrences.of(rule.id, { type: 'device', id: member.device.id });
    if (known !== undefined) return known.firedAt === null ? at + 1 : at + patience;
    // It rests. Its clock begins anew after its maintenance and the rule's hours; what comes into service has been quiet before.
    if (member.device.retiredAt !== null) return Number.POSITIVE_INFINITY;
    return this.#speech.restOf(rule, member, at) === 'out-of-service' ? at + 1 : at + patience;
  }

  /** How things stand for a device by this rule at `at` (ms), and why where it is not judged. */
  verdict(rule: SilenceRule, member: Member, at: number): { verdict: Verdict; reason: string | null } {
    const rest = this.#speech.restOf(rule, member, at);
    if (rest !== null) return { verdict: 'idle', reason: rest };
    const isQuiet = quietFor(member, at, this.#speech.roster.away) >= patienceOf(rule, member);
    if (isQuiet && member.device.power === 'switched' && !suppliedAt(member, at).isSupplied)
      return { verdict: 'idle', reason: 'daylight' };
    if (this.#quiet(rule, member, at) >= patienceOf(rule, member)) return { verdict: 'silent', reason: null };
    if (!isQuiet) return { verdict: 'ok', reason: null };
    return { verdict: 'unknown', reason: member.device.power === 'switched' ? 'boot' : 'resumed' };
  }

  #silent(rule: SilenceRule, member: Member, at: number, over: number): void {
    const { roster, occurrences } = this.#speech;
    const { id, organisation } = member.device;
    const subject = { type: 'device', id } as const;
    const known = occurrences.of(rule.id, subject);
    if (known !== undefined && known.firedAt !== null) return;
    const occurrence =
      known ??
      this.#speech.begin(
        rule,
        subject,
        {
          organisation: rule.organisation ?? organisation,
          bad: [id],
          startedAt: Math.max(at - over, member.heard.judged[rule.id] ?? 0),
          receivedAt: at,
          finding: this.#finding(member, at, 'silent'),
        },
        at,
        'silence',
      );
    if (at < occurrence.due) return;
    occurrence.finding = this.#finding(member, at, 'silent');
    occurrences.touch(occurrence);
    const patience = patienceOf(rule, member);
    const firedAt = occurrence.startedAt + rule.for;
    this.#speech.fire(occurrence, rule, { firedAt, at, reason: 'silence', patience, children: roster.wardsOf(id) });
  }

  /** Time passes for how grave it is. */
  #pass(rule: SilenceRule, occurrence: Occurrence, member: Member | undefined, at: number): void {
    if (member === undefined || this.#speech.restOf(rule, member, at) !== null) return;
    const from = this.#speech.judgedSince(rule, member, at);
    this.#speech.ladder.tick(rule, occurrence, at, { from, isFresh: true });
  }

  /** Whether what arrived last has come after the device has spoken for as long as the rule asks, without falling silent. */
  #isBack(rule: SilenceRule, occurrence: Occurrence, member: Member, heardAt: number, at: number): boolean {
    const word = { at: heardAt, from: this.#speech.judgedSince(rule, member, at), gap: patienceOf(rule, member) };
    return isCalm(this.#speech.occurrences, occurrence, member.device.id, rule.keepFiring, word);
  }

  /** How long it has been quiet where it could have spoken, ms. */
  #quiet(rule: SilenceRule, member: Member, at: number): number {
    const { roster } = this.#speech;
    const quiet = Math.min(quietFor(member, at, roster.away), at - this.#speech.judgedSince(rule, member, at));
    if (member.device.power === 'always') return quiet;
    const { isSupplied, since } = suppliedAt(member, at);
    return isSupplied ? Math.min(quiet, at - since - BOOT_GRACE) : Number.NEGATIVE_INFINITY;
  }

  #finding(member: Member, at: number, verdict: Verdict): Finding {
    const { roster } = this.#speech;
    const { device, heard } = member;
    const wards = roster.wardsOf(device.id).map((id) => roster.members.get(id));
    const lamps = lampsOf([member, ...wards]);
    return {
      verdict,
      values: {
        silentSeconds: Math.round(quietFor(member, at, roster.away) / 1_000),
        reportInterval: device.reportInterval,
        ...(lamps > 0 ? { lampsUnknown: lamps } : {}),
      },
      evidence: heard.ts === null ? [] : [{ device: device.id, ts: instant(heard.ts), values: {} }],
    };
  }
}

/** How long a rule waits for a device, ms. */
export function patienceOf({ after }: SilenceRule, { device }: Member): number {
  return 'ms' in after ? after.ms : after.intervals * device.reportInterval * 1_000;
}
