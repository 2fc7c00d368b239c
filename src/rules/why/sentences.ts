import type { Name } from '../../model/primitives.ts';
import type { CompiledRule } from '../rulebook.ts';
import type { Account, AskedCondition, Figure, Looked } from './account.ts';
import { num } from './figures.ts';
import { reasonWords, timeWords, verdictWords } from './words.ts';

/** Exclusions, and values of a list, that are read out. */
const MOST = 10;

const CONDITIONS = {
  when: { zh: '条件', en: 'Condition' },
  clear: { zh: '恢复条件', en: 'It is over when' },
};

/** What an account says, as a person reads it: by times of the town's wall clock. */
export function sentencesOf(
  account: Account,
  rule: CompiledRule,
  subject: Name,
  timeZone: string,
): Account['sentences'] {
  const said: Name[] = [
    headline(account, rule, subject, timeZone),
    ...ratesOf(account),
    ...(['when', 'clear'] as const).flatMap((which) => conditionOf(account[which], CONDITIONS[which])),
    ...account.figures.filter(({ value }) => value !== null).map(figureOf),
    ...account.looked.filter(({ values }) => values.length > 0).map((looked) => lookedOf(looked, timeZone)),
    ...exclusionsOf(account, timeZone),
    { zh: `接下来：${account.next.text.zh}。`, en: `Next: ${account.next.text.en}.` },
  ];
  return { zh: said.map(({ zh }) => zh), en: said.map(({ en }) => en) };
}

function headline(
  { verdict, reason, since, subject: { id } }: Account,
  rule: CompiledRule,
  subject: Name,
  timeZone: string,
): Name {
  const [word, why] = [verdictWords(verdict), reason === null ? null : reasonWords(reason)];
  const from = since === null ? null : timeWords(Date.parse(since), timeZone);
  return {
    zh: `${subject.zh}（${id}）按“${rule.name.zh}”：${word.zh}${why === null ? '' : `，${why.zh}`}${from === null ? '' : `，自 ${from} 起`}。`,
    en: `${subject.en} (${id}) by “${rule.name.en}”: ${word.en}${why === null ? '' : `, ${why.en}`}${from === null ? '' : `, since ${from}`}.`,
  };
}

/** A lighting rate in lamps. */
function ratesOf({ expected: { expected, lit, out, unknown, low, high, target } }: Account): Name[] {
  if (target === undefined) return [];
  const percent = (rate: number | null | undefined) =>
    rate === null || rate === undefined ? '–' : `${(rate * 100).toFixed(1)} %`;
  return [
    {
      zh: `应亮 ${expected} 盏：亮 ${lit}，灭 ${out}，未知 ${unknown}；亮灯率在 ${percent(low)} 与 ${percent(high)} 之间，目标 ${percent(target)}。`,
      en: `Of ${expected} lamps expected ${lit} are lit, ${out} out, ${unknown} unknown: between ${percent(low)} and ${percent(high)}, where ${percent(target)} is the target.`,
    },
  ];
}

function conditionOf(condition: AskedCondition | null, name: Name): Name[] {
  if (condition === null) return [];
  const { text, figures, holds } = condition;
  const is =
    holds === null
      ? { zh: '样本不足', en: 'cannot be told' }
      : holds
        ? { zh: '成立', en: 'holds' }
        : { zh: '不成立', en: 'does not hold' };
  return [
    { zh: `${name.zh}：${text}，即 ${figures}，${is.zh}。`, en: `${name.en}: ${text}, that is ${figures}: ${is.en}.` },
  ];
}

function figureOf({ name, value, unit, text }: Figure): Name {
  const shown = `${typeof value === 'number' ? num(value) : value}${unit === null ? '' : ` ${unit}`}`;
  return { zh: `  ${name} = ${shown}：${text.zh}`, en: `  ${name} = ${shown}: ${text.en}` };
}

/** The newest of a list, or of others the first. */
function lookedOf({ text, unit, values }: Looked, timeZone: string): Name {
  const some = values[0]?.device === null ? values.slice(-MOST) : values.slice(0, MOST);
  const list = some.map(({ device, at, value }) => {
    const time = at === null ? '' : ` (${timeWords(Date.parse(at), timeZone).slice(6)})`;
    return device === null ? `${num(value)}${time}` : `${device} ${num(value)}${time}`;
  });
  const rest = values.length > some.length ? '… ' : '';
  const of = unit === null ? '' : ` ${unit}`;
  return {
    zh: `${text.zh}：${rest}${list.join('，')}${of}。`,
    en: `${text.en.charAt(0).toUpperCase()}${text.en.slice(1)}: ${rest}${list.join(', ')}${of}.`,
  };
}

function exclusionsOf({ exclusions: all, subject }: Account, timeZone: string): Name[] {
  // Of the subject itself the headline has said so.
  const exclusions = all.filter(({ device, since }) => device !== subject.id || since !== null);
  const said = exclusions.slice(0, MOST).map(({ device, since, text }): Name => {
    const from = since === null ? null : timeWords(Date.parse(since), timeZone);
    return {
      zh: `${device} 不计：${text.zh}${from === null ? '' : `，自 ${from} 起`}。`,
      en: `${device} does not count: ${text.en}${from === null ? '' : `, since ${from}`}.`,
    };
  });
  const more = exclusions.length - MOST;
  if (more > 0) said.push({ zh: `另有 ${more} 台不计。`, en: `And ${more} more do not count.` });
  return said;
}
