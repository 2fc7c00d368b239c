import type { SilenceRule } from '../../model/rule.ts';
import type { Value } from '../../model/sample.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { Engine } from '../engine.ts';
import type { Occurrence } from '../occurrences.ts';
import { freshFor, type Member, quietFor } from '../roster.ts';
import type { CompiledThreshold } from '../rulebook.ts';
import { patienceOf } from '../silence.ts';
import { type AskedCondition, type Explained, UNEXPLAINED, type WhySources } from './account.ts';
import { asked, figure, next } from './figures.ts';
import { durationWords, timeWords } from './words.ts';

/** A condition on samples: with the figures of the newest that says enough. */
export function thresholdSays(
  engine: Engine,
  rule: CompiledThreshold,
  members: readonly Member[],
  occurrence: Occurrence | undefined,
  verdict: Verdict,
  newest: WhySources['newest'],
): Explained {
  const [first] = members;
  if (first === undefined) return UNEXPLAINED;
  const decisive = members.find(({ device }) => occurrence?.bad.includes(device.id)) ?? first;
  const { attributes, device } = decisive;
  // What the rules saw last stands in the alert; the newest sample may say nothing of it.
  const told = occurrence?.finding.evidence.at(-1);
  const seen = newest(device.id)?.values ?? {};
  const saysAll = rule.when.fields.every((name) => seen[name] !== undefined);
  const values: Readonly<Record<string, Value>> = saysAll || told === undefined ? seen : told.values;
  const ask = ({ text, figures, holds }: typeof rule.when): AskedCondition =>
    asked(text, figures(values, attributes), holds(values, attributes));
  const kind = engine.kinds.get(rule.kind);
  const limits = rule.when.attributes.map((name) => {
    const known = kind?.attributes[name];
    const isOwn = device.attributes[name] !== undefined;
    const [zh, en] = isOwn ? ['台账限值', 'by the registry'] : ['由台账推得', 'follows from what the registry states'];
    return figure(
      `attributes.${name}`,
      typeof attributes[name] === 'boolean' ? String(attributes[name]) : attributes[name],
      known?.unit ?? null,
      `${known?.name.zh ?? name}（${zh}）`,
      `${known?.name.en ?? name} (${en})`,
    );
  });
  const explained: Explained = {
    ...UNEXPLAINED,
    when: ask(rule.when),
    clear: rule.clear === null ? null : ask(rule.clear),
    figures: limits,
  };
  if (occurrence !== undefined) {
    const text = rule.clear?.text ?? `!(${rule.when.text})`;
    return { ...explained, next: next(`样本满足 ${text} 即恢复`, `a sample with ${text} ends it`) };
  }
  const judgedAt = decisive.heard.judged[rule.id] ?? 0;
  if (verdict !== 'ok' || judgedAt <= 0) return explained;
  const stale = judgedAt + freshFor(decisive);
  const when = timeWords(stale, engine.roster.town?.timeZone ?? 'UTC');
  return {
    ...explained,
    next: next(
      `若无新样本，${when} 后无法判定；样本满足 ${rule.when.text} 则不达标`,
      `without a new sample it is unknown after ${when}; one with ${rule.when.text} breaks it`,
      stale,
    ),
  };
}

/** A silence: how long nothing has come, and how long it may not. */
export function silenceSays(
  engine: Engine,
  rule: SilenceRule,
  [member]: readonly Member[],
  verdict: Verdict,
  at: number,
): Explained {
  if (member === undefined) return UNEXPLAINED;
  const patience = patienceOf(rule, member);
  const quiet = Math.max(0, quietFor(member, at, engine.roster.away));
  const [is, may] = [durationWords(quiet), durationWords(patience)];
  const timeZone = engine.roster.town?.timeZone ?? 'UTC';
  const heardAt = member.heard.at ?? member.heard.registeredAt;
  const explained: Explained = {
    ...UNEXPLAINED,
    when: asked('quiet >= patience', `${is.en} >= ${may.en}`, verdict === 'idle' ? null : quiet >= patience),
    figures: [
      figure(
        'heardAt',
        timeWords(heardAt, timeZone),
        null,
        member.heard.at === null ? '注册，其后从未上报' : '最近一次收到上报',
        member.heard.at === null ? 'when it was registered; it never reported' : 'when something last arrived',
      ),
      figure('reportInterval', member.device.reportInterval, 's', '上报间隔', 'its report interval'),
    ],
  };
  if (verdict === 'silent') return { ...explained, next: next('收到下一次上报即恢复', 'the next report ends it') };
  if (verdict !== 'ok') return explained;
  const when = timeWords(heardAt + patience, timeZone);
  return {
    ...explained,
    next: next(`若无上报，将于 ${when} 判为失联`, `it is silent at ${when} if nothing arrives`, heardAt + patience),
  };
}
