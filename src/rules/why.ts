import { TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Alert, AlertMove, Evidence, Subject } from '../model/alert.ts';
import { instant, type Name } from '../model/primitives.ts';
import type { RatioRule } from '../model/rule.ts';
import type { Value } from '../model/sample.ts';
import { isSignal } from '../model/signal-rule.ts';
import type { Town } from '../model/town.ts';
import type { Verdict } from '../model/verdict.ts';
import { calmSince } from './calm.ts';
import type { Engine } from './engine.ts';
import { type Judgement, judgementsOf } from './judgement.ts';
import { ratesOf } from './lamp-rate.ts';
import type { LampCount } from './lamp-state.ts';
import { judgeRate, targetOf } from './lamp-target.ts';
import type { GroupCount } from './lighting.ts';
import { maintenanceAt } from './maintenance.ts';
import type { Occurrence } from './occurrences.ts';
import { subjectOf as subjectOfGroup } from './ratio.ts';
import { appliesTo, freshFor, isInService, type Member } from './roster.ts';
import { type CompiledRule, idsOf } from './rulebook.ts';
import { subjectOf } from './sampled.ts';
import { patienceOf } from './silence.ts';
import { type Exclusion, excludedDevices, excludedLamps } from './why-excluded.ts';
import { reasonWords, stateWords, timeWords, verdictWords } from './why-words.ts';

/** What an account rests on besides the engine; instants in ms. */
export interface WhySources {
  /** A device's newest sample. */
  newest(device: string): { ts: number; receivedAt: number; values: Readonly<Record<string, Value>> } | undefined;
  alerts: {
    /** Newest first. */
    list(filter: { rule: string; subject: string; limit: number }): readonly Alert[];
    get(id: string): { history: readonly AlertMove[] } | undefined;
  };
}

/** A condition with its figures: `pressure < attributes.minPressure`, `0.12 < 0.14`. */
export interface AskedCondition {
  text: string;
  figures: string;
  /** Null: the sample says too little. */
  holds: boolean | null;
}

/** Why a subject stands by a rule as it does. */
export interface Account {
  rule: string;
  version: string;
  subject: Subject;
  /** The newest tick, at which it was judged. */
  at: string;
  verdict: Verdict;
  reason: string | null;
  /** Since when the verdict holds, where that is known. */
  since: string | null;
  when: AskedCondition | null;
  clear: AskedCondition | null;
  samples: (Evidence & { receivedAt: string | null })[];
  /** Who is judged, and the figures of it. */
  expected: Record<string, number | null>;
  exclusions: Exclusion[];
  alert: { id: string; startedAt: string; due: string; firedAt: string | null; heldBy: string | null } | null;
  timeline: { at: string; alert: string; to: string | null; reason: string; by: string; text: Name }[];
  next: { at: string | null; text: Name };
  sentences: { zh: string[]; en: string[] };
}

/** Samples, exclusions and alerts of an account at most. */
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
    const asked = this.#conditions(rule, members, occurrence);
    const timeline = this.#timeline(id, judgement.subject.id);
    const account: Account = {
      ...{ rule: id, version: book.version, subject: judgement.subject, at: instant(at) },
      ...{ verdict: judgement.verdict, reason: judgement.reason },
      since: this.#since(judgement, occurrence, timeline),
      ...asked,
      samples: this.#samples(count === null ? members : darkestOf(count)),
      expected:
        count === null
          ? {
              devices: members.filter((one) => isInService(one, at)).length,
              ...this.#remembered(rule, members, occurrence),
            }
          : figuresOf(rule, count, roster.town),
      exclusions: count === null ? excludedDevices(this.#engine, rule, members, at) : excludedLamps(count, at),
      alert: occurrence === undefined ? null : shownAlert(occurrence),
      timeline,
      next: this.#next(rule, judgement, occurrence, members, count),
      sentences: { zh: [], en: [] },
    };
    account.sentences = this.#sentences(account, rule, roster.nameOf(judgement.subject.id));
    return account;
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
      .filter((one) => (rule.type !== 'threshold' && !isSignal(rule)) || subjectOf(rule, one).id === id);
  }

  #conditions(rule: CompiledRule, members: readonly Member[], occurrence: Occurrence | undefined) {
    const none = { when: null, clear: null };
    const [first] = members;
    if (rule.type !== 'threshold' || first === undefined) return none;
    const decisive = members.find(({ device }) => occurrence?.bad.includes(device.id)) ?? first;
    const {
      attributes,
      device: { id },
    } = decisive;
    // What the rules saw last stands in the alert; the newest sample may say nothing of it.
    const told = occurrence?.finding.evidence.at(-1);
    const newest = this.#sources.newest(id)?.values ?? {};
    const saysAll = (values: Readonly<Record<string, Value>>) =>
      rule.when.fields.every((name) => values[name] !== undefined);
    const values = saysAll(newest) || told === undefined ? newest : told.values;
    const ask = ({ text, figures, holds }: typeof rule.when): AskedCondition => ({
      ...{ text, figures: figures(values, attributes), holds: holds(values, attributes) },
    });
    return { when: ask(rule.when), clear: rule.clear === null ? null : ask(rule.clear) };
  }

  /** The figures by which a rule that follows a field judged last. */
  #remembered(
    rule: CompiledRule,
    members: readonly Member[],
    occurrence: Occurrence | undefined,
  ): Record<string, number | null> {
    if (!isSignal(rule)) return {};
    const decisive = members.find(({ device }) => occurrence?.bad.includes(device.id)) ?? members[0];
    const values = this.#engine.signals.memories.of(rule.id, decisive?.device.id ?? '')?.values ?? {};
    return Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])),
    );
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
        ...{ at, alert: id, to, reason, by, text: stateWords(to) },
      })),
    );
  }

  /** The next thing that would change it. */
  #next(
    rule: CompiledRule,
    { verdict, reason }: Judgement,
    occurrence: Occurrence | undefined,
    members: readonly Member[],
    count: GroupCount | null,
  ): Account['next'] {
    const timeZone = this.#engine.roster.town?.timeZone ?? 'UTC';
    const when = (ms: number) => timeWords(ms, timeZone);
    const say = (zh: string, en: string, ms: number | null = null) => ({
      at: ms === null ? null : instant(ms),
      text: { zh, en },
    });
    if (occurrence !== undefined && occurrence.firedAt === null) {
      const { heldBy, due } = occurrence;
      if (heldBy !== null)
        return say(
          `被告警 ${heldBy} 抑制，该告警结束后再判断`,
          `it is held back by alert ${heldBy} until that is over`,
        );
      return say(`若持续，将于 ${when(due)} 告警`, `it fires at ${when(due)} if it goes on`, due);
    }
    const calm = occurrence === undefined ? null : calmSince(occurrence);
    if (calm !== null) {
      const over = calm + rule.keepFiring;
      return say(`若保持，${when(over)} 后恢复`, `it ends once it is seen to be gone at ${when(over)} or later`, over);
    }
    if (rule.type === 'ratio' && count !== null) return lampsToChange(rule, count, this.#engine, verdict, say);
    const [member] = members;
    if (rule.type === 'silence' && member !== undefined) {
      if (verdict === 'silent') return say('收到下一次上报即恢复', 'the next report ends it');
      const quietAt = (member.heard.at ?? member.heard.registeredAt) + patienceOf(rule, member);
      if (verdict === 'ok')
        return say(
          `若无上报，将于 ${when(quietAt)} 判为失联`,
          `it is silent at ${when(quietAt)} if nothing arrives`,
          quietAt,
        );
    }
    if (rule.type === 'threshold' && occurrence !== undefined) {
      const text = rule.clear?.text ?? `!(${rule.when.text})`;
      return say(`样本满足 ${text} 即恢复`, `a sample with ${text} ends it`);
    }
    const judgedAt = member?.heard.judged[rule.id] ?? 0;
    if (rule.type === 'threshold' && verdict === 'ok' && member !== undefined && judgedAt > 0) {
      const stale = judgedAt + freshFor(member);
      return say(
        `若无新样本，${when(stale)} 后无法判定；样本满足 ${rule.when.text} 则转为异常`,
        `without a new sample it is unknown after ${when(stale)}; one with ${rule.when.text} breaks it`,
        stale,
      );
    }
    const over = reason === 'maintenance' ? maintenanceAt(member?.windows ?? [], this.#engine.tickedAt ?? 0) : null;
    if (over !== null)
      return say(`维护于 ${when(over.to)} 结束后再判断`, `the work is over at ${when(over.to)}`, over.to);
    if (reason === 'no-limit') return say('在台账中填写限值', 'state its limit in the registry');
    return say('等待新的上报', 'the next report');
  }

  #sentences(account: Account, rule: CompiledRule, subject: Name): Account['sentences'] {
    const timeZone = this.#engine.roster.town?.timeZone ?? 'UTC';
    const time = (text: string) => timeWords(Date.parse(text), timeZone);
    const { verdict, reason, since, when, clear, expected, exclusions, next } = account;
    const [word, why] = [verdictWords(verdict), reason === null ? null : reasonWords(reason)];
    const zh = [
      `${subject.zh}（${account.subject.id}）按“${rule.name.zh}”：${word.zh}${why === null ? '' : `，${why.zh}`}${since === null ? '' : `，自 ${time(since)} 起`}。`,
    ];
    const en = [
      `${subject.en} (${account.subject.id}) by “${rule.name.en}”: ${word.en}${why === null ? '' : `, ${why.en}`}${since === null ? '' : `, since ${time(since)}`}.`,
    ];
    for (const [condition, name] of [
      [when, { zh: '条件', en: 'Condition' }],
      [clear, { zh: '恢复条件', en: 'It is over when' }],
    ] as const) {
      if (condition === null) continue;
      const holds =
        condition.holds === null
          ? { zh: '样本不足', en: 'cannot be told' }
          : condition.holds
            ? { zh: '成立', en: 'holds' }
            : { zh: '不成立', en: 'does not hold' };
      zh.push(`${name.zh}：${condition.text}，即 ${condition.figures}，${holds.zh}。`);
      en.push(`${name.en}: ${condition.text}, that is ${condition.figures}: ${holds.en}.`);
    }
    if (rule.type === 'ratio') {
      const percent = (rate: number | null | undefined) =>
        rate === null || rate === undefined ? '–' : `${(rate * 100).toFixed(1)} %`;
      const { lit, out, unknown, low, high, target } = expected;
      zh.push(
        `应亮 ${expected.expected} 盏：亮 ${lit}，灭 ${out}，未知 ${unknown}；亮灯率在 ${percent(low)} 与 ${percent(high)} 之间，目标 ${percent(target)}。`,
      );
      en.push(
        `Of ${expected.expected} lamps expected ${lit} are lit, ${out} out, ${unknown} unknown: between ${percent(low)} and ${percent(high)}, where ${percent(target)} is the target.`,
      );
    }
    if (isSignal(rule)) {
      const figures = Object.entries(expected)
        .filter(([name]) => name !== 'devices')
        .map(([name, figure]) => `${name} ${figure}`);
      if (figures.length > 0) {
        zh.push(`依据：${figures.join('，')}。`);
        en.push(`By: ${figures.join(', ')}.`);
      }
    }
    for (const { device, since: from, text } of exclusions.slice(0, SAMPLES)) {
      zh.push(`${device} 不计：${text.zh}${from === null ? '' : `，自 ${time(from)} 起`}。`);
      en.push(`${device} does not count: ${text.en}${from === null ? '' : `, since ${time(from)}`}.`);
    }
    if (exclusions.length > SAMPLES) {
      zh.push(`另有 ${exclusions.length - SAMPLES} 台不计。`);
      en.push(`And ${exclusions.length - SAMPLES} more do not count.`);
    }
    zh.push(`接下来：${next.text.zh}。`);
    en.push(`Next: ${next.text.en}.`);
    return { zh, en };
  }
}

/** How many lamps must change for another verdict, found by asking the rule itself. */
function lampsToChange(
  rule: RatioRule,
  count: GroupCount,
  { roster: { town } }: Engine,
  verdict: Verdict,
  say: (zh: string, en: string) => Account['next'],
): Account['next'] {
  const { expected, lit, out, unknown } = count;
  if (expected === 0) return say('有应亮的灯后再判断', 'it is judged once lamps are expected');
  const judged = (changed: Partial<LampCount>) => judgeRate(rule, count, { ...count, ...changed }, town, true);
  const first = (most: number, isThere: (lamps: number) => boolean): number | null => {
    for (let lamps = 1; lamps <= most; lamps++) if (isThere(lamps)) return lamps;
    return null;
  };
  if (verdict === 'ok') {
    const lamps = first(lit, (more) => judged({ lit: lit - more, out: out + more }).verdict !== 'ok');
    return say(`再灭 ${lamps} 盏即不达标`, `${lamps} more lamps out would be too many`);
  }
  if (verdict === 'breach') {
    const lamps = first(out, (more) => judged({ lit: lit + more, out: out - more }).isClear);
    if (lamps === null)
      return say('灭灯全部点亮也不够，须先查明未知', 'all that are out would not do: the unknown must be found lit');
    return say(`再亮 ${lamps} 盏即恢复`, `${lamps} more lamps lit end it`);
  }
  const up = first(unknown, (more) => judged({ lit: lit + more, unknown: unknown - more }).verdict === 'ok');
  const down = first(unknown, (more) => judged({ out: out + more, unknown: unknown - more }).verdict === 'breach');
  return say(
    `${unknown} 盏未知中查明 ${up ?? '–'} 盏亮则正常，${down ?? '–'} 盏灭则异常`,
    `of the ${unknown} unknown, ${up ?? '–'} found lit make it ok, ${down ?? '–'} found out break it`,
  );
}

function figuresOf(rule: CompiledRule, count: GroupCount, town: Town | null): Account['expected'] {
  const { expected, lit, out, unknown, group, id } = count;
  const target = rule.type === 'ratio' ? targetOf(rule, group, id, town) : null;
  return { devices: count.devices.size, expected, lit, out, unknown, ...ratesOf(count), target };
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
