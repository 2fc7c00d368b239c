import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlertBook } from '../../src/alerts/book.ts';
import { Journal } from '../../src/journal/journal.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { noPoint, type Point } from '../../src/kernel/points.ts';
import { openStore, type Store, type TableKey } from '../../src/kernel/store.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { Transition } from '../../src/model/transition.ts';
import { Engine } from '../../src/rules/engine.ts';
import { RuleRunner } from '../../src/rules/runner.ts';
import { ListJournal } from '../support/journal.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';
import { journals } from './support/journals.ts';
import { local, Timeline } from './support/timeline.ts';
import { gasMeter, KINDS } from './support/town.ts';

const LONG = 1e12;

/** Keeps every transition in the store, in the transaction that it is handed over in, and lets alerts follow. */
function sinkIn(store: Store) {
  const table = store.table<number, Transition>('test.found');
  const alerts = new AlertBook(store);
  return {
    alerts,
    found: () => [...table.entries()].map(({ value }) => value),
    take: (transitions: readonly Transition[]) => {
      let next = table.count();
      for (const transition of transitions) table.put(next++, transition);
      alerts.take(transitions);
    },
    taken: () => {},
  };
}

/** A store whose next `failures` transactions come to nothing after their work is done. */
function failing(store: Store, failures: number): Store {
  let left = failures;
  const transaction: Store['transaction'] = (change) =>
    store.transaction(() => {
      const result = change();
      if (left-- > 0) throw new Error('the disk is full');
      return result;
    });
  return { ...store, table: store.table.bind(store), bytes: store.bytes.bind(store), transaction };
}

function runnerOn(journal: ListJournal, store: Store, options: { point?: Point; clock?: TrialClock } = {}) {
  const sink = sinkIn(store);
  const clock = options.clock ?? new TrialClock(0);
  return new RuleRunner(KINDS, journal, store, sink, clock, silentLogger, options.point ?? noPoint);
}

/** Everything that a run leaves behind. */
function remains(store: Store): string {
  const tables = ['test.found', 'alerts', 'alerts.order', 'alerts.running', 'rules.heard', 'rules.devices'];
  const all = [
    ...tables,
    'rules.place',
    'rules.book',
    'rules.nights',
    'rules.lighting',
    'rules.maintenance',
    'rules.occurrences',
    'rules.memories',
  ];
  return JSON.stringify(
    all.map((name) => [name, [...store.table(name).entries()]]),
    null,
    1,
  );
}

/** Lets everything go on that waits for no clock, until `condition`. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

const WAYS = [
  'stopped',
  'killed before the commit',
  'killed after the commit',
  'a commit fails, and it is killed',
  'a commit fails',
] as const;

describe('P9: what the rules know, what they found and how far they have read are one transaction', () => {
  async function interrupted(store: Store, records: readonly JournalRecord[], cuts: readonly Cut[]): Promise<void> {
    const journal = new ListJournal();
    for (const { at, way } of [...cuts, { at: records.length, way: 'stopped' as const }]) {
      journal.push(...records.slice(journal.records.length, at));
      const point: Point = (name) => {
        if (way === 'killed before the commit' && name === 'rules.commit.before') throw new Error('killed');
        if (way === 'killed after the commit' && name === 'rules.commit.after') throw new Error('killed');
      };
      const runner = runnerOn(journal, way.startsWith('a commit') ? failing(store, 1) : store, { point });
      await runner.stop(LONG);
      // What failed is tried again by the same runner, with what has come meanwhile.
      if (way === 'a commit fails') {
        journal.push(...records.slice(journal.records.length, at + 7));
        await runner.stop(LONG);
      }
    }
  }
  interface Cut {
    at: number;
    way: (typeof WAYS)[number];
  }
  const cuts = (length: number) =>
    fc
      .array(fc.record({ at: fc.integer({ min: 1, max: length }), way: fc.constantFrom(...WAYS) }), {
        minLength: 1,
        maxLength: 8,
      })
      .map((list) => list.sort((a, b) => a.at - b.at));

  it('a restart at any point neither loses nor repeats a transition, also after a failed commit', {
    timeout: 60_000,
  }, async () => {
    const cases = journals.chain((records) => fc.tuple(fc.constant(records), cuts(records.length)));
    await fc.assert(
      fc.asyncProperty(cases, async ([records, list]) => {
        const folders = [temporaryFolder(), temporaryFolder()] as const;
        const [once, often] = [
          await openStore(folders[0], { sync: false }),
          await openStore(folders[1], { sync: false }),
        ];
        try {
          await interrupted(once, records, []);
          await interrupted(often, records, list);
          const fresh: Transition[] = [];
          const engine = new Engine(KINDS, (transition) => fresh.push(transition));
          for (const record of records) engine.feed(record);
          expect(JSON.stringify(sinkIn(once).found())).toBe(JSON.stringify(fresh));
          expect(remains(often)).toBe(remains(once));
        } finally {
          await Promise.all([once.close(), often.close()]);
          for (const folder of folders) rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 12 },
    );
  });
});

const LEAK = `
- { id: leak, type: threshold, kind: gas-meter, name: { zh: 漏, en: Leak }, when: leak >= 25, clear: leak < 20, severity: major }
`;

/** A leak that begins, and is over; the records and what is found in them. */
function leakAndOver() {
  const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]);
  town.at('10:01').reports('GM-1', { leak: 30 }).at('10:02').reports('GM-1', { leak: 0 });
  return { records: town.records, found: town.found };
}

describe('the runner', () => {
  it('follows the journal as it grows, and tells it how far it has come once that is durable', async () => {
    const { records, found } = leakAndOver();
    const [store, journal, clock] = [await temporaryStore(), new ListJournal(), new TrialClock(0)];
    const [runner, sink] = [runnerOn(journal, store, { clock }), sinkIn(store)];
    runner.start();
    for (const record of records) {
      journal.push(record);
      await until(() => {
        clock.advance(200);
        return runner.cursor() === journal.end();
      });
      expect(journal.commits.get('rules')).toBe(journal.end());
    }
    expect(sink.found()).toEqual(found);
    await runner.stop(LONG);
  });

  it('writes what it finds within moments, and what tells nothing every two seconds, or in a lull', async () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]);
    const [store, journal, clock] = [await temporaryStore(), new ListJournal(), new TrialClock(0)];
    const commits: number[] = [];
    let isWriting = false;
    const point: Point = (name) => {
      isWriting = name === 'rules.commit.before';
      if (!isWriting) commits.push(clock.now());
    };
    const runner = runnerOn(journal, store, { clock, point });
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10) {
        clock.advance(10);
        // The store's transaction is not a matter of this clock.
        for (let turn = 0; turn < 20 || isWriting; turn++) await new Promise(setImmediate);
      }
    };
    /** Lets new records come, three every 10 ms. */
    const feed = async () => {
      while (journal.records.length < town.records.length) {
        const fed = journal.records.length;
        journal.push(...town.records.slice(fed, fed + 3));
        await pass(10);
      }
    };
    runner.start();
    await feed();
    await pass(3_000);
    expect(runner.cursor()).toBe(journal.end());
    commits.length = 0;
    const begun = clock.now();
    for (let minute = 1; minute < 60; minute++) {
      town.at(`10:${`${minute}`.padStart(2, '0')}`).reports('GM-1', { leak: 0 });
      await feed();
    }
    expect(clock.now() - begun).toBeGreaterThan(2_000);
    expect(commits.length).toBeLessThanOrEqual(Math.ceil((clock.now() - begun) / 2_000));
    await pass(250);
    expect(runner.cursor()).toBe(journal.end());
    journal.push(...town.at('11:00').records.slice(journal.records.length));
    while (runner.cursor() !== journal.end()) await pass(10);
    town.at('11:01').reports('GM-1', { leak: 30 });
    const before = clock.now();
    journal.push(...town.records.slice(journal.records.length));
    while (runner.cursor() !== journal.end()) await pass(10);
    expect(clock.now() - before).toBeLessThanOrEqual(30);
    expect([sinkIn(store).found(), town.found.length]).toEqual([town.found, 2]);
    await runner.stop(LONG);
  });

  it('goes on where it was, and asks the journal for nothing that it has judged', async () => {
    const { records, found } = leakAndOver();
    const [store, journal] = [await temporaryStore(), new ListJournal()];
    journal.push(...records.slice(0, 10));
    await runnerOn(journal, store).stop(LONG);
    const asked: number[] = [];
    const read = journal.read.bind(journal);
    journal.read = (partition, from, limit) => {
      asked.push(from);
      return read(partition, from, limit);
    };
    journal.push(...records.slice(10));
    const again = runnerOn(journal, store);
    expect(again.cursor()).toBe(11);
    await again.stop(LONG);
    expect(asked).toEqual([11]);
    expect(sinkIn(store).found()).toEqual(found);
  });

  it('tries again when nothing can be written, says why, and then tells everything once', async () => {
    const { records, found } = leakAndOver();
    const [store, journal, clock] = [await temporaryStore(), new ListJournal(), new TrialClock(0)];
    const runner = runnerOn(journal, failing(store, 3), { clock });
    journal.push(...records);
    runner.start();
    await until(() => runner.error() !== null);
    expect([runner.error(), runner.cursor(), journal.commits.get('rules')]).toEqual(['the disk is full', 1, undefined]);
    expect(sinkIn(store).found()).toEqual([]);
    // It waits longer after each failure: 0.25 s at first, in all less than two seconds.
    let waited = 0;
    await until(() => {
      clock.advance(10);
      waited += 10;
      return runner.error() === null;
    });
    expect(runner.cursor()).toBe(journal.end());
    expect(waited).toBeGreaterThanOrEqual(120);
    expect(sinkIn(store).found()).toEqual(found);
    await runner.stop(LONG);
  });

  it('judges what is left when it is stopped, and leaves in the journal what it has no time for', async () => {
    const { records, found } = leakAndOver();
    const [store, journal] = [await temporaryStore(), new ListJournal()];
    journal.push(...records);
    await runnerOn(journal, store).stop(0);
    expect(sinkIn(store).found()).toEqual([]);
    await runnerOn(journal, store).stop(LONG);
    expect(sinkIn(store).found()).toEqual(found);
  });

  it('works through a backlog of many commits in order', async () => {
    const town = new Timeline('2026-11-22T00:00', LEAK, [gasMeter('GM-1')]);
    for (let hour = 1; hour < 20; hour++)
      town.at(`${hour}`.padStart(2, '0').concat(':00')).reports('GM-1', { leak: hour % 2 === 0 ? 0 : 30 });
    const [store, journal] = [await temporaryStore(), new ListJournal()];
    journal.push(...town.records);
    expect(town.records.length).toBeGreaterThan(10_000);
    const commits: string[] = [];
    await runnerOn(journal, store, { point: (name) => commits.push(name) }).stop(LONG);
    expect(commits.filter((name) => name === 'rules.commit.after').length).toBe(3);
    expect(sinkIn(store).found()).toEqual(town.found);
  });

  it('writes only what has changed since the last commit', async () => {
    const { records } = leakAndOver();
    const [store, journal] = [await temporaryStore(), new ListJournal()];
    const written: string[] = [];
    const noting: Store = {
      ...failing(store, 0),
      table: <K extends TableKey, V>(name: string) => {
        const table = store.table<K, V>(name);
        const put = (key: K, value: V) => {
          written.push(name);
          table.put(key, value);
        };
        return { ...table, put };
      },
    };
    const runner = runnerOn(journal, noting);
    journal.push(...records);
    await runner.stop(LONG);
    expect(written).toContain('rules.devices');
    written.length = 0;
    journal.push({ type: 'tick', away: 0, at: (records.at(-1)?.at ?? 0) + 5_000 });
    await runner.stop(LONG);
    expect(written).toEqual(['rules.place']);
  });

  it('sees no time go back where the clock does', async () => {
    const store = await temporaryStore();
    let now = local('2026-11-22T10:00');
    const clock = {
      ...new TrialClock(0),
      now: () => now,
      after: () => ({ stop: () => {} }),
      every: () => ({ stop: () => {} }),
    };
    const journal = new Journal(store, clock, { maxBytes: 1e9, keep: 1e9, keepBytes: 1e9 }, ['rules']);
    const silent = LEAK.replace('threshold', 'silence').replace(/when.*20/, 'after: 10m');
    const change = { what: 'rulebook' as const, text: silent, version: '' };
    const device = gasMeter('GM-1');
    await journal.append([
      { type: 'change', change, by: 'test' },
      { type: 'change', change: { what: 'device', device }, by: 'test' },
    ]);
    now += 300_000;
    await journal.append([{ type: 'tick', away: 0 }]);
    now -= 3_600_000;
    await journal.append([
      { type: 'sample', sample: { device: 'GM-1', kind: 'gas-meter', ts: now, values: { leak: 0 } } },
    ]);
    await journal.append([{ type: 'tick', away: 0 }]);
    now += 3_600_000 + 599_000;
    await journal.append([{ type: 'tick', away: 0 }]);
    const sink = sinkIn(store);
    const runner = new RuleRunner(KINDS, journal, store, sink, new TrialClock(0), silentLogger);
    await runner.stop(LONG);
    expect([runner.engine.tickedAt, sink.found()]).toEqual([local('2026-11-22T10:14:59'), []]);
    now += 1_000;
    await journal.append([{ type: 'tick', away: 0 }]);
    await runner.stop(LONG);
    expect(sink.found()).toMatchObject([{ step: 'begun', startedAt: local('2026-11-22T10:15') }, { step: 'fired' }]);
  });

  it('hands over what was found in the transaction, and says so once it is durable', async () => {
    const { records } = leakAndOver();
    const [store, journal] = [await temporaryStore(), new ListJournal()];
    journal.push(...records);
    const told: string[] = [];
    const sink = {
      take: (transitions: readonly Transition[]) => told.push(`take ${transitions.length}`),
      taken: () => told.push(`taken at ${store.table<string, { cursor: number }>('rules.place').get('place')?.cursor}`),
    };
    await new RuleRunner(KINDS, journal, store, sink, new TrialClock(0), silentLogger).stop(LONG);
    expect(told).toEqual(['take 3', `taken at ${journal.end()}`]);
  });
});
