import type { Evidence, Severity, Subject } from '../model/alert.ts';
import { instant, type Name } from '../model/primitives.ts';
import type { SampleRecord } from '../model/record.ts';
import { coverageId, coverageName } from '../model/rule.ts';
import { SERVICE } from '../model/service.ts';
import type { Finding } from '../model/transition.ts';
import type { Verdict } from '../model/verdict.ts';
import type { RuleHours } from './hours.ts';
import { gradeOf, Ladder } from './ladder.ts';
import { suppliedAt } from './lamp-plan.ts';
import { maintainedUntil, maintenanceAt } from './maintenance.ts';
import type { Occurrence, Occurrences } from './occurrences.ts';
import { freshFor, isInService, type Member, quietFor, type Roster } from './roster.ts';
import type { CompiledRule } from './rulebook.ts';

/** Why nothing is expected of a device by a rule. */
export type Rest = 'out-of-service' | 'maintenance' | 'schedule';

/** What the rule types share: who is spoken of, what is said, and who holds whom back. */
export class Speech {
  readonly roster: Roster;
  readonly occurrences: Occurrences;
  readonly hours: RuleHours;
  readonly ladder: Ladder;
  /** `sha256:…` of the rulebook in force. */
  version = '';

  constructor(roster: Roster, occurrences: Occurrences, hours: RuleHours) {
    this.roster = roster;
    this.occurrences = occurrences;
    this.hours = hours;
    this.ladder = new Ladder(occurrences);
  }

  /**
   * Why nothing is expected of a device by a rule at `at` (ms): then nothing begins, and what is open neither goes on nor ends
   * (P8). Null where it is judged.
   */
  restOf(rule: CompiledRule, member: Member, at: number): Rest | null {
    if (!isInService(member, at)) return 'out-of-service';
    if (member.windows.length > 0 && maintenanceAt(member.windows, at) !== null) return 'maintenance';
    return this.hours.isOpen(rule, at) ? null : 'schedule';
  }

  /** How a device stands by its samples at `at` (ms) where none come any more; null while they do. Without supply it cannot speak. */
  silence(member: Member, at: number): { verdict: Verdict; reason: string | null } | null {
    if (quietFor(member, at, this.roster.away) <= freshFor(member)) return null;
    return member.device.power === 'switched' && !suppliedAt(member, at).isSupplied
      ? { verdict: 'idle', reason: 'daylight' }
      : { verdict: 'silent', reason: null };
  }

  /** Whether a sample counts for nothing by a rule: its device rests when it was measured, or is worked on when it comes. */
  isResting(rule: CompiledRule, member: Member, { sample, at }: SampleRecord): boolean {
    if (this.restOf(rule, member, sample.ts) !== null) return true;
    return member.windows.length > 0 && maintenanceAt(member.windows, at) !== null;
  }

  /** Since when a device that is judged at `at` (ms) is judged again after a rest, ms; clocks begin anew there. */
  judgedSince(rule: CompiledRule, { windows }: Member, at: number): number {
    const opened = this.hours.openSince(rule, at);
    return windows.length === 0 ? opened : Math.max(opened, maintainedUntil(windows, at));
  }

  /** Lets go of what is pending against devices that rest by their maintenance or the rule's hours. */
  rest(rule: CompiledRule, occurrence: Occurrence, at: number): void {
    const resting = new Map<string, Rest>();
    for (const id of occurrence.bad) {
      const member = this.roster.members.get(id);
      const reason = member === undefined ? null : this.restOf(rule, member, at);
      if (reason !== null && reason !== 'out-of-service') resting.set(id, reason);
    }
    if (resting.size === 0) return;
    const bad = occurrence.bad.filter((id) => !resting.has(id));
    const [reason = 'maintenance'] = resting.values();
    if (bad.length === 0) return this.occurrences.vanish(occurrence, at, reason);
    occurrence.bad = bad;
    this.occurrences.touch(occurrence);
  }

  /** Begins an occurrence of `rule` against `subject`. */
  begin(
    rule: CompiledRule,
    subject: Subject,
    about: { organisation: string; bad: string[]; startedAt: number; receivedAt: number; finding: Finding },
    at: number,
    reason: string,
    instead: { id: string; severity: Severity; title: Name; assignee: string | null } | null = null,
  ): Occurrence {
    return this.occurrences.begin(
      {
        rule: instead?.id ?? rule.id,
        ruleVersion: this.version,
        subject,
        title: this.#titleOf(subject, instead?.title ?? rule.name),
        severity: instead?.severity ?? rule.severity,
        assignee: instead?.assignee ?? null,
        due: about.startedAt + rule.for,
        ...about,
      },
      at,
      reason,
    );
  }

  /** What is pending is told by its rule's name, severity and bureau of now, where the rule `was` others. */
  reword(occurrence: Occurrence, rule: CompiledRule, was: CompiledRule, at: number): void {
    const wording = ({ name, severity, organisation }: CompiledRule) => JSON.stringify([name, severity, organisation]);
    if (wording(rule) === wording(was)) return;
    const { subject, severity, bad } = occurrence;
    const isCoverage = rule.type === 'ratio' && occurrence.rule === coverageId(rule);
    const owner = rule.organisation ?? this.roster.members.get(bad[0] ?? subject.id)?.device.organisation;
    const isOther = rule.organisation !== was.organisation && owner !== undefined;
    const words = {
      title: this.#titleOf(subject, isCoverage ? coverageName(rule) : rule.name),
      severity: isCoverage && severity !== undefined ? severity : gradeOf(rule, occurrence).severity,
      ...(isOther && { organisation: owner }),
    };
    this.occurrences.reword(occurrence, words, at);
  }

  /**
   * Fires a pending occurrence, unless another alert holds it back: then it stays pending and says by which. `patience`
   * (ms) is what it gets for coming back by itself when that other alert is over.
   */
  fire(
    occurrence: Occurrence,
    rule: CompiledRule,
    by: { firedAt: number; at: number; reason: string; patience: number; children: string[] },
  ): void {
    const { at } = by;
    const holder = this.#holder(rule, occurrence.bad);
    if (holder !== null) {
      if (occurrence.heldBy !== holder) this.occurrences.hold(occurrence, holder, at);
      return;
    }
    if (occurrence.heldBy !== null) {
      this.occurrences.hold(occurrence, null, at);
      occurrence.releasedAt = at;
      occurrence.due = at + by.patience;
    }
    if (at < occurrence.due) return;
    this.occurrences.fire(occurrence, Math.max(by.firedAt, occurrence.startedAt), by.children, at, by.reason);
  }

  /** What is held against whom. */
  #titleOf({ type, id }: Subject, what: Name): Name {
    const name = type === 'service' ? SERVICE.name : this.roster.nameOf(id);
    return { zh: `${name.zh}：${what.zh}`, en: `${name.en}: ${what.en}` };
  }

  /** The alert of a rule of `inhibitedBy` on one of these devices, its gateway or its network node. */
  #holder(rule: CompiledRule, devices: readonly string[]): string | null {
    if (rule.inhibitedBy.length === 0) return null;
    for (const id of devices) {
      const { parent, gateway } = this.roster.members.get(id)?.device ?? { parent: null, gateway: null };
      for (const other of rule.inhibitedBy) {
        const found =
          (parent === null ? undefined : this.occurrences.of(other, { type: 'parent', id: parent })) ??
          (gateway === null ? undefined : this.occurrences.of(other, { type: 'device', id: gateway })) ??
          this.occurrences.of(other, { type: 'device', id });
        if (found !== undefined) return found.alert;
      }
    }
    return null;
  }
}

/** The sample that decides, as evidence. */
export function evidenceOf({ sample }: SampleRecord): Evidence {
  return { device: sample.device, ts: instant(sample.ts), values: sample.values };
}

/** How many lamps these devices have by the registry, in all. */
export function lampsOf(members: readonly (Member | undefined)[]): number {
  return members.reduce((sum, member) => sum + Number(member?.device.attributes.lamps ?? 0), 0);
}
