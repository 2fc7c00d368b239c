import { didYouMean } from '../../kernel/nearest.ts';
import type { Transition } from '../../model/transition.ts';
import { VERDICTS_WORST_FIRST, type Verdict } from '../../model/verdict.ts';
import { type Moment, readMoment } from './moment.ts';

/**
 * What becomes of an alert, and whether a test must name it: what people are told of, always; what goes on before that, only
 * where the test wants to know.
 */
export const STEPS = {
  begun: 'where named',
  reworded: 'where named',
  held: 'where named',
  vanished: 'where named',
  graded: 'always',
  fired: 'always',
  resolved: 'always',
  calmed: 'always',
  closed: 'always',
} as const satisfies Record<Transition['step'], 'always' | 'where named'>;
export type Step = keyof typeof STEPS;

/** `name=figure` at the end of a line. */
export interface Figure {
  name: string;
  text: string;
}

/** A line of a test, read: what must be, of which rule and subject, when. */
export interface Line<What> extends Moment {
  /** The line as it is written, and `FILE:LINE:COLUMN` of it. */
  text: string;
  place: string;
  what: What;
  rule: string;
  /** The subject's id, and its type where it is given. */
  subject: string;
  type: string | null;
  reason: string | null;
  figures: readonly Figure[];
}
export type ExpectedStep = Line<Step>;
export type ExpectedVerdict = Line<Verdict>;

/** Why a line cannot be read, and how far into it (0-based). */
export interface LineFlaw {
  message: string;
  offset: number;
}

/** What the lines of a test may name. */
export interface LineContext {
  /** The beginning of the test, ms. */
  from: number;
  timeZone: string;
  /** The rules of the test; a line need not name the only one. */
  rules: readonly string[];
  subjects: ReadonlySet<string>;
}

type Word = { text: string; offset: number };
const REASON = /^\(([a-z-]+)\)$/;
const FIGURE = /^([a-zA-Z]\w*)=(\S+)$/;

/** Reads `08:20 fired [RULE] SUBJECT [(REASON)] [name=figure …]`. */
export function readStep(text: string, context: LineContext): Omit<ExpectedStep, 'place'> | LineFlaw {
  const words = wordsOf(text);
  const [time, step] = words;
  if (step === undefined) return { message: 'write TIME STEP SUBJECT, such as 08:20 fired WP-1', offset: 0 };
  if (!(step.text in STEPS))
    return {
      message: `no step is called ${step.text}${didYouMean(step.text, Object.keys(STEPS))}`,
      offset: step.offset,
    };
  return readRest(text, time as Word, step.text as Step, words.slice(2), context);
}

/** Reads `08:20 [RULE] SUBJECT VERDICT [(REASON)] [name=figure …]`. */
export function readVerdict(text: string, context: LineContext): Omit<ExpectedVerdict, 'place'> | LineFlaw {
  const words = wordsOf(text);
  const [time, ...rest] = words;
  const place = rest.findIndex((word) => VERDICTS_WORST_FIRST.includes(word.text as Verdict));
  const found = rest[place];
  if (time === undefined || rest.length < 2)
    return { message: 'write TIME SUBJECT VERDICT, such as 08:20 WP-1 breach', offset: 0 };
  if (found === undefined) {
    const last = rest.filter(({ text: word }) => !REASON.test(word) && !FIGURE.test(word)).at(-1) ?? time;
    return { message: `${last.text} is no verdict${didYouMean(last.text, VERDICTS_WORST_FIRST)}`, offset: last.offset };
  }
  const others = rest.filter((word) => word !== found);
  return readRest(text, time, found.text as Verdict, others, context);
}

function readRest<What>(
  text: string,
  time: Word,
  what: What,
  words: readonly Word[],
  { from, timeZone, rules, subjects }: LineContext,
): Omit<Line<What>, 'place'> | LineFlaw {
  const moment = readMoment(time.text, from, timeZone);
  if (moment === null)
    return {
      message: `${time.text} is no time of this test: write 08:20, 2026-01-15T08:20:05 or +90m`,
      offset: time.offset,
    };
  const names = words.filter((word) => !REASON.test(word.text) && !FIGURE.test(word.text));
  const [first, second, third] = names;
  const rule = second === undefined ? rules[0] : first?.text;
  const subject = second ?? first;
  if (subject === undefined) return { message: 'it names no subject', offset: text.length - 1 };
  if (third !== undefined) return { message: `"${third.text}" is one word too many`, offset: third.offset };
  if (second === undefined && rules.length > 1)
    return { message: `which rule? Write it before ${subject.text}: ${rules.join(', ')}`, offset: subject.offset };
  if (rule === undefined || !rules.includes(rule))
    return { message: `${rule} is no rule of this test${didYouMean(rule ?? '', rules)}`, offset: first?.offset ?? 0 };
  const [, type = null, id = ''] = /^(?:([a-z]+):)?(.*)$/.exec(subject.text) ?? [];
  if (!subjects.has(id))
    return { message: `nothing is called ${id} here${didYouMean(id, subjects)}`, offset: subject.offset };
  const reason = words.flatMap((word) => REASON.exec(word.text)?.[1] ?? [])[0] ?? null;
  const figures = words.flatMap((word) => {
    const [, name, figure] = FIGURE.exec(word.text) ?? [];
    return name === undefined || figure === undefined ? [] : [{ name, text: figure }];
  });
  return { text, ...moment, what, rule, subject: id, type, reason, figures };
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], offset: match.index }));
}
