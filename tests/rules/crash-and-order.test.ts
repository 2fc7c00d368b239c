import { describe, expect, it } from 'vitest';
import { AlertBook } from '../../src/alerts/book.ts';
import { Journal } from '../../src/journal/journal.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { Store } from '../../src/kernel/store.ts';
import type { JournalRecord, NewRecord } from '../../src/model/record.ts';
import type { Sample } from '../../src/model/sample.ts';
import type { Transition } from '../../src/model/transition.ts';
import { Engine } from '../../src/rules/engine.ts';
import { RuleRunner } from '../../src/rules/runner.ts';
import { readTables, TABLES_OF_RULES } from '../crash/remains.ts';
import { FreshTown } from '../crash/transitions.ts';
import { temporaryStore } from '../support/temporary.ts';
import { type Arrival, arrivals, BEGIN, FINISH, OPENING, THRESHOLDS } from './support/eventful-evening.ts';
import { local } from './support/timeline.ts';
import { KINDS } from './support/town.ts';

const TICK = 5_000;
const LIMITS = { maxBytes: 1e12, keep: 1e12, keepBytes: 1e12 };
/** Samples that were in the journal at a kill, and that their devices had no answer for: they send them again. */
const UNANSWERED = 40;

/** From when on the service is killed as soon as it finds something, where, and how long it stays down (ms). */
interface Kill {
  from: number;
  point: 'rules.commit.before' | 'rules.commit.after';
  down: number;
}

const KILLS: readonly Kill[] = [
  { from: local('2026-11-22T19:46:40'), point: 'rules.commit.before', down: 10 * 60_000 },
  { from: local('2026-11-22T20:52:10'), point: 'rules.commit.after', down: 4 * 60_000 },
];

/** A service of journal, rules and alerts that dies at the worst moments; nothing of it is left then but its store. */
class Evening {
  readonly clock = new TrialClock(BEGIN - 1_000);
  readonly store: Store;
  #journal: Journal;
  #runner: RuleRunner;
  #kill: Kill | null = null;
  #found = 0;
  #isDead = false;

  constructor(store: Store) {
    this.store = store;
    [this.#journal, this.#runner] = this.#start();
  }

  /** Lets an evening pass. */
  async passes(all: readonly Arrival[], kills: readonly Kill[]): Promise<void> {
    const [waiting, due] = [[...all], [...kills]];
    await this.#append(
      BEGIN - 1_000,
      OPENING.map((change) => ({ type: 'change', change, by: 'test' })),
    );
    let away = 0;
    let again: Sample[] = [];
    for (let tick = BEGIN; tick <= FINISH + 60_000; tick += TICK) {
      await this.#append(tick, [{ type: 'tick', away }]);
      // What could not be sent comes now, in the order in which it was to be sent, and before it what had no answer.
      const late = takeUntil(waiting, tick);
      if (again.length + late.length > 0)
        await this.#append(tick + 500, [...again.map(sampleRecord), ...late.map(recordOf)]);
      [away, again] = [0, []];
      const [next] = due;
      if (next !== undefined && tick >= next.from) this.#kill = next;
      const soon = this.#isDead ? [] : takeUntil(waiting, tick + TICK);
      if (soon.length > 0) await this.#append(tick + TICK - 100, soon.map(recordOf));
      if (!this.#isDead) continue;
      const samples = this.journal().flatMap((record) => (record.type === 'sample' ? [record.sample] : []));
      again = samples.slice(-UNANSWERED);
      due.shift();
      const { down } = next as Kill;
      [away, tick] = [down, tick + Math.ceil(down / TICK) * TICK];
      // Another process would see what is durable; LMDB's reads of this one do so in the next turn.
      await new Promise(setImmediate);
      [this.#journal, this.#runner] = this.#start();
    }
    expect(due, 'kills that did not come').toEqual([]);
  }

  journal(): readonly JournalRecord[] {
    return this.#journal.read(0, 1, 1e9);
  }

  /** What was found, as it was handed over. */
  found(): Transition[] {
    return [...this.store.table<number, Transition>('test.found').entries()].map(({ value }) => value);
  }

  /** Alerts of these rules that fired: rule, subject and the time at which it started. */
  alerts(rules: readonly string[]): string[] {
    const fired = new AlertBook(this.store).fired(0, 1e14).map(({ alert }) => alert);
    const keys = fired.map(({ rule, subject, startedAt }) => [rule, subject.type, subject.id, startedAt]);
    return keys
      .filter(([rule]) => rules.includes(rule as string))
      .map((key) => key.join(' '))
      .sort();
  }

  #start(): [Journal, RuleRunner] {
    const journal = new Journal(this.store, this.clock, LIMITS, ['rules']);
    const [table, alerts] = [this.store.table<number, Transition>('test.found'), new AlertBook(this.store)];
    [this.#kill, this.#isDead] = [null, false];
    const sink = {
      take: (found: readonly Transition[]) => {
        this.#found = found.length;
        let next = table.count();
        for (const one of found) table.put(next++, one);
        alerts.take(found);
        if (this.#kill?.point === 'rules.commit.before') this.#die();
      },
      taken: () => {},
    };
    const point = (name: string) => {
      if (name === 'rules.commit.after' && this.#kill?.point === name) this.#die();
    };
    return [journal, new RuleRunner(KINDS, journal, this.store, sink, new TrialClock(0), silentLogger, point)];
  }

  /** The commit that is under way comes to nothing, or the runner never hears of it; either way it does nothing any more. */
  #die(): void {
    if (this.#found === 0) return;
    this.#isDead = true;
    throw new Error('killed');
  }

  async #append(at: number, records: readonly NewRecord[]): Promise<void> {
    this.clock.advance(Math.max(0, at - this.clock.now()));
    await this.#journal.append(records);
    await this.#runner.stop(1e12);
  }
}

function recordOf(arrival: Arrival): NewRecord {
  return 'sample' in arrival ? sampleRecord(arrival.sample) : { type: 'change', change: arrival.change, by: 'test' };
}

function sampleRecord(sample: Sample): NewRecord {
  return { type: 'sample', sample };
}

/** Takes away what comes before an instant. */
function takeUntil(waiting: Arrival[], until: number): Arrival[] {
  const first = waiting.findIndex(({ at }) => at >= until);
  return waiting.splice(0, first < 0 ? waiting.length : first);
}

/** What a fresh engine finds in a journal, and how often each step was decided by a sample, by a tick and by a change. */
function afresh(journal: readonly JournalRecord[]): { found: Transition[]; decided: Record<string, number> } {
  const found: Transition[] = [];
  const decided: Record<string, number> = {};
  const engine = new Engine(KINDS, (transition) => found.push(transition));
  for (const record of journal) {
    const before = found.length;
    engine.feed(record);
    for (const { step } of found.slice(before)) {
      const key = `${step} by a ${record.type}`;
      decided[key] = (decided[key] ?? 0) + 1;
    }
  }
  return { found, decided };
}

/** How often samples came late, again, in parts and corrected. */
function disorder(journal: readonly JournalRecord[]): Record<string, number> {
  const rows = new Map<string, Record<string, unknown>>();
  const newest = new Map<string, number>();
  const counts = { late: 0, duplicate: 0, merged: 0, corrected: 0 };
  for (const record of journal) {
    if (record.type !== 'sample') continue;
    const { device, ts, values } = record.sample;
    if (ts < (newest.get(device) ?? ts)) counts.late++;
    newest.set(device, Math.max(ts, newest.get(device) ?? ts));
    const row = rows.get(`${device} ${ts}`);
    if (row !== undefined) {
      const fields = Object.entries(values);
      if (fields.every(([name, value]) => row[name] === value)) counts.duplicate++;
      else if (fields.some(([name, value]) => row[name] !== undefined && row[name] !== value)) counts.corrected++;
      else counts.merged++;
    }
    rows.set(`${device} ${ts}`, { ...row, ...values });
  }
  return counts;
}

describe('an evening with two kills, and with samples late, twice, in parts and corrected', () => {
  it('leaves the transitions and alerts of a fresh engine, and the threshold alerts of an evening without kills', {
    timeout: 120_000,
  }, async () => {
    const all = arrivals();
    const [killed, whole] = [new Evening(await temporaryStore()), new Evening(await temporaryStore())];
    await killed.passes(all, KILLS);
    await whole.passes(all, []);

    const journal = killed.journal();
    const { found, decided } = afresh(journal);
    const asText = (one: Transition) => JSON.stringify(one);
    expect(killed.found().map(asText)).toEqual(found.map(asText));
    await FreshTown.with(async (town) => {
      const wanted = readTables(await town.judge(journal), TABLES_OF_RULES);
      const left = readTables(killed.store, TABLES_OF_RULES);
      for (const name of TABLES_OF_RULES) expect(left[name], name).toEqual(wanted[name]);
    });

    expect(killed.alerts(THRESHOLDS)).toEqual(whole.alerts(THRESHOLDS));

    // An evening without much of everything proves little.
    const steps = ['begun', 'held', 'fired', 'vanished', 'resolved'];
    const kinds = [...steps.flatMap((step) => [`${step} by a sample`, `${step} by a tick`]), 'closed by a change'];
    for (const kind of kinds) expect([kind, decided[kind] ?? 0]).toEqual([kind, expect.toSatisfy((n) => n >= 20)]);
    for (const [what, times] of Object.entries(disorder(journal)))
      expect([what, times]).toEqual([what, expect.toSatisfy((n) => n >= 20)]);
    expect(whole.alerts(THRESHOLDS).length).toBeGreaterThan(200);
    const late = found.filter(({ step, reason }) => step === 'fired' && reason === 'late');
    expect(late.length, 'alerts that were over before they were known').toBeGreaterThan(0);
  });
});
