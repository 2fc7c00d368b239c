import type { Store } from '../../../src/kernel/store.ts';
import type { JournalRecord } from '../../../src/model/record.ts';
import type { Transition } from '../../../src/model/transition.ts';
import { Checkpoint } from '../../../src/rules/checkpoint.ts';
import { Engine } from '../../../src/rules/engine.ts';
import { judgementsOf } from '../../../src/rules/judgement.ts';
import { KINDS } from '../support/town.ts';
import { type Step, stepOf, subjectText, time } from './life.ts';
import { modelOf, type Said } from './model.ts';
import type { RandomTown } from './towns.ts';

/** What is said about alerts beside their lives: the model does not know of it. */
const UNTOLD: ReadonlySet<Transition['step']> = new Set(['calmed', 'graded', 'reworded']);

/** What the engine says of the same records, record by record; stopped and started where the town says so. */
export async function engineOf({ records, restarts, saves }: RandomTown, store: () => Promise<Store>): Promise<Said[]> {
  const begun = new Map<string, Extract<Transition, { step: 'begun' }>>();
  let told: Transition[] = [];
  const fresh = () => new Engine(KINDS, (transition) => void told.push(transition));
  let engine = fresh();
  let kept: { store: Store; checkpoint: Checkpoint } | null = null;
  const said: Said[] = [];
  for (const [index, record] of records.entries()) {
    const isStopped = restarts.includes(index);
    if (isStopped || saves.includes(index)) {
      if (kept === null) {
        const opened = await store();
        kept = { store: opened, checkpoint: new Checkpoint(opened) };
      }
      const { checkpoint } = kept;
      await kept.store.transaction(() => checkpoint.save(engine, record.offset));
      checkpoint.saved(engine);
      if (isStopped) {
        engine = fresh();
        new Checkpoint(kept.store).load(engine);
      }
    }
    told = [];
    engine.feed(record);
    const steps = told.flatMap((transition) => {
      if (transition.step === 'begun') begun.set(transition.alert, transition);
      return UNTOLD.has(transition.step) ? [] : [inWords(transition, begun)];
    });
    const verdicts = record.type === 'tick' ? verdictsOf(engine) : [];
    said.push({ steps, verdicts });
  }
  return said;
}

function inWords(transition: Transition, begun: ReadonlyMap<string, Extract<Transition, { step: 'begun' }>>): Step {
  const about = begun.get(transition.alert);
  if (about === undefined) throw new Error(`a step of what never began: ${JSON.stringify(transition)}`);
  const by = 'by' in transition && transition.by !== null ? (begun.get(transition.by) ?? null) : null;
  return stepOf(about, { ...transition, by });
}

function verdictsOf(engine: Engine): string[] {
  const lines = engine.book.rules.flatMap((rule) =>
    [...judgementsOf(engine, rule)].map(({ subject, verdict }) => `${rule.id} ${subjectText(subject)} ${verdict}`),
  );
  return lines.sort();
}

/** Where model and engine say something else of the same town, for a person to read; null where they agree. */
export function differenceOf(
  { records, restarts }: RandomTown,
  model: readonly Said[],
  engine: readonly Said[],
): string | null {
  for (const [index, record] of records.entries()) {
    const [expected, found] = [linesOf(model[index]), linesOf(engine[index])];
    const missing = expected.filter((line) => !found.includes(line));
    const excess = found.filter((line) => !expected.includes(line));
    if (missing.length + excess.length === 0 && expected.length === found.length) continue;
    const first = missing[0] ?? excess[0] ?? '';
    const about = aboutOf(first);
    const before = model.slice(0, index).flatMap(({ steps }) => steps.filter((step) => about.includes(step.rule)));
    return [
      `record ${record.offset} of ${records.length}: ${recordText(record, about)}`,
      ...missing.slice(0, 10).map((line) => `  - the model says:  ${line}`),
      ...excess.slice(0, 10).map((line) => `  + the engine says: ${line}`),
      ...(restarts.some((one) => one <= index)
        ? [`the engine was restarted before records ${restarts.map((one) => one + 1).join(', ')}`]
        : []),
      ...(before.length === 0
        ? []
        : ['what both say of this rule before:', ...before.slice(-8).map(({ text }) => `    ${text}`)]),
      'what the journal says of it:',
      ...records
        .slice(0, index + 1)
        .filter((one) => isOf(one, about))
        .slice(-20)
        .map((one) => `    ${one.offset} ${recordText(one, about)}`),
    ].join('\n');
  }
  return null;
}

/** Steps of one alert are in order, those of several are in any: they are told by rule and subject. */
function linesOf(said: Said | undefined): string[] {
  const { steps = [], verdicts = [] } = said ?? {};
  const by = ({ rule, subject }: Step) => `${rule} ${subject}`;
  const sorted = [...steps].sort((a, b) => (by(a) === by(b) ? 0 : by(a) < by(b) ? -1 : 1));
  return [...sorted.map(({ text }) => text), ...verdicts];
}

function aboutOf(line: string): string[] {
  return line.split(/[ :]/);
}

function isOf(record: JournalRecord, about: readonly string[]): boolean {
  if (record.type === 'sample') return about.includes(record.sample.device);
  if (record.type === 'tick') return record.away > 0;
  const { change } = record;
  if (change.what === 'device') return about.includes(change.device.id) || about.includes(change.device.parent ?? '');
  return change.what !== 'patrol' || about.includes(change.patrol.device);
}

function recordText(record: JournalRecord, about: readonly string[]): string {
  const at = time(record.at);
  if (record.type === 'tick') return `${at} tick${record.away > 0 ? ` after ${record.away / 1_000} s away` : ''}`;
  if (record.type === 'sample') {
    const { device, ts, values, deviceTs } = record.sample;
    const measured = ts === record.at ? '' : ` measured ${time(ts)}`;
    return `${at} ${device} says ${JSON.stringify(values)}${measured}${deviceTs === undefined ? '' : ' (time replaced)'}`;
  }
  const { change } = record;
  if (change.what === 'device') {
    const { id, kind, parent, gateway, road, area, power, reportInterval, attributes, inService, retiredAt } =
      change.device;
    return `${at} device ${JSON.stringify({ id, kind, parent, gateway, road, area, power, reportInterval, attributes, inService, retiredAt })}`;
  }
  if (change.what === 'rulebook') {
    const lines = change.text.split('\n').filter((line) => about.some((id) => line.startsWith(`- { id: ${id},`)));
    return [`${at} rulebook`, ...lines.map((line) => `        ${line}`)].join('\n');
  }
  if (change.what === 'town') return `${at} town ${JSON.stringify(change.town.roads)}`;
  return `${at} ${JSON.stringify(change)}`;
}

/** What the model says of a town, and where the engine says something else; null where they agree. */
export async function compare(
  town: RandomTown,
  store: () => Promise<Store>,
): Promise<{ model: readonly Said[]; difference: string | null }> {
  const model = modelOf(town.records, KINDS);
  return { model, difference: differenceOf(town, model, await engineOf(town, store)) };
}
