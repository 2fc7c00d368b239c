import { TownError } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/nearest.ts';
import type { Subject } from '../../model/alert.ts';
import { instant } from '../../model/primitives.ts';
import { LAMP_FINDINGS } from '../../model/rule.ts';
import { isSignal } from '../../model/signal-rule.ts';
import type { Town } from '../../model/town.ts';
import { calmSince } from '../calm.ts';
import type { Engine } from '../engine.ts';
import { type Judgement, judgementsOf } from '../judgement.ts';
import { ratesOf } from '../lamp-rate.ts';
import { targetOf } from '../lamp-target.ts';
import { type GroupCount, groupsOf } from '../lighting.ts';
import { maintenanceAt } from '../maintenance.ts';
import type { Occurrence } from '../occurrences.ts';
import { subjectOf as subjectOfGroup } from '../ratio.ts';
import { appliesTo, isInService, type Member } from '../roster.ts';
import { type CompiledRule, idsOf } from '../rulebook.ts';
import { subjectOf } from '../sampled.ts';
import { type Account, type Explained, type Next, UNEXPLAINED, type WhySources } from './account.ts';
import { countSays } from './counts.ts';
import { silenceSays, thresholdSays } from './devices.ts';
import { excludedDevices, excludedLamps } from './excluded.ts';
import { next } from './figures.ts';
import { intactSays } from './intact.ts';
import { rateSays } from './rates.ts';
import { sentencesOf } from './sentences.ts';
import { explainSignal } from './signals.ts';
import { moveWords, stateWords, timeWords } from './words.ts';

export type { Account, WhySources } from './account.ts';

/** Samples and alerts of an account at most. */
const SAMPLES = 10;
const ALERTS = 3;

/** Explains verdicts from what the engine holds; it changes nothing. */
export class Why {
  readonly #engine: Engine;
  readonly #sources: WhySources;

  constructor(engine: Engine, sources: WhySources) {
    this.#engine = engine;
    this.#sources = sources;
  }

  /**
   * Why `subject` (an id, or `type:id`) stands by a rule as it does.
   * @throws TownError `not-found` with the nearest rule or subject, `unavailable` before the first tick
   */
  account(id: string, subject: string): Account {
    const { book, roster, tickedAt: at } = this.#engine;
    const rule = book.rules.find((one) => idsOf(one).includes(id));
    if (rule === undefined)
      throw new TownError('not-found', `there is no rule ${id}${didYouMean(id, book.rules.flatMap(idsOf))}`);
    if (at === null) throw new TownError('unavailable', 'nothing is judged yet: the first tick is still to come');
    const judgement = this.#find(rule, subject);
    const occurrence = this.#engine.occurrences.of(id, judgement.subject);
    const count = this.#countOf(rule, judgement.subject);
    const members = count === null ? this.#members(rule, judgement.subject) : [];
    const timeline = this.#timeline(id, judgement.subject.id);
    const { next: ownNext, ...explained } = this.#explain(rule, judgement, occurrence, members, count, at);
    const timeZone = roster.town?.timeZone ?? 'UTC';
    const account: Account = {
      ...{ rule: id, version: book.version, subject: judgement.subject, at: instant(at) },
      ...{ verdict: judgement.verdict, reason: judgement.reason },
      since: this.#since(judgement, occurrence, timeline),
      ...explained,
      samples: this.#samples(count === null ? members : darkestOf(count)),
      expected:
        count === null
          ? { devices: members.filter((one) => isInService(one, at)).length, ...numbersOf(rule, explained) }
          : figuresOf(rule, count, roster.town),
      exclusions: count === null ? excludedDevices(this.#engine, rule, members, at) : excludedLamps(count, at),
      alert: occurrence === undefined ? null : shownAlert(occurrence),
      timeline,
      next: this.#next(rule, judgement, occurrence, members) ?? ownNext ?? next('等待新的上报', 'the next report'),
      ...{ timeZone, sentences: { zh: [], en: [] } },
    };
    account.sentences = sentencesOf(account, rule, roster.nameOf(judgement.subject.id), timeZone);
    return account;
  }

  /** What the type of the rule has to say of it. */
  #explain(
    rule: CompiledRule,
    { subject, verdict }: Judgement,
    occurrence: Occurrence | undefined,
    members: readonly Member[],
    count: GroupCount | null,
    at: number,
  ): Explained {
    const engine = this.#engine;
    if (rule.type === 'ratio') return count === null ? UNEXPLAINED : rateSays(engine, rule, count, verdict);
    if (rule.type === 'count') return countSays(engine, rule, subject, at);
    if (rule.type === 'intact') return intactSays(engine, rule, subject, at);
    if (rule.type === 'silence') return silenceSays(engine, rule, members, verdict, at);
    if (rule.type === 'threshold')
      return thresholdSays(engine, rule, members, occurrence, verdict, (device) => this.#sources.newest(device));
    return explainSignal(engine, rule, members, occurrence);
  }

  #find(rule: CompiledRule, text: string): Judgement {
    const [, type = null, id = ''] = /^(?:([a-z]+):)?(.*)$/s.exec(text) ?? [];
    const all = [...judgementsOf(this.#engine, rule)];
    const found = all.find(({ subject }) => subject.id === id && (type ?? subject.type) === subject.type);
    if (found !== undefined) return found;
    const hint = didYouMean(
      id,
      all.map(({ subject }) => subject.id),
    );
    throw new TownError('not-found', `${text} is no subject of ${rule.id}${hint}: it judges ${all.length} of them`);
  }

  #countOf(rule: CompiledRule, subject: Subject): GroupCount | null {
    if (rule.type === 'count') {
      const by = LAMP_FINDINGS[rule.count];
      return by === 'device' ? null : (this.#engine.lighting.group(by, subject.id) ?? null);
    }
    if (rule.type !== 'ratio') return null;
    const isIt = (count: GroupCount) => {
      const { type, id } = subjectOfGroup(count);
      return type === subject.type && id === subject.id && count.group !== 'class';
    };
    return this.#engine.counts.find(isIt) ?? null;
  }

  /** Whose samples decide on the subject. */
  #members(rule: CompiledRule, { type, id }: Subject): Member[] {
    const { roster } = this.#engine;
    if (type === 'device') return [roster.members.get(id)].filter((one) => one !== undefined);
    return roster
      .inOrder()
      .filter((one) => appliesTo(rule, one.device) && one.device.retiredAt === null)
      .filter(({ device }) => rule.type !== 'intact' || groupsOf(device, roster.town).some(([, group]) => group === id))
      .filter((one) => (rule.type !== 'threshold' && !isSignal(rule)) || subjectOf(rule, one).id === id);
  }

  #samples(members: readonly Member[]): Account['samples'] {
    return members.slice(0, SAMPLES).flatMap(({ device: { id } }) => {
      const newest = this.#sources.newest(id);
      if (newest === undefined) return [];
      const { ts, receivedAt, values } = newest;
      return [{ device: id, ts: instant(ts), receivedAt: instant(receivedAt), values: { ...values } }];
    });
  }

  #since({ verdict }: Judgement, occurrence: Occurrence | undefined, timeline: Account['timeline']): string | null {
    if (verdict === 'breach' || verdict === 'silent')
      return occurrence === undefined ? null : instant(occurrence.startedAt);
    const last = timeline.at(-1);
    return verdict === 'ok' && last?.to === 'resolved' ? last.at : null;
  }

  #timeline(rule: string, subject: string): Account['timeline'] {
    const { alerts } = this.#sources;
    return [...alerts.list({ rule, subject, limit: ALERTS })].reverse().flatMap(({ id }) =>
      (alerts.get(id)?.history ?? []).map(({ at, to, reason, by }) => ({
        ...{ at, alert: id, to, reason, by, text: stateWords(to), because: moveWords(reason) },
      })),
    );
  }

  /** The next thing that would change it, where that hangs on no type of rule. */
  #next(
    rule: CompiledRule,
    { reason }: Judgement,
    occurrence: Occurrence | undefined,
    [member]: readonly Member[],
  ): Next | null {
    const timeZone = this.#engine.roster.town?.timeZone ?? 'UTC';
    const when = (ms: number) => timeWords(ms, timeZone);
    if (occurrence !== undefined && occurrence.firedAt === null) {
      const { heldBy, due } = occurrence;
      if (heldBy !== null)
        return next(
          `被报警 ${heldBy} 抑制，该报警结束后再判断`,
          `it is held back by alert ${heldBy} until that is over`,
        );
      return next(`若持续，将于 ${when(due)} 报警`, `it fires at ${when(due)} if it goes on`, due);
    }
    const calm = occurrence === undefined ? null : calmSince(occurrence);
    if (calm !== null) {
      const over = calm + rule.keepFiring;
      return next(`若保持，${when(over)} 后恢复`, `it ends once it is seen to be gone at ${when(over)} or later`, over);
    }
    const work = reason === 'maintenance' ? maintenanceAt(member?.windows ?? [], this.#engine.tickedAt ?? 0) : null;
    if (work !== null)
      return next(`维护于 ${when(work.to)} 结束后再判断`, `the work is over at ${when(work.to)}`, work.to);
    return reason === 'no-limit' ? next('在台账中填写限值', 'state its limit in the registry') : null;
  }
}

/** The figures of a rule that follows a field, or counts facilities, as numbers. */
function numbersOf(rule: CompiledRule, { figures }: Pick<Explained, 'figures'>): Record<string, number | null> {
  if (!isSignal(rule) && rule.type !== 'intact') return {};
  return Object.fromEntries(figures.flatMap(({ name, value }) => (typeof value === 'number' ? [[name, value]] : [])));
}

function figuresOf(rule: CompiledRule, count: GroupCount, town: Town | null): Account['expected'] {
  const { expected, lit, out, unknown, group, id } = count;
  const lamps = { devices: count.devices.size, expected, lit, out, unknown };
  return rule.type === 'ratio' ? { ...lamps, ...ratesOf(count), target: targetOf(rule, group, id, town) } : lamps;
}

/** Those with most lamps out, then those that are unknown. */
function darkestOf({ devices }: GroupCount): Member[] {
  return [...devices.values()]
    .filter(({ out, unknown }) => out + unknown > 0)
    .sort((a, b) => b.out - a.out || b.unknown - a.unknown || (a.member.device.id < b.member.device.id ? -1 : 1))
    .map(({ member }) => member);
}

function shownAlert({ alert, startedAt, due, firedAt, heldBy }: Occurrence): Account['alert'] {
  return {
    ...{ id: alert, startedAt: instant(startedAt), due: instant(due) },
    ...{ firedAt: firedAt === null ? null : instant(firedAt), heldBy },
  };
}
