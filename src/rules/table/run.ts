import type { Kinds } from '../../model/kind.ts';
import { localTime } from '../../model/local-time.ts';
import type { JournalRecord, NewRecord } from '../../model/record.ts';
import type { Transition } from '../../model/transition.ts';
import { Engine } from '../engine.ts';
import { judgementsOf } from '../judgement.ts';
import { ratesOf } from '../lamp-rate.ts';
import { subjectOf } from '../ratio.ts';
import { idsOf } from '../rulebook.ts';
import type { Arrival } from './arrivals.ts';
import { type ExpectedStep, type ExpectedVerdict, type Figure, STEPS } from './expectation.ts';
import type { ReadFile, ReadTest } from './read.ts';

/** Town time between two ticks, ms (DESIGN.md §7). */
const TICK = 5_000;

/** A line of the picture of a test: what was expected at a moment, what came, and whether that is well. */
export interface Row {
  at: number;
  /** The town's wall clock: `08:10:00`, with the date where the test lasts for more than a day. */
  time: string;
  expected: string | null;
  got: string | null;
  isRight: boolean;
  /** `FILE:LINE:COLUMN` of what was expected. */
  place: string | null;
}

/** What came of a test. */
export interface Outcome {
  name: string;
  rules: readonly string[];
  place: string;
  isRight: boolean;
  /** In the order of time; also what was right, so that the rest can be read. */
  rows: readonly Row[];
}

type Begun = Extract<Transition, { step: 'begun' }>;

/** An alert's step, and how the alert began. */
interface Told {
  step: Transition;
  begun: Begun;
  /** Its place among all of them. */
  order: number;
}

/** A row without its wall clock; `order` puts rows of one instant into the order in which they came about. */
type Unplaced = Omit<Row, 'time'> & { order: number };

interface Verdict {
  verdict: string;
  reason: string | null;
  figures: Readonly<Record<string, unknown>>;
}

/** Runs a test: the engine of the service, fed with records as the journal holds them. */
export function runTest(test: ReadTest, { town, book }: Pick<ReadFile, 'town' | 'book'>, kinds: Kinds): Outcome {
  const told: Told[] = [];
  const alerts = new Map<string, Begun>();
  const engine = new Engine(kinds, (step) => {
    if (step.step === 'begun') alerts.set(step.alert, step);
    const begun = alerts.get(step.alert);
    if (begun !== undefined && test.rules.includes(begun.rule)) told.push({ step, begun, order: told.length });
  });
  let offset = 0;
  const feed = (record: NewRecord, at: number) => engine.feed({ ...record, at, offset: ++offset } as JournalRecord);
  feed({ type: 'change', change: { what: 'town', town }, by: 'test' }, test.from);
  feed({ type: 'change', change: { what: 'rulebook', text: book.text, version: book.version }, by: 'test' }, test.from);

  const asked = [...test.verdicts].sort((a, b) => a.at - b.at);
  const answers = new Map<ExpectedVerdict, Verdict | null>();
  let next = 0;
  for (const { at, record } of withTicks(test)) {
    for (; next < asked.length && (asked[next] as ExpectedVerdict).at < at; next++)
      answer(asked[next] as ExpectedVerdict);
    feed(record, at);
  }
  for (; next < asked.length; next++) answer(asked[next] as ExpectedVerdict);
  function answer(question: ExpectedVerdict): void {
    answers.set(question, verdictNow(engine, question));
  }

  const rows = [
    ...compare(test.steps, told, town.timeZone),
    ...test.verdicts.map((one) => compareVerdict(one, answers.get(one) ?? null, town.timeZone)),
  ];
  const isLong = test.to - test.from >= 86_400_000;
  const shown = rows
    .sort((a, b) => a.at - b.at || a.order - b.order)
    .map(({ order: _order, ...row }) => ({
      ...row,
      time: localTime(row.at, town.timeZone)
        .slice(isLong ? 5 : 11)
        .replace('T', ' '),
    }));
  const { name, rules, place } = test;
  return { name, rules, place, isRight: shown.every(({ isRight }) => isRight), rows: shown };
}

/** What arrives, with a tick every five seconds from the beginning on; nothing while the service is away. */
function* withTicks({ arrivals, from, to }: ReadTest): Iterable<Arrival> {
  const gaps = arrivals.flatMap(({ at, record }) =>
    record.type === 'tick' ? [{ from: at - record.away, to: at }] : [],
  );
  const isAway = (at: number) => gaps.some((gap) => at > gap.from && at < gap.to);
  let tickAt = from;
  for (const arrival of arrivals) {
    for (; tickAt < arrival.at; tickAt += TICK)
      if (!isAway(tickAt)) yield { at: tickAt, record: { type: 'tick', away: 0 } };
    if (arrival.at <= to && (arrival.record.type !== 'sample' || !isAway(arrival.at))) yield arrival;
  }
  for (; tickAt <= to; tickAt += TICK) if (!isAway(tickAt)) yield { at: tickAt, record: { type: 'tick', away: 0 } };
}

/** Lays what was expected beside what came: each expectation takes the first step that fits it. */
function compare(steps: readonly ExpectedStep[], told: readonly Told[], timeZone: string): Unplaced[] {
  const left = new Set(told);
  const rows: Unplaced[] = [];
  for (const step of steps) {
    const found = [...left].find((one) => fits(step, one, timeZone)) ?? null;
    // The one that was meant stands beside it, where it is right but for its reason or figures.
    const meant = found ?? [...left].find((one) => isAbout(step, one) && isAt(step, one)) ?? null;
    if (meant !== null) left.delete(meant);
    const got = meant === null ? null : words(meant, step.figures, timeZone);
    const { at = step.at } = meant?.step ?? {};
    rows.push({ at, order: meant?.order ?? -1, expected: step.text, got, isRight: found !== null, place: step.place });
  }
  for (const one of left) {
    // Before it fires it is nobody's business, unless the test asks; but it helps to see it.
    const isRight = STEPS[one.step.step] !== 'always';
    rows.push({
      at: one.step.at,
      order: one.order,
      expected: null,
      got: words(one, [], timeZone),
      isRight,
      place: null,
    });
  }
  return rows;
}

function fits(step: ExpectedStep, one: Told, timeZone: string): boolean {
  return (
    isAbout(step, one) &&
    isAt(step, one) &&
    (step.reason === null || step.reason === one.step.reason) &&
    step.figures.every((figure) => isFigure(figure, figureOf(one, figure.name), timeZone))
  );
}

function isAbout({ what, rule, subject, type }: ExpectedStep, told: Told): boolean {
  return (
    what === told.step.step &&
    rule === told.begun.rule &&
    subject === told.begun.subject.id &&
    (type ?? told.begun.subject.type) === told.begun.subject.type
  );
}

function isAt({ at, until }: ExpectedStep, { step }: Told): boolean {
  return step.at >= at && step.at < until;
}

/** A figure of a step: of what decided it, of the step itself (`firedAt` …), or of how it began (`severity` …). */
function figureOf({ step, begun }: Told, name: string): unknown {
  if ('values' in step && name in step.values) return step.values[name];
  return { ...begun, ...step }[name as keyof Begun];
}

function isFigure({ name, text }: Figure, value: unknown, timeZone: string): boolean {
  if (typeof value === 'number' && !isInstant(name)) return Math.abs(value - Number(text)) <= Math.abs(value) * 1e-3;
  const known = shownFigure(name, value, timeZone);
  return isInstant(name) ? known.startsWith(text) : known === text;
}

function shownFigure(name: string, value: unknown, timeZone: string): string {
  if (typeof value === 'number' && isInstant(name)) return localTime(value, timeZone).slice(11);
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** `firedAt=08:20`: an instant of the town. */
function isInstant(name: string): boolean {
  return name.endsWith('At');
}

function words(told: Told, asked: readonly Figure[], timeZone: string): string {
  const { step, begun } = told;
  const figures = asked.map(({ name }) => ` ${name}=${shownFigure(name, figureOf(told, name), timeZone)}`).join('');
  return `${step.step} ${begun.rule} ${begun.subject.id} (${step.reason})${figures}`;
}

function compareVerdict(asked: ExpectedVerdict, answer: Verdict | null, timeZone: string): Unplaced {
  const isRight =
    answer !== null &&
    answer.verdict === asked.what &&
    (asked.reason === null || asked.reason === answer.reason) &&
    asked.figures.every((figure) => isFigure(figure, answer.figures[figure.name], timeZone));
  const figures = asked.figures.map(({ name }) => ` ${name}=${answer?.figures[name]}`).join('');
  const got =
    answer === null
      ? `${asked.subject} is not judged by ${asked.rule}`
      : `${asked.subject} ${answer.verdict}${answer.reason === null ? '' : ` (${answer.reason})`}${figures}`;
  return { at: asked.at, order: Number.MAX_SAFE_INTEGER, expected: asked.text, got, isRight, place: asked.place };
}

function verdictNow(engine: Engine, { rule: id, subject, type }: ExpectedVerdict): Verdict | null {
  const rule = engine.book.rules.find((one) => idsOf(one).includes(id));
  if (rule === undefined) return null;
  for (const one of judgementsOf(engine, rule)) {
    if (one.subject.id !== subject || (type ?? one.subject.type) !== one.subject.type) continue;
    const count = engine.counts.find((known) => known.id === subject && subjectOf(known).type === one.subject.type);
    const ofLamps = rule.type === 'ratio' && count !== undefined ? { ...count, ...ratesOf(count) } : {};
    const at = engine.tickedAt ?? 0;
    const figures = rule.type === 'intact' ? engine.facilities.figures(rule, one.subject, at) : ofLamps;
    return { verdict: one.verdict, reason: one.reason, figures };
  }
  return null;
}
