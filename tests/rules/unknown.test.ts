import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import type { JournalRecord, NewRecord } from '../../src/model/record.ts';
import type { RatioRule } from '../../src/model/rule.ts';
import type { Transition } from '../../src/model/transition.ts';
import { Engine } from '../../src/rules/engine.ts';
import { judgementsOf } from '../../src/rules/judgement.ts';
import { ratesOf } from '../../src/rules/lamp-rate.ts';
import type { LampState } from '../../src/rules/lamp-state.ts';
import type { GroupCount } from '../../src/rules/lighting.ts';
import { randomTowns } from './reference/towns.ts';
import { journals } from './support/journals.ts';
import { concentrator, KINDS, TOWN } from './support/town.ts';

/** Many journals take their time where others use the machine too. */
const MANY = { timeout: 60_000 };
const MINUTE = 60_000;
/** Longer than three report intervals of whoever there is: nothing that was heard before is fresh any more. */
const STALE = 3 * 60 * MINUTE + MINUTE;

/** A journal that goes on. */
class Sequel {
  readonly records: JournalRecord[];
  readonly engine: Engine;
  readonly found: Transition[] = [];

  constructor(records: readonly JournalRecord[]) {
    this.records = [...records];
    this.engine = new Engine(KINDS, (transition) => void this.found.push(transition));
    for (const record of records) this.engine.feed(record);
  }

  add(at: number, record: NewRecord): void {
    const whole = { ...record, at, offset: this.records.length + 1 } as JournalRecord;
    this.records.push(whole);
    this.engine.feed(whole);
  }
}

/** The group's rate as an interval; the widest where nothing is expected of it. */
function bounds(count: GroupCount | undefined): { low: number; high: number } {
  const { low, high } = ratesOf(count ?? { expected: 0, lit: 0, out: 0, unknown: 0 });
  return { low: low ?? 0, high: high ?? 1 };
}

const ROUNDING = 1e-9;
function expectWithin(inner: { low: number; high: number }, outer: { low: number; high: number }): void {
  expect(inner.low).toBeGreaterThanOrEqual(outer.low - ROUNDING);
  expect(inner.high).toBeLessThanOrEqual(outer.high + ROUNDING);
}

/** By rule and subject, how the groups stand by the rates. */
function rateVerdicts(engine: Engine): Map<string, string> {
  const rates = engine.book.rules.filter((rule): rule is RatioRule => rule.type === 'ratio');
  const all = rates.flatMap((rule) =>
    [...judgementsOf(engine, rule)].map(({ subject, verdict }) => [
      `${rule.id} ${subject.type} ${subject.id}`,
      verdict,
    ]),
  );
  return new Map(all as [string, string][]);
}

/** What a device would say of its lamps, were `more` of the unknown ones lit; a patrol's word where it says nothing itself. */
function truthOf({ member: { device, heard }, lit }: LampState, more: number, at: number): NewRecord {
  // Its clock may be ahead; what it says now is the newest all the same.
  const ts = Math.max(at, (heard.ts ?? at) + 1);
  if (device.attributes.observation === 'patrol') {
    const patrol = { device: device.id, ts: at, lit: lit + more, by: 'Wang', validFor: MINUTE };
    return { type: 'change', change: { what: 'patrol', patrol }, by: 'test' };
  }
  return { type: 'sample', sample: { device: device.id, kind: device.kind, ts, values: { lampsLit: lit + more } } };
}

/** The same record, where it counts lamps with another number of them than any device has. */
function miscounted(record: JournalRecord): JournalRecord {
  if (record.type !== 'sample' || record.sample.values.lampsLit === undefined) return record;
  const { sample } = record;
  return { ...record, sample: { ...sample, values: { ...sample.values, lampsTotal: 77 } } };
}

/** How many more of a device's lamps may burn than are known to: by what was heard of it, whatever the engine makes of that. */
function roomIn(engine: Engine, { member: { device }, report, ...state }: LampState, at: number): number {
  const isStale = report === null || at - report.ts > 3 * device.reportInterval * 1_000;
  const isOther = report !== null && report.total !== null && report.total !== Number(device.attributes.lamps);
  const isKnown = engine.deadNodes().has(device.parent ?? '') || state.patrolled > 0;
  return (isStale || isOther) && !isKnown ? state.expected - state.lit : state.unknown;
}

function unknownIn({ counts }: Engine): number {
  return counts.find(({ group }) => group === 'town')?.unknown ?? 0;
}

describe('lamps that are unknown', () => {
  it(
    'may be lit or out as they please: the true rate lies within the bounds, and what was found of it holds',
    MANY,
    () => {
      let [told, narrowed] = [0, 0];
      const choices = fc.array(fc.nat(100), { minLength: 30, maxLength: 30 });
      fc.assert(
        fc.property(randomTowns, fc.nat(300), choices, ({ records }, moment, choice) => {
          const town = new Sequel([]);
          // Any moment at which lamps are unknown will do.
          for (const record of records) {
            town.add(
              record.at,
              (choice[record.offset % choice.length] as number) % 4 === 0 ? miscounted(record) : record,
            );
            if (record.type === 'tick' && record.offset > moment && unknownIn(town.engine) > 0) break;
          }
          const now = town.records.at(-1) as JournalRecord;
          const guessed = new Map(town.engine.counts.map((count) => [`${count.group} ${count.id}`, bounds(count)]));
          const verdicts = rateVerdicts(town.engine);
          const all = town.engine.counts.find(({ group }) => group === 'town')?.devices ?? new Map<string, LampState>();
          for (const [index, state] of [...all.values()].entries()) {
            const room = roomIn(town.engine, state, now.at);
            if (room === 0) continue;
            const more = (choice[index % choice.length] as number) % (room + 1);
            town.add(now.at, truthOf(state, more, now.at));
            told++;
          }
          town.add(now.at, { type: 'tick', away: 0 });
          for (const count of town.engine.counts) {
            const outer = guessed.get(`${count.group} ${count.id}`) as { low: number; high: number };
            expectWithin(bounds(count), outer);
            if (count.expected > 0 && count.unknown === 0 && outer.low < outer.high) narrowed++;
          }
          const found = rateVerdicts(town.engine);
          for (const [subject, verdict] of verdicts)
            if (verdict === 'ok' || verdict === 'breach')
              expect([subject, found.get(subject)]).toEqual([subject, verdict]);
        }),
        { numRuns: 80 },
      );
      expect(told).toBeGreaterThan(50);
      expect(narrowed).toBeGreaterThan(50);
    },
  );

  it('of a device that never reported only widen the interval, and decide nothing', MANY, () => {
    const place = fc.record({
      area: fc.constantFrom('centre', 'park'),
      road: fc.constantFrom('avenue', 'lane', null),
      parent: fc.constantFrom('F-1', 'F-2', null),
      lamps: fc.constantFrom(1, 5, 40),
    });
    let widened = 0;
    fc.assert(
      fc.property(randomTowns, place, ({ records }, { lamps, ...at }) => {
        const mute = concentrator('MUTE', { ...at, attributes: { lamps } });
        const [without, beside] = [new Sequel([]), new Sequel([])];
        for (const record of records) {
          without.add(record.at, record);
          beside.add(record.at, record);
          const { change } = record.type === 'change' ? record : { change: null };
          if (change?.what === 'town' && change.town === TOWN && !beside.engine.roster.members.has('MUTE'))
            beside.add(record.at, { type: 'change', change: { what: 'device', device: mute as Device }, by: 'test' });
          // Behind a feeder that is known to be dead nobody is unknown.
          if (record.type !== 'tick' || beside.engine.deadNodes().has(at.parent ?? '')) continue;
          const after = new Map(beside.engine.counts.map((count) => [`${count.group} ${count.id}`, count]));
          for (const count of without.engine.counts) {
            const wide = bounds(after.get(`${count.group} ${count.id}`));
            if (count.expected === 0) continue;
            expectWithin(bounds(count), wide);
            if (wide.high - wide.low > bounds(count).high - bounds(count).low) widened++;
          }
        }
      }),
      { numRuns: 25 },
    );
    expect(widened).toBeGreaterThan(300);
  });
});

describe('absence', () => {
  it('resolves no alert: while nothing arrives, for a day and a night, nothing that fired is over', MANY, () => {
    let [open, ticks] = [0, 0];
    fc.assert(
      fc.property(journals, (records) => {
        const sequel = new Sequel(records);
        const last = (records.at(-1) as JournalRecord).at;
        for (let at = last; at < last + STALE; at += 20 * MINUTE) sequel.add(at, { type: 'tick', away: 0 });
        const { engine, found } = sequel;
        const before = found.length;
        open += engine.occurrences.rules().flatMap((rule) => engine.occurrences.all(rule)).length;
        for (let at = last + STALE; at < last + 26 * 60 * MINUTE; at += 20 * MINUTE, ticks++)
          sequel.add(at, { type: 'tick', away: 0 });
        const over = found.slice(before).filter(({ step }) => step === 'resolved' || step === 'closed');
        expect(over).toEqual([]);
      }),
      { numRuns: 40 },
    );
    expect(open).toBeGreaterThan(300);
    expect(ticks).toBeGreaterThan(1_000);
  });
});
