import { describe, expect, it, onTestFinished } from 'vitest';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { Store } from '../../src/kernel/store.ts';
import { Live } from '../../src/live/live.ts';
import type { Sample } from '../../src/model/sample.ts';
import { ListJournal } from '../support/journal.ts';
import { temporaryStore } from '../support/temporary.ts';

const AT = Date.UTC(2026, 10, 22, 12);
const SECOND = 1_000;

function sample(ts: number, more: Partial<Sample> = {}): Sample {
  return { device: 'WP-1', kind: 'water-pressure', ts, values: { pressure: 0.3 }, ...more };
}

async function live(given: { store?: Store; journal?: ListJournal } = {}) {
  const store = given.store ?? (await temporaryStore());
  const journal = given.journal ?? new ListJournal();
  const it = new Live(journal, store, new TrialClock(0), silentLogger);
  it.start();
  onTestFinished(() => it.stop());
  /** Samples arrive at `at`, and are taken. */
  const arrive = async (at: number, ...samples: Sample[]) => {
    journal.samples(at, ...samples);
    while (it.cursor() < journal.end()) await null;
  };
  return { store, journal, it, arrive };
}

describe('the newest sample of a device', () => {
  it('is the one with the newest time of its own, whole, with its arrival', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT - 2 * SECOND, { values: { pressure: 0.3, battery: 80 } }));
    await arrive(AT + 300 * SECOND, sample(AT + 299 * SECOND, { values: { pressure: 0.2 } }));
    expect(it.of('WP-1')).toEqual({
      ...{ kind: 'water-pressure', ts: AT + 299 * SECOND, values: { pressure: 0.2 }, flags: [], seq: null, missed: 0 },
      ...{ receivedAt: AT + 300 * SECOND, heardAt: AT + 300 * SECOND, clockOffsetMs: -SECOND },
    });
    expect(it.of('WP-2')).toBeUndefined();
  });

  it('is kept for each device on its own', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT), sample(AT - SECOND, { device: 'WP-2', values: { pressure: 0.1 } }));
    expect([it.of('WP-1')?.values, it.of('WP-2')?.values]).toEqual([{ pressure: 0.3 }, { pressure: 0.1 }]);
  });

  it('is not one that comes late; the device is heard of all the same', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT));
    await arrive(AT + 60 * SECOND, sample(AT - 3_600 * SECOND, { values: { pressure: 0 } }));
    expect(it.of('WP-1')).toMatchObject({
      ...{ ts: AT, values: { pressure: 0.3 }, receivedAt: AT, heardAt: AT + 60 * SECOND, clockOffsetMs: 0 },
    });
  });

  it('is laid over field by field by another of the same instant (P6)', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT, { values: { pressure: 0.3, battery: 80 } }));
    await arrive(AT + SECOND, sample(AT, { values: { pressure: 0.2, flow: 3 } }));
    expect(it.of('WP-1')?.values).toEqual({ pressure: 0.2, battery: 80, flow: 3 });
  });

  it("leaves the journal's records as they are", async () => {
    const { arrive, journal } = await live();
    await arrive(AT, sample(AT));
    await arrive(AT, sample(AT, { values: { flow: 3 } }));
    expect(journal.records[0]).toMatchObject({ sample: { values: { pressure: 0.3 } } });
  });

  it('is made of samples alone: ticks and changes pass by', async () => {
    const { it, journal, arrive } = await live();
    journal.push({ type: 'tick', at: AT, away: 0 });
    await arrive(AT, sample(AT));
    expect([it.cursor(), it.of('WP-1')?.ts]).toEqual([3, AT]);
  });
});

describe('the clock of a device', () => {
  it.each<[string, Partial<Sample>, number | null, string[]]>([
    ['ahead by what its sample was ahead of the arrival', { ts: AT + 4 * SECOND }, 4 * SECOND, []],
    ['behind', { ts: AT - 90 * SECOND }, -90 * SECOND, []],
    ['what it sent, where that had to be replaced', { ts: AT, deviceTs: 5_000 }, 5_000 - AT, ['clock']],
    ['not known, where it sends no time', { ts: AT, assigned: true }, null, []],
  ])('is %s', async (_how, more, clockOffsetMs, flags) => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT, more));
    expect(it.of('WP-1')).toMatchObject({ clockOffsetMs, flags });
  });
});

describe('the counter of a device', () => {
  const missed = async (...samples: [ts: number, seq?: number][]) => {
    const { it, arrive } = await live();
    for (const [ts, seq] of samples)
      await arrive(AT + ts * SECOND, sample(AT + ts * SECOND, seq === undefined ? {} : { seq }));
    const { missed: count, seq } = it.of('WP-1') ?? {};
    return [count, seq];
  };

  it('shows what never came', async () => {
    expect(await missed([0, 1], [1, 2], [2, 5], [3, 6], [4, 9])).toEqual([4, 9]);
  });

  it('says nothing on the first sample, nor where it starts again, nor where it is left out', async () => {
    expect(await missed([0, 77])).toEqual([0, 77]);
    expect(await missed([0, 77], [1, 0], [2, 1])).toEqual([0, 1]);
    expect(await missed([0, 7], [1], [2, 8])).toEqual([0, 8]);
    expect(await missed([0], [1])).toEqual([0, null]);
  });

  it('makes good what comes late after all', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT, { seq: 1 }));
    await arrive(AT, sample(AT + 3 * SECOND, { seq: 4 }));
    expect(it.of('WP-1')?.missed).toBe(2);
    await arrive(AT, sample(AT + SECOND, { seq: 2 }));
    expect(it.of('WP-1')).toMatchObject({ missed: 1, seq: 4 });
  });

  it('goes on with a backlog that is sent after what is new, and with two samples of one instant', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT, { seq: 10 }));
    await arrive(
      AT,
      sample(AT - 20 * SECOND, { seq: 11 }),
      sample(AT - 10 * SECOND, { seq: 12 }),
      sample(AT, { seq: 13 }),
    );
    await arrive(AT, sample(AT + SECOND, { seq: 14 }));
    expect(it.of('WP-1')).toMatchObject({ missed: 0, seq: 14 });
  });

  it('takes no backlog from before it started again for a gap', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT, { seq: 0 }));
    await arrive(AT, sample(AT - 60 * SECOND, { seq: 500 }), sample(AT + SECOND, { seq: 1 }));
    expect(it.of('WP-1')).toMatchObject({ missed: 0, seq: 1 });
  });

  it('counts one message once, whose samples share its number', async () => {
    const { it, arrive } = await live();
    await arrive(AT, sample(AT - SECOND, { seq: 5 }), sample(AT, { seq: 5 }));
    await arrive(AT, sample(AT + SECOND, { seq: 6 }), sample(AT + 2 * SECOND, { seq: 6 }));
    expect(it.of('WP-1')).toMatchObject({ missed: 0, seq: 6 });
  });
});

describe('a restart', () => {
  it('goes on from the saved cursor with what was saved, and tells the journal how far it is', async () => {
    const { it: first, store, journal, arrive } = await live();
    await arrive(AT, sample(AT, { seq: 1 }), sample(AT, { device: 'WP-2' }));
    await first.save();
    expect(journal.commits.get('live')).toBe(3);
    await arrive(AT, sample(AT + SECOND, { seq: 4 }));
    // Killed here: the third sample was not saved.
    const asked: number[] = [];
    const read = journal.read.bind(journal);
    journal.read = (partition, from, limit) => {
      asked.push(from);
      return read(partition, from, limit);
    };
    const { it: again } = await live({ store, journal });
    while (again.cursor() < journal.end()) await null;
    expect(asked[0]).toBe(3);
    expect(again.of('WP-1')).toMatchObject({ ts: AT + SECOND, missed: 2 });
    expect(again.of('WP-2')).toEqual(first.of('WP-2'));
  });

  it('after an orderly stop has nothing to read again, also of what came just before it', async () => {
    const { it: first, store, journal, arrive } = await live();
    await arrive(AT, sample(AT));
    journal.samples(AT, sample(AT + SECOND));
    await first.stop();
    expect(journal.commits.get('live')).toBe(3);
    const { it: again } = await live({ store, journal });
    expect([again.cursor(), again.of('WP-1')?.ts]).toEqual([3, AT + SECOND]);
  });

  it('loses nothing to a save that failed: the next one writes it', async () => {
    const store = await temporaryStore();
    let isFull = true;
    const failing: Store = {
      ...{ table: store.table.bind(store), bytes: store.bytes.bind(store), close: store.close.bind(store) },
      transaction: (change) =>
        store.transaction(() => {
          const result = change();
          if (isFull) throw new Error('the disk is full');
          return result;
        }),
    };
    const { it: first, journal, arrive } = await live({ store: failing });
    await arrive(AT, sample(AT));
    await first.save();
    expect(journal.commits.get('live')).toBeUndefined();
    isFull = false;
    await first.save();
    const { it: again } = await live({ store });
    expect([journal.commits.get('live'), again.cursor(), again.of('WP-1')?.ts]).toEqual([2, 2, AT]);
  });

  it('writes nothing where nothing came', async () => {
    const { it: first, journal } = await live();
    await first.save();
    expect(journal.commits.size).toBe(0);
  });

  it('tries again where the journal cannot be read for now', async () => {
    const clock = new TrialClock(0);
    const journal = new ListJournal();
    const it = new Live(journal, await temporaryStore(), clock, silentLogger);
    onTestFinished(() => it.stop());
    const read = journal.read.bind(journal);
    journal.read = () => {
      throw new Error('the page is damaged');
    };
    it.start();
    journal.samples(AT, sample(AT));
    for (let turn = 0; turn < 10; turn++) await null;
    journal.read = read;
    clock.advance(60 * SECOND);
    for (let turn = 0; turn < 10; turn++) await null;
    expect(it.of('WP-1')?.ts).toBe(AT);
  });
});
