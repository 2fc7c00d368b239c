import { describe, expect, it } from 'vitest';
import { RefusedByStore, RetryLater } from '../../src/history/port.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { TownError } from '../../src/kernel/errors.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { PointName } from '../../src/kernel/points.ts';
import type { Sample } from '../../src/model/sample.ts';
import { identityContract } from '../contract/history-identity.ts';
import { ListJournal } from '../support/journal.ts';
import { SMALL_TOWN } from '../support/kinds.ts';
import { MemoryHistory } from './memory.ts';

const KIND = 'water-pressure';

function sample(ts: number, pressure = 0.3): Sample {
  return { device: 'WP-1', kind: KIND, ts, values: { pressure } };
}

/** Lets everything go on that waits for no clock. */
async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) {
    for (let turn = 0; turn < 100; turn++) await null;
    await new Promise(setImmediate);
  }
}

function setUp(store = new MemoryHistory()) {
  const journal = new ListJournal();
  const clock = new TrialClock(1_000_000);
  const rejected: { offset: number; detail: string; cursor: number }[] = [];
  const points: PointName[] = [];
  const writer = new HistoryWriter(
    store,
    journal,
    { at: () => undefined },
    {
      rejectedByStore: async ({ offset }, detail) => {
        rejected.push({ offset, detail, cursor: store.cursor });
      },
    },
    clock,
    silentLogger,
    (name) => points.push(name),
  );
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await settle();
    }
  };
  return { writer, store, journal, clock, rejected, points, pass };
}

it('tells whether the store came to a record within five seconds: its writing, its refusal, and its being down', async () => {
  const { writer, store, journal, pass } = setUp();
  await writer.start();
  journal.samples(1, sample(1));
  const written = writer.reached(2);
  await pass(500);
  expect(await written).toBe(true);
  journal.samples(2, sample(2));
  store.commit = async (batch) => {
    if (batch.inserts.length > 0) throw new RefusedByStore('no');
    store.cursor = batch.cursor;
  };
  const refused = writer.reached(3);
  await pass(500);
  expect(await refused).toBe(true);
  store.commit = async () => {
    throw new Error('down');
  };
  journal.samples(3, sample(3));
  const waited = writer.reached(4);
  await pass(6_000);
  expect(await waited).toBe(false);
});

it('tells by arrival how long the oldest record waits, and on a trial clock no more than it was really behind', async () => {
  const { writer, store, journal, pass } = setUp();
  const HOUR = 3_600_000;
  await writer.start();
  await pass(5_000);
  expect([writer.lag(HOUR), writer.lag(HOUR, true)]).toEqual([0, 0]);
  // A town whose clock is stepped an hour on; the store was idle, and then takes nothing for a minute.
  store.before = () => {
    throw new Error('down');
  };
  journal.samples(1_000, sample(1));
  await pass(0);
  expect([writer.lag(HOUR + 1_000), writer.lag(HOUR + 1_000, true)]).toEqual([3_600, 0]);
  await pass(60_000);
  expect(writer.lag(HOUR + 1_000, true)).toBe(60);
  store.before = () => {};
  await pass(30_000);
  expect(writer.lag(HOUR + 1_000, true)).toBe(0);
  // While there is always something that came just now, it is behind by that alone.
  let next = 2;
  store.before = () => journal.samples(1_000, sample(next++));
  journal.samples(1_000, sample(next++));
  await pass(60_000);
  expect(writer.lag(HOUR + 1_000, true)).toBeLessThan(1);
  store.before = () => {};
  await writer.stop(1_000);
});

it('keeps the count of imported rows, which is none of its own', async () => {
  const { writer, store, journal } = setUp();
  store.counts = { [KIND]: { stored: 0, merged: 0, duplicate: 0, rejected: 0, imported: 40 } };
  journal.samples(10, sample(1));
  await writer.start();
  await writer.stop(60_000);
  expect(store.counts).toEqual({ [KIND]: { stored: 1, merged: 0, duplicate: 0, rejected: 0, imported: 40 } });
});

describe('a history that is behind the beginning of the journal', () => {
  it('says which records it lacks, and goes on with those that there are', async () => {
    const said: unknown[] = [];
    const journal = new ListJournal();
    journal.samples(10, sample(1), sample(2), sample(3));
    const all = journal.read.bind(journal);
    journal.read = (partition, from, limit) => all(partition, Math.max(from, 3), limit);
    const log = { ...silentLogger, error: (about: object) => void said.push(about) };
    const store = new MemoryHistory();
    const rejections = { rejectedByStore: async () => {} };
    const writer = new HistoryWriter(store, journal, { at: () => undefined }, rejections, new TrialClock(0), log);
    await writer.start();
    await writer.stop(60_000);
    expect([said, store.cursor, await store.count(KIND)]).toEqual([[{ from: 1, to: 2 }], 4, 1]);
  });
});

describe('the pace of the history writer', () => {
  it('writes at once what comes after a quiet time', async () => {
    const { writer, store, journal } = setUp();
    await writer.start();
    await settle();
    journal.samples(10, sample(1));
    await settle();
    expect(store.cursor).toBe(2);
    await writer.stop(0);
  });

  it('commits at most four times a second while samples trickle, and keeps a reader waiting no longer than that', async () => {
    const { writer, store, journal, pass } = setUp();
    await writer.start();
    for (let ts = 1; ts <= 100; ts++) {
      journal.samples(ts, sample(ts));
      await pass(50);
      expect(store.cursor).toBeGreaterThan(journal.end() - 7);
    }
    expect(store.offered.length).toBeGreaterThan(15);
    expect(store.offered.length).toBeLessThanOrEqual(21);
    await writer.stop(0);
  });

  it('works through a backlog batch by batch without waiting', async () => {
    const { writer, store, journal } = setUp();
    for (let ts = 1; ts <= 25_000; ts++) journal.samples(ts, sample(ts));
    await writer.start();
    await settle();
    expect(store.offered.map(({ inserts }) => inserts.length)).toEqual([10_000, 10_000]);
    await writer.stop(1_000);
    expect([store.cursor, store.table.size]).toEqual([25_001, 25_000]);
  });

  it('reads a backlog a slice at a time, and everybody else has a turn between', async () => {
    const { writer, journal } = setUp();
    for (let ts = 1; ts <= 10_000; ts++) journal.samples(ts, sample(ts));
    const read = journal.read.bind(journal);
    let turn = 0;
    const reads: { turn: number; records: number }[] = [];
    journal.read = (partition, from, limit) => {
      const records = read(partition, from, limit);
      reads.push({ turn, records: records.length });
      return records;
    };
    let isOver = false;
    const count = () => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await writer.start();
    await settle();
    isOver = true;
    await writer.stop(1_000);
    const slices = reads.filter(({ records }) => records > 1);
    expect(slices.map(({ records }) => records)).toEqual(Array(5).fill(2_000));
    expect(new Set(slices.map((slice) => slice.turn)).size).toBe(5);
  });

  it('rests a quarter of what a commit took while more than ten batches wait, and not any more when fewer do', async () => {
    const { writer, store, journal, clock, pass } = setUp();
    for (let ts = 1; ts <= 125_000; ts++) journal.samples(ts, sample(ts));
    store.before = () => clock.advance(400);
    await writer.start();
    await settle();
    expect(store.offered).toHaveLength(1);
    await pass(50);
    expect(store.offered).toHaveLength(1);
    await pass(50);
    expect(store.offered).toHaveLength(2);
    await pass(100);
    // 95,000 are no backlog any more.
    await settle();
    expect(store.offered.length).toBeGreaterThan(4);
    await writer.stop(1_000_000);
    expect(store.table.size).toBe(125_000);
  });

  it('asks the store for no row of samples that are newer than what their device has there', async () => {
    const { writer, store, journal } = setUp();
    journal.samples(10, sample(5), sample(6), sample(7));
    await writer.start();
    await settle();
    expect(store.lookedUp).toBe(0);
    journal.samples(11, sample(6), sample(8));
    await writer.stop(1_000);
    expect(store.lookedUp).toBe(1);
  });
});

describe('a history store that is down', () => {
  it('is not asked again before it says', async () => {
    const { writer, store, journal, pass } = setUp();
    store.before = () => {
      throw new RetryLater('too many requests', 90_000);
    };
    await writer.start();
    journal.samples(10, sample(1));
    await pass(50);
    const offered = store.offered.length;
    await pass(89_000);
    expect(store.offered.length).toBe(offered);
    await pass(2_000);
    expect(store.offered.length).toBe(offered + 1);
    await writer.stop(0);
  });

  it('does not hold up a stop past its deadline when it never answers', async () => {
    const { writer, store, journal, clock } = setUp();
    store.before = () =>
      new Promise((_resolve, reject) => {
        store.interrupt = () => reject(new Error('given up'));
      });
    await writer.start();
    journal.samples(10, sample(1));
    await settle();
    let stopped = false;
    const stopping = writer.stop(6_000).then(() => {
      stopped = true;
    });
    clock.advance(5_999);
    await settle();
    expect(stopped).toBe(false);
    clock.advance(1);
    await stopping;
    expect([store.cursor, writer.progress().cursor]).toEqual([1, 1]);
  });

  it('holds nothing up and loses nothing: the backlog waits in the journal and drains in order', async () => {
    const { writer, store, journal, pass } = setUp();
    store.before = () => {
      throw new Error('connection refused');
    };
    await writer.start();
    journal.samples(10, sample(1));
    await pass(100);
    expect(writer.progress()).toMatchObject({
      cursor: 1,
      state: 'down',
      error: 'connection refused',
      waitingSince: 10,
    });
    journal.samples(20, sample(2), sample(3));
    await pass(60_000);
    expect(journal.commits.get('history')).toBe(1);
    store.before = () => {};
    await pass(30_000);
    expect(writer.progress()).toMatchObject({ cursor: 4, state: 'up', error: null, waitingSince: null });
    expect(store.offered.at(-1)?.inserts.map(({ ts }) => ts)).toEqual([1, 2, 3]);
    expect(journal.commits.get('history')).toBe(4);
    await writer.stop(0);
  });

  it('is tried less and less often, but at least twice a minute', async () => {
    const { writer, store, journal, pass } = setUp();
    store.before = () => {
      throw new Error('connection refused');
    };
    await writer.start();
    journal.samples(10, sample(1));
    await pass(120_000);
    const first = store.offered.length;
    await pass(120_000);
    expect(first).toBeLessThan(20);
    expect(store.offered.length - first).toBeGreaterThanOrEqual(4);
    await writer.stop(0);
  });

  it('does not keep the service from starting when it is only down now', async () => {
    const { writer, store, journal, pass } = setUp();
    store.unreachable = new TownError('unavailable', 'connect ECONNREFUSED');
    await writer.start();
    expect(writer.progress()).toMatchObject({ state: 'down', error: 'connect ECONNREFUSED' });
    journal.samples(10, sample(1));
    store.unreachable = null;
    await pass(1_000);
    expect([writer.progress().state, store.cursor]).toEqual(['up', 2]);
    await writer.stop(0);
  });

  it('keeps the service from starting when nobody can wait for it', async () => {
    const { writer, store } = setUp();
    store.unreachable = new TownError('data-newer', 'the history was written in format 99');
    await expect(writer.start()).rejects.toMatchObject({ code: 'data-newer' });
  });

  it('counts a commit once whose answer was lost', async () => {
    const { writer, store, journal, pass } = setUp();
    await writer.start();
    store.after = () => {
      store.after = () => {};
      throw new Error('the connection broke off');
    };
    journal.samples(10, sample(1), sample(2));
    await pass(5_000);
    expect(writer.progress()).toMatchObject({
      cursor: 3,
      state: 'up',
      counts: { [KIND]: { stored: 2, merged: 0, duplicate: 0, rejected: 0 } },
    });
    await writer.stop(0);
  });

  it('is called slow while a commit takes more than five seconds, and up again after a quick one', async () => {
    const { writer, store, journal, pass } = setUp();
    let release = () => {};
    store.before = () => new Promise<void>((resolve) => (release = resolve));
    await writer.start();
    journal.samples(10, sample(1));
    await pass(4_000);
    expect(writer.progress().state).toBe('up');
    await pass(2_000);
    expect(writer.progress().state).toBe('slow');
    store.before = () => {};
    release();
    await settle();
    expect(writer.progress().state).toBe('slow');
    journal.samples(11, sample(2));
    await pass(500);
    expect(writer.progress().state).toBe('up');
    await writer.stop(0);
  });

  it('is refused when it has read further than its journal goes', async () => {
    const store = new MemoryHistory();
    store.cursor = 7;
    const { writer } = setUp(store);
    await expect(writer.start()).rejects.toMatchObject({ code: 'data-dir-unusable' });
  });
});

describe('a batch that the store refuses for good', () => {
  it('is halved until the bad sample stands alone, which alone is rejected', async () => {
    const { writer, store, journal, rejected } = setUp();
    for (let ts = 1; ts <= 1_000; ts++) journal.samples(10, sample(ts, ts === 321 ? 2.4 : 0.3));
    store.before = ({ inserts }) => {
      if (inserts.some(({ values }) => values.pressure === 2.4)) throw new RefusedByStore('2.4 is beyond me');
    };
    await writer.start();
    await writer.stop(1_000);
    expect(rejected).toMatchObject([{ offset: 321, detail: '2.4 is beyond me' }]);
    expect(writer.progress()).toMatchObject({
      cursor: 1_001,
      counts: { [KIND]: { stored: 999, merged: 0, duplicate: 0, rejected: 1 } },
    });
    expect(store.table.size).toBe(999);
    // The way down to one of a thousand is ten halvings: at each the bad half fails, and the good one is kept.
    expect(store.offered.length).toBeLessThanOrEqual(2 * 11);
  });

  it('has its bad sample in the dead letters before the cursor passes it', async () => {
    const { writer, store, journal, rejected } = setUp();
    journal.samples(10, sample(1), sample(2, 2.4), sample(3));
    store.before = ({ inserts }) => {
      if (inserts.some(({ values }) => values.pressure === 2.4)) throw new RefusedByStore('no');
    };
    await writer.start();
    await writer.stop(1_000);
    expect(rejected).toEqual([{ offset: 2, detail: 'no', cursor: expect.any(Number) }]);
    expect(rejected[0]?.cursor).toBeLessThanOrEqual(2);
  });

  it('does not stop at an event that is refused', async () => {
    const { writer, store, journal, rejected } = setUp();
    journal.push({ type: 'tick', at: 10, away: 60_000 });
    journal.samples(11, sample(1));
    store.before = ({ events }) => {
      if (events.length > 0) throw new RefusedByStore('no events today');
    };
    await writer.start();
    await writer.stop(1_000);
    expect([store.cursor, store.table.size, rejected]).toEqual([3, 1, []]);
  });
});

describe('the history writer', () => {
  identityContract(() => {
    const store = new MemoryHistory();
    return () => store;
  }, 300);

  it('keeps every change, and the ticks after an outage of the service, but no other tick', async () => {
    const { writer, store, journal } = setUp();
    journal.push(
      { type: 'tick', at: 1, away: 0 },
      { type: 'tick', at: 2, away: 90_000 },
      { type: 'change', at: 3, by: 'files', change: { what: 'town', town: SMALL_TOWN } },
    );
    await writer.start();
    await writer.stop(1_000);
    expect(store.happened).toEqual(['away', 'town']);
    expect(store.cursor).toBe(4);
  });

  it('passes the points of the crash test around each commit', async () => {
    const { writer, journal, points } = setUp();
    journal.samples(10, sample(1));
    await writer.start();
    await writer.stop(1_000);
    expect(points).toEqual(['history.commit.before', 'history.commit.after']);
  });

  it('leaves the rest in the journal when the time to stop is over', async () => {
    const { writer, store, journal } = setUp();
    await writer.start();
    await settle();
    journal.samples(10, sample(1));
    await writer.stop(0);
    const { cursor } = store;
    expect(cursor).toBeLessThanOrEqual(2);
    const again = setUp(store);
    again.journal.samples(10, sample(1));
    await again.writer.start();
    await again.writer.stop(1_000);
    expect(again.writer.progress().counts[KIND]).toEqual({ stored: 1, merged: 0, duplicate: 0, rejected: 0 });
  });
});
