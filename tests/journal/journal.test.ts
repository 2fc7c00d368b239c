import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { Sample } from '../../src/model/sample.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';

const SETTINGS = { maxBytes: 1_000_000, keep: 3_600_000, keepBytes: 1_000_000 };

function sample(device: string, ts: number, pressure = 0.3): { type: 'sample'; sample: Sample } {
  return { type: 'sample', sample: { device, kind: 'water-pressure', ts, values: { pressure } } };
}

async function journal(settings = SETTINGS, folder = temporaryFolder()) {
  const store = await temporaryStore(folder);
  const clock = new TrialClock(1_000);
  return { store, clock, journal: new Journal(store, clock, settings, ['history', 'rules']) };
}

const offsets = (records: readonly JournalRecord[]) => records.map(({ offset }) => offset);

describe('the journal', () => {
  it('gives offsets from 1 on, none twice, also after a failed append and a restart', async () => {
    const folder = temporaryFolder();
    const { journal: first, store } = await journal(SETTINGS, folder);
    await first.append([sample('a', 1), sample('a', 2)]);
    const failing = first.append([sample('a', 3)], () => {
      throw new Error('disk');
    });
    await expect(failing).rejects.toThrow('disk');
    await first.append([sample('a', 4)]);
    const again = new Journal(store, new TrialClock(5_000), SETTINGS, ['history']);
    await again.append([sample('a', 5)]);
    const records = again.read(0, 1, 100);
    expect(offsets(records)).toEqual([1, 2, 3, 4]);
    expect(records.map((record) => (record.type === 'sample' ? record.sample.ts : 0))).toEqual([1, 2, 4, 5]);
  });

  it('reads the same from memory and from the disk', async () => {
    const { journal: live, store, clock } = await journal();
    await live.append([sample('a', 1), { type: 'tick', away: 5 }]);
    await live.append([
      { type: 'change', change: { what: 'rulebook', text: '', version: 'sha256:0' }, by: 'test' },
      sample('b', 2),
    ]);
    const fromDisk = new Journal(store, clock, SETTINGS, ['history']);
    for (const from of [1, 2, 3, 4]) expect(fromDisk.read(0, from, 2)).toEqual(live.read(0, from, 2));
    expect(offsets(fromDisk.read(0, 2, 2))).toEqual([2, 3]);
    expect(fromDisk.read(0, 5, 2)).toEqual([]);
  });

  it('never lets arrival time go back, even if the clock does', async () => {
    const { journal: first, store } = await journal();
    await first.append([sample('a', 1)]);
    const back = new Journal(store, new TrialClock(10), SETTINGS, ['history']);
    expect(back.arrival()).toBe(1_000);
    await back.append([sample('a', 2)]);
    expect(back.read(0, 1, 10).map(({ at }) => at)).toEqual([1_000, 1_000]);
  });

  it('writes what stands alongside in the same transaction', async () => {
    const { journal: it, store } = await journal();
    const table = store.table<string, number>('beside');
    await it.append([sample('a', 1)], ({ first }) => table.put('at', first));
    await it.append([], ({ first }) => table.put('next', first));
    expect([table.get('at'), table.get('next'), it.end(0)]).toEqual([1, 2, 2]);
  });

  it('wakes who waits for a record, and nobody else', async () => {
    const { journal: it } = await journal();
    const abort = new AbortController();
    const woken: string[] = [];
    const first = it.arrived(0, 1, abort.signal).then(() => woken.push('first'));
    const third = it.arrived(0, 3, abort.signal).then(() => woken.push('third'));
    await it.append([sample('a', 1)]);
    await first;
    expect(woken).toEqual(['first']);
    abort.abort();
    await third;
    expect(woken).toEqual(['first', 'third']);
  });

  it('counts what is pending by walking it: a record that vanished is missed', async () => {
    const { journal: it, store } = await journal();
    await it.append([sample('a', 1), sample('a', 2), { type: 'tick', away: 0 }]);
    await it.append([sample('b', 3)]);
    expect(it.countSamples(1)).toEqual({ 'water-pressure': 3 });
    expect(it.countSamples(2)).toEqual({ 'water-pressure': 2 });
    expect(it.countSamples(5)).toEqual({});
    const blocks = store.bytes<number>('journal');
    await store.transaction(() => blocks.remove(4));
    expect(it.countSamples(1)).toEqual({ 'water-pressure': 2 });
  });

  it('trims nothing that a consumer has not passed, and keeps the newest block', async () => {
    const { journal: it, clock } = await journal({ ...SETTINGS, keepBytes: 0 });
    for (let ts = 1; ts <= 5; ts++) await it.append([sample('a', ts)]);
    it.commit('history', 0, 6);
    it.commit('rules', 0, 3);
    await it.trim();
    expect(it.start()).toBe(3);
    it.commit('rules', 0, 6);
    clock.advance(1);
    await it.trim();
    expect(it.start()).toBe(5);
    await it.append([sample('a', 6)]);
    expect(it.end(0)).toBe(7);
  });

  it('trims nothing that a consumer reads again because its store was put back', async () => {
    const { journal: it } = await journal({ ...SETTINGS, keepBytes: 0 });
    for (let ts = 1; ts <= 5; ts++) await it.append([sample('a', ts)]);
    for (const consumer of ['history', 'rules']) it.commit(consumer, 0, 6);
    it.commit('history', 0, 2);
    await it.trim();
    expect(it.start()).toBe(2);
  });

  it('trims nothing while somebody holds it', async () => {
    const { journal: it, clock } = await journal({ ...SETTINGS, keepBytes: 0 });
    for (let ts = 1; ts <= 3; ts++) await it.append([sample('a', ts)]);
    const [letGo, letGoToo] = [it.hold(), it.hold()];
    for (const consumer of ['history', 'rules']) it.commit(consumer, 0, 4);
    clock.advance(1);
    for (const free of [letGo, letGo, letGoToo]) {
      await it.trim();
      expect(it.start()).toBe(1);
      free();
    }
    await it.trim();
    expect(it.start()).toBe(3);
  });

  it('keeps passed records for as long and as many bytes as it is told', async () => {
    const { journal: it, clock } = await journal({ ...SETTINGS, keep: 1_000 });
    await it.append([sample('a', 1)]);
    clock.advance(900);
    await it.append([sample('a', 2)]);
    await it.append([sample('a', 3)]);
    for (const consumer of ['history', 'rules']) it.commit(consumer, 0, 4);
    clock.advance(500);
    await it.trim();
    expect(it.start()).toBe(2);
  });

  it('lets go of everything that is passed while space is short, and of nothing else', async () => {
    const { journal: it } = await journal();
    for (let ts = 1; ts <= 5; ts++) await it.append([sample('a', ts)]);
    it.commit('history', 0, 6);
    it.commit('rules', 0, 4);
    await it.trim();
    expect(it.start()).toBe(1);
    await it.trim(true);
    expect(it.start()).toBe(4);
  });

  it('is full at its bound of bytes that are not passed, and not any more once they are', async () => {
    const { journal: it } = await journal({ ...SETTINGS, maxBytes: 1_000 });
    while (!it.full()) await it.append([sample('a', it.end(0))]);
    expect(it.liveBytes()).toBeGreaterThanOrEqual(1_000);
    it.commit('history', 0, it.end(0));
    expect(it.full()).toBe(true);
    it.commit('rules', 0, it.end(0));
    expect([it.full(), it.liveBytes()]).toEqual([false, 0]);
  });

  it('remembers the cursors across a restart', async () => {
    const { journal: it, store, clock } = await journal({ ...SETTINGS, maxBytes: 1_000 });
    while (!it.full()) await it.append([sample('a', it.end(0))]);
    for (const consumer of ['history', 'rules']) it.commit(consumer, 0, it.end(0));
    await it.trim();
    const again = new Journal(store, clock, { ...SETTINGS, maxBytes: 1_000 }, ['history', 'rules']);
    expect(again.full()).toBe(false);
  });
});
