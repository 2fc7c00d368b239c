import type { Kinds } from '../model/kind.ts';
import { dateOf } from '../model/lamp-hours.ts';
import type { ChangeRecord, JournalRecord, SampleRecord, TickRecord } from '../model/record.ts';
import { SERVICE, SERVICE_DEVICE } from '../model/service.ts';
import { isSignal } from '../model/signal-rule.ts';
import { Sun } from '../model/sun.ts';
import type { Transition } from '../model/transition.ts';
import { CountJudge } from './count.ts';
import { RuleHours } from './hours.ts';
import { IntactJudge } from './intact.ts';
import { type GroupCount, Lighting } from './lighting.ts';
import { LightingRecord } from './lighting-record.ts';
import { type Occurrence, Occurrences } from './occurrences.ts';
import { deadNodes, supplyRules } from './outages.ts';
import { RatioJudge } from './ratio.ts';
import { appliesTo, type Member, Roster } from './roster.ts';
import { type CompiledRule, contentOf, EMPTY_RULEBOOK, idsOf, type Rulebook, readRulebook } from './rulebook.ts';
import { Sampled, subjectOf } from './sampled.ts';
import { SignalJudge } from './signal.ts';
import { SilenceJudge } from './silence.ts';
import { Speech } from './speech.ts';
import { ThresholdJudge } from './threshold.ts';

/**
 * What is wrong in the town. Its only input is the journal (P7): it reads no clock and asks nobody; the same records give
 * the same transitions.
 */
export class Engine {
  readonly roster = new Roster();
  readonly record: LightingRecord;
  readonly occurrences: Occurrences;
  readonly lighting: Lighting;
  readonly thresholds: ThresholdJudge;
  readonly signals: SignalJudge;
  readonly silences: SilenceJudge;
  readonly findings: CountJudge;
  readonly facilities: IntactJudge;
  readonly hours = new RuleHours();
  readonly #ratios: RatioJudge;
  readonly #speech: Speech;
  readonly #sampled: Sampled;
  readonly kinds: Kinds;
  /** The rules in force. */
  book: Rulebook = EMPTY_RULEBOOK;
  isBookChanged = false;
  /** Since when they are in force, ms. */
  bookSince = 0;
  /** Arrival of the newest tick, ms; null before the first. */
  tickedAt: number | null = null;
  /** The town's date on which the running night began; null by day. */
  night: string | null = null;
  /** The lamps as the newest tick found them. */
  counts: readonly GroupCount[] = [];
  #townSun: Sun | null = null;

  /** Every transition goes to `tell`, in order; what ticks see of the lighting rate to `record`. */
  constructor(kinds: Kinds, tell: (transition: Transition) => void, record = new LightingRecord()) {
    this.record = record;
    this.kinds = kinds;
    this.occurrences = new Occurrences(tell);
    this.#speech = new Speech(this.roster, this.occurrences, this.hours);
    this.lighting = new Lighting(this.roster);
    this.#sampled = new Sampled(this.#speech);
    this.thresholds = new ThresholdJudge(this.#speech, this.#sampled);
    this.signals = new SignalJudge(this.#speech, this.#sampled);
    this.silences = new SilenceJudge(this.#speech);
    this.findings = new CountJudge(this.#speech, this.lighting);
    this.facilities = new IntactJudge(this.#speech);
    this.#ratios = new RatioJudge(this.#speech);
  }

  /** Takes the next record of the journal. */
  feed(record: JournalRecord): void {
    if (record.type === 'sample') this.#sample(record);
    else if (record.type === 'tick') this.#tick(record);
    else this.#change(record);
  }

  /** Puts `text` in force; one that an older Townpulse took and this one does not leaves no rules. */
  adopt(text: string): void {
    this.book = this.read(text);
    this.#speech.version = this.book.version;
    this.roster.assign(this.book.rules);
    this.hours.reset(this.roster.town?.timeZone ?? 'UTC');
  }

  /** What `text` says; nothing where this Townpulse does not take it. */
  read(text: string): Rulebook {
    const read = readRulebook(text, 'rulebook', { kinds: this.kinds });
    return read.ok ? read.book : EMPTY_RULEBOOK;
  }

  /** Looks at the lamps again at the newest tick, after a checkpoint was put back. */
  recount(): void {
    if (this.tickedAt !== null) this.counts = this.lighting.count(this.tickedAt, this.deadNodes());
  }

  /** Whether the sun is down over the town. */
  isDark(at: number): boolean {
    return this.#sun()?.isDown(at) ?? false;
  }

  #sample(record: SampleRecord): void {
    const member = this.roster.members.get(record.sample.device);
    if (member === undefined) return;
    const { ts } = record.sample;
    const newestBefore = member.heard.ts;
    this.roster.hear(record, member);
    this.lighting.stir(member);
    if (newestBefore !== null && ts < newestBefore) return;
    for (const rule of member.thresholds) this.thresholds.sample(rule, member, record);
    for (const rule of member.signals) this.signals.sample(rule, member, record);
  }

  #tick({ at, offset, away, service }: TickRecord): void {
    // What a tick tells of the service is a sample of it.
    if (service !== undefined) {
      const sample = { device: SERVICE_DEVICE.id, kind: SERVICE.id, ts: at, values: service };
      this.#sample({ type: 'sample', offset, at, sample });
    }
    const before = this.tickedAt ?? at;
    const since = at - before;
    this.tickedAt = at;
    this.roster.away += away;
    const isDark = this.isDark(at);
    this.counts = this.lighting.count(at, this.deadNodes());
    const isNight = isDark || this.counts.some(({ expected }) => expected > 0);
    this.night = isNight ? this.#nightAt(at, before) : null;
    this.record.take(this.counts, at, since, this.night);
    for (const rule of this.book.rules) {
      if (rule.type === 'threshold' || isSignal(rule)) this.#sampled.tick(rule, at);
      else if (rule.type === 'silence') this.silences.tick(rule, at);
      else if (rule.type === 'count') this.findings.tick(rule, this.counts, at, since);
      else if (rule.type === 'intact') this.facilities.tick(rule, at, since);
      else this.#ratios.tick(rule, this.counts, isDark, at, since);
    }
    this.occurrences.settle(at);
  }

  #change({ change, at }: ChangeRecord): void {
    if (change.what === 'rulebook') {
      const before = this.book;
      this.adopt(change.text);
      this.isBookChanged = true;
      this.bookSince = at;
      this.#turnOver(before, at);
      return;
    }
    if (change.what === 'patrol') {
      const member = this.roster.members.get(change.patrol.device);
      if (member !== undefined) this.lighting.stir(member);
      return this.roster.patrolled(change.patrol);
    }
    // What counts for compliance is the reports' matter.
    if (change.what === 'exclusion') return;
    if (change.what === 'maintenance') return this.roster.maintain(change.maintenance, at);
    this.roster.apply(change, at);
    if (change.what === 'town') {
      this.#townSun = null;
      this.hours.reset(change.town.timeZone);
    } else {
      this.roster.assign(this.book.rules, change.device.id);
      const member = this.roster.members.get(change.device.id);
      if (member !== undefined) this.#letGo(member, at);
    }
  }

  /**
   * Ends what rules of `before` held that are no more, and lets go whom the others do not judge any more. A rule whose
   * content is what it was goes on as if nothing had happened; what it has not told yet, it tells in its words of now. One that judges otherwise now begins anew: nobody has waited
   * for its new condition yet, and nothing was judged by it. Its open alerts stay until it finds them over: to end an alert
   * and raise it again for a limit that moved would be two untruths to the bureau.
   */
  #turnOver(before: Rulebook, at: number): void {
    const old = new Map(before.rules.map((rule) => [rule.id, rule]));
    // One that is not in `before` was there all the same where `before` is a book that did not compile any more.
    const was = (rule: CompiledRule) => old.get(rule.id) ?? rule;
    // A rule that judges in another way, or other things, under the old name is another rule.
    const kept = this.book.rules.filter((rule) => was(rule).type === rule.type && was(rule).kind === rule.kind);
    const changed = kept.filter((rule) => contentOf(was(rule)) !== contentOf(rule));
    const alive = new Map(kept.flatMap((rule) => idsOf(rule).map((id) => [id, rule])));
    const anew = new Set(changed.flatMap(idsOf));
    for (const id of this.occurrences.rules()) {
      for (const occurrence of this.occurrences.all(id)) {
        const rule = alive.get(id);
        if (rule === undefined) this.#close(occurrence, at, 'rule-removed');
        else if (anew.has(id) && occurrence.firedAt === null) this.occurrences.close(occurrence, at, 'rule-changed');
        else if (anew.has(id)) this.occurrences.leaveLadder(occurrence);
        else if (occurrence.firedAt === null) this.#speech.reword(occurrence, rule, was(rule), at);
      }
    }
    // A silence keeps when it was closed: where it goes on, that is another alert.
    const gone = before.rules.filter(({ id }) => !kept.some((rule) => rule.id === id));
    for (const { id, type } of [...changed, ...gone]) if (type !== 'silence') this.roster.forget(id);
    const same = new Set(kept.filter((rule) => !changed.includes(rule)).map(({ id }) => id));
    for (const id of this.signals.memories.rules()) if (!same.has(id)) this.signals.memories.forgetRule(id);
    for (const member of this.roster.inOrder()) this.#letGo(member, at);
  }

  /** Lets a device out of everything that it is no longer judged for: retired, moved, or not of the rule's kind any more. */
  #letGo(member: Member, at: number): void {
    const { device } = member;
    if (device.retiredAt !== null) this.signals.memories.forgetDevice(device.id);
    const reason = device.retiredAt === null ? 'not-judged' : 'retired';
    for (const id of this.occurrences.rules()) {
      const rule = this.book.rules.find((one) => one.id === id);
      for (const occurrence of this.occurrences.all(id)) {
        if (!occurrence.bad.includes(device.id)) continue;
        const isJudged = rule !== undefined && device.retiredAt === null && appliesTo(rule, device);
        if (isJudged && isStillAbout(rule, member, occurrence)) continue;
        this.occurrences.letGo(occurrence, device.id);
        if (occurrence.bad.length === 0) this.#close(occurrence, at, reason);
      }
    }
  }

  #close(occurrence: Occurrence, at: number, reason: string): void {
    const { rule, subject, startedAt, finding } = occurrence;
    this.occurrences.close(occurrence, at, reason);
    const member = this.roster.members.get(subject.id);
    // Where the rule comes back and the silence goes on, that is another alert.
    if (finding.verdict === 'silent' && member !== undefined)
      this.roster.judge(member, rule, Math.max(at, startedAt + 1));
  }

  /** The nodes whose lamps a rule knows to be dark, and since when. */
  deadNodes(): Map<string, number> {
    return deadNodes(supplyRules(this.book.rules), this.occurrences);
  }

  #sun(): Sun | null {
    const { town } = this.roster;
    if (town !== null) this.#townSun ??= new Sun(town.location);
    return this.#townSun;
  }

  /** The town's date of the night around `at`; looked up once a night. The service may have slept through a day since `before`. */
  #nightAt(at: number, before: number): string {
    const duskAt = this.#duskOf(at);
    if (this.night !== null && before >= duskAt) return this.night;
    return dateOf(duskAt, this.roster.town?.timeZone ?? 'UTC');
  }

  /** The sunset of the night around `at`: some lamps burn before it, and some after sunrise. */
  #duskOf(at: number): number {
    const sun = this.#sun();
    if (sun === null) return at;
    if (sun.isDown(at)) return sun.downSince(at);
    const { rise, set } = sun.horizon(at);
    return at - rise < set - at ? sun.downSince(rise - 1) : set;
  }
}

function isStillAbout(rule: Rulebook['rules'][number], member: Member, { subject }: Occurrence): boolean {
  if (rule.type !== 'threshold' && !isSignal(rule)) return true;
  const now = subjectOf(rule, member);
  return now.type === subject.type && now.id === subject.id;
}
