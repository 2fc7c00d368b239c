import { describe, expect, it } from 'vitest';
import { DeadLetters } from '../../src/decode/deadletters.ts';
import type { Rejected } from '../../src/model/decoded.ts';
import { temporaryStore } from '../support/temporary.ts';

const HOUR = 3_600_000;
const MIB = 1024 ** 2;

async function letters(settings = { maxBytes: 64 * MIB, keep: 30 * 24 * HOUR }) {
  const store = await temporaryStore();
  const it = new DeadLetters(store, settings);
  const keep = (at: number, letter: Rejected, payload = '{}') =>
    store.transaction(() =>
      it.keep({ topic: 'lailong/x/y/telemetry', payload: Buffer.from(payload), kind: 'x', letters: [letter] }, at),
    );
  const kept = () => it.list({ limit: 100 }).map(({ at, detail }) => `${at / HOUR} ${detail}`);
  return { it, keep, kept };
}

const empty = (detail: string): Rejected => ({ reason: 'empty', device: 'WP-1', field: null, detail });
const unknownOnly = (detail: string): Rejected => ({ ...empty(detail), isUnknownOnly: true });

describe('dead letters', () => {
  it('keep one payload of unknown fields only an hour and device, and count them all', async () => {
    const { it: all, keep, kept } = await letters();
    for (const at of [0, 0.5, 1.5]) await keep(at * HOUR, unknownOnly('new firmware'));
    expect(kept()).toEqual(['1.5 new firmware', '0 new firmware']);
    expect(all.counts()).toEqual([{ device: 'WP-1', reason: 'empty', count: 3 }]);
  });

  it('keep every packet that is really empty, also beside unknown fields', async () => {
    const { keep, kept } = await letters();
    await keep(0, unknownOnly('new firmware'));
    await keep(0, empty('the payload has no bytes'));
    await keep(0, empty('an array without samples'));
    expect(kept()).toEqual(['0 an array without samples', '0 the payload has no bytes', '0 new firmware']);
  });

  it('lose the oldest past their age, and past their bytes; the counts stay, and how many went is known', async () => {
    const { it: all, keep, kept } = await letters({ maxBytes: MIB, keep: 24 * HOUR });
    await keep(0, empty('old'));
    await keep(24 * HOUR, empty('young'));
    await all.purge(24 * HOUR + 1);
    expect(kept()).toEqual(['24 young']);
    for (let nth = 0; nth < 300; nth++) await keep(24 * HOUR, empty(`large ${nth}`), 'x'.repeat(5_000));
    await all.purge(24 * HOUR + 1);
    expect(all.list({ limit: 1_000 }).length).toBeLessThan(260);
    expect(kept()[0]).toBe('24 large 299');
    expect(all.purged()).toBe(302 - all.list({ limit: 1_000 }).length);
    expect(all.counts()).toEqual([{ device: 'WP-1', reason: 'empty', count: 302 }]);
  });

  it('that went for want of room are known for a day; those that went for their age are not among them', async () => {
    const { it: all, keep } = await letters({ maxBytes: MIB, keep: 24 * HOUR });
    await keep(0, empty('old'));
    await all.purge(25 * HOUR);
    expect([all.purged(), all.purgedLately(25 * HOUR)]).toEqual([1, 0]);
    for (let nth = 0; nth < 300; nth++) await keep(25 * HOUR, empty(`large ${nth}`), 'x'.repeat(5_000));
    await all.purge(25 * HOUR);
    const gone = all.purged() - 1;
    expect(gone).toBeGreaterThan(40);
    expect([25, 40, 49, 51].map((hour) => all.purgedLately(hour * HOUR))).toEqual([gone, gone, gone, 0]);
  });

  it('keep one letter for a record of the journal, however often they are told of it', async () => {
    const { it: all } = await letters();
    const sample = { device: 'WP-1', kind: 'x', ts: 5, values: { level: 1 } };
    const record = { type: 'sample' as const, offset: 7, at: 9, sample };
    await all.keepRecord('town', record, 'the store does not take it');
    await all.keepRecord('town', record, 'the store does not take it');
    expect(all.list({ limit: 10 })).toMatchObject([
      {
        ...{ at: 9, topic: 'town/x/WP-1/telemetry', device: 'WP-1', reason: 'store-rejected', field: null },
        ...{ detail: 'the store does not take it', payload: '{"ts":5,"level":1}' },
      },
    ]);
  });
});

describe('a message with thousands of bad samples', () => {
  const flood = (device: string, count: number): Rejected[] =>
    Array.from({ length: count }, (_, nth) => ({
      ...{ reason: 'unknown-device', device: `${device}-${nth}`, field: null, detail: 'nobody knows it' },
    }));

  it('has a letter for each, the first ones with what was sent, and names that nobody registered fill no table', async () => {
    const store = await temporaryStore();
    const all = new DeadLetters(store, { maxBytes: 64 * MIB, keep: 24 * HOUR });
    const payload = Buffer.from('y'.repeat(4_096));
    await store.transaction(() => all.keep({ topic: 't', payload, kind: 'x', letters: flood('X', 5_000) }, 0));
    const letters = all.list({ limit: 10_000 });
    expect(letters).toHaveLength(5_000);
    expect(letters.filter((letter) => letter.payload !== null)).toHaveLength(8);
    expect(all.counts()).toEqual([{ device: '', reason: 'unknown-device', count: 5_000 }]);
  });

  it('goes in one purge when its time is over, however many there are', async () => {
    const store = await temporaryStore();
    const all = new DeadLetters(store, { maxBytes: 64 * MIB, keep: HOUR });
    await store.transaction(() =>
      all.keep({ topic: 't', payload: Buffer.from('z'), kind: 'x', letters: flood('X', 3_500) }, 0),
    );
    await all.purge(2 * HOUR);
    expect([all.list({ limit: 10 }).length, all.purged()]).toEqual([0, 3_500]);
  });
});
