import { describe, expect, it } from 'vitest';
import { encodeBlock } from '../../src/journal/block.ts';
import { Journal } from '../../src/journal/journal.ts';
import { STRETCH, Tally } from '../../src/journal/tally.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import type { Table } from '../../src/kernel/store.ts';
import type { JournalRecord, NewRecord } from '../../src/model/record.ts';
import type { CountByKind } from '../../src/model/sample.ts';
import { temporaryStore } from '../support/temporary.ts';

const SETTINGS = { maxBytes: 1e9, keep: 3_600_000, keepBytes: 1e9 };
/** How many records an append brings, over and over: single ones, and one that is longer than a stretch. */
const SIZES = [1, 1, 700, 3, 2_500, 1, STRETCH + 900, 40, 3_000];

/** A journal of many stretches, kinds and ticks mixed. */
async function longJournal() {
  const store = await temporaryStore();
  const clock = new TrialClock(1_000);
  const journal = new Journal(store, clock, SETTINGS, ['history']);
  for (let round = 0; journal.end(0) < 14 * STRETCH; round++) {
    const begin = journal.end(0);
    const records = Array.from({ length: SIZES[round % SIZES.length] as number }, (_, at) => recordOf(begin + at));
    await journal.append(records);
    clock.advance(1);
  }
  return { store, clock, journal, blocks: store.bytes<number>('journal') };
}

function recordOf(offset: number): NewRecord {
  if (offset % 11 === 0) return { type: 'tick', away: 0 };
  const kind = offset % 3 === 0 ? 'gas-meter' : 'water-pressure';
  return { type: 'sample', sample: { device: `D-${offset % 7}`, kind, ts: offset, values: { flow: 1 } } };
}

/** What a reader of every record counts. */
function counted(records: readonly JournalRecord[]): CountByKind {
  const counts: CountByKind = {};
  for (const record of records)
    if (record.type === 'sample') counts[record.sample.kind] = (counts[record.sample.kind] ?? 0) + 1;
  return counts;
}

/** The table, and how many entries were read of it. */
function watched<K, V>(table: Table<K, V>): { table: Table<K, V>; read: () => number } {
  let read = 0;
  const entries: Table<K, V>['entries'] = function* (range) {
    for (const entry of table.entries(range)) {
      read++;
      yield entry;
    }
  };
  return { table: { ...table, entries }, read: () => read };
}

describe('the count of what is pending', () => {
  it('is what a reader of every record counts, from wherever it is asked, prepared or not', async () => {
    const { store, clock, journal } = await longJournal();
    const all = journal.read(0, 1, 1e6);
    const asked = [1, 2, 500, STRETCH - 1, STRETCH, STRETCH + 1, 2 * STRETCH, 2.5 * STRETCH, 3 * STRETCH, all.length];
    const prepared = new Journal(store, clock, SETTINGS, ['history']);
    for (const from of [...asked, all.length + 1]) {
      const expected = counted(all.slice(from - 1));
      expect(journal.countSamples(from), `from ${from}`).toEqual(expected);
      await prepared.prepareCount(from);
      expect(prepared.countSamples(from), `from ${from}, prepared`).toEqual(expected);
    }
    await journal.append([recordOf(1), recordOf(2)]);
    expect(journal.countSamples(1)).toEqual(counted([...all, ...journal.read(0, all.length + 1, 2)]));
  });

  it('goes by the blocks that are there: after a restart a record that was taken out is missed', async () => {
    const { store, clock, journal, blocks } = await longJournal();
    const before = journal.countSamples(1);
    await store.transaction(() => blocks.put(1, encodeBlock(1_000, 0, [{ type: 'tick', away: 0 }])));
    const again = new Journal(store, clock, SETTINGS, ['history']);
    await again.prepareCount(1);
    expect(again.countSamples(1)).toEqual({ ...before, 'water-pressure': (before['water-pressure'] ?? 0) - 1 });
  });

  it('has what a transaction wrote before its append is told so: what is counted in that transaction stands beside it', async () => {
    const seen: CountByKind[] = [];
    const store = await temporaryStore();
    const point = (name: string) => {
      if (name === 'append.after') seen.push(journal.countSamples(1));
    };
    const journal: Journal = new Journal(store, new TrialClock(1_000), SETTINGS, ['history'], point);
    await journal.append([recordOf(1), recordOf(2)]);
    expect(seen).toEqual([{ 'water-pressure': 2 }]);
  });

  it('walks what no append can touch any more once', async () => {
    const { blocks } = await longJournal();
    const { table, read } = watched(blocks);
    const tally = new Tally(table);
    await tally.prepare(1);
    const first = tally.count(1, 1);
    const before = read();
    expect(tally.count(1, 1)).toEqual(first);
    const newest = Math.max(...blocks.keys());
    const last = Math.floor(newest / STRETCH) * STRETCH;
    const outside = [...blocks.keys()].filter((key) => key < STRETCH || key >= last).length;
    expect(read() - before).toBe(outside);
  });
});

describe('the arrival of the oldest record', () => {
  it('is that of the record that a reader meets first, in memory and on the disk', async () => {
    const { store, clock, journal } = await longJournal();
    const onDisk = new Journal(store, clock, SETTINGS, ['history']);
    for (let from = 1; from <= journal.end(0); from += 401) {
      const expected = journal.read(0, from, 1)[0]?.at ?? null;
      expect([journal.arrivalOf(0, from), onDisk.arrivalOf(0, from)], `from ${from}`).toEqual([expected, expected]);
    }
    expect(onDisk.arrivalOf(0, onDisk.end(0))).toBeNull();
  });

  it('is that of the beginning where what is asked for was trimmed', async () => {
    const { store, clock, blocks } = await longJournal();
    const [, , third] = [...blocks.keys({ limit: 3 })];
    await store.transaction(() => {
      for (const key of [...blocks.keys({ limit: 2 })]) blocks.remove(key);
    });
    const journal = new Journal(store, clock, SETTINGS, ['history']);
    expect(journal.start()).toBe(third);
    expect(journal.arrivalOf(0, 1)).toBe(journal.read(0, 1, 1)[0]?.at);
  });
});
