import { describe, expect, it } from 'vitest';
import { Gate } from '../../src/broker/gate.ts';
import { Intake } from '../../src/broker/intake.ts';
import { DeadLetters } from '../../src/decode/deadletters.ts';
import { Decoder } from '../../src/decode/decoder.ts';
import { compileFields } from '../../src/decode/fields.ts';
import { Replay, type ReplayJournal } from '../../src/decode/replay.ts';
import { createUnique } from '../../src/decode/unique.ts';
import { Journal } from '../../src/journal/journal.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { DeadLetterReason } from '../../src/model/deadletter.ts';
import { balance } from '../../src/model/ledger.ts';
import type { Sample } from '../../src/model/sample.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryStore } from '../support/temporary.ts';

const ARRIVED = Date.parse('2026-01-01T00:00:00Z');
const DAY = 86_400_000;
const WATER = 'water-pressure';

type Known = Map<string, { kind: string; gateway: string | null; retiredAt: number | null }>;

/** The way of a message from the gate into the journal, all parts real, and a replay beside it. */
async function door() {
  const store = await temporaryStore();
  const clock = new TrialClock(ARRIVED);
  const journal = new Journal(store, clock, { maxBytes: 1e9, keep: DAY, keepBytes: 1e9 }, []);
  const devices: Known = new Map([['WP-1', { kind: WATER, gateway: null, retiredAt: null }]]);
  const letters = new DeadLetters(store, { maxBytes: 1e9, keep: 30 * DAY });
  const intake = new Intake(store, SMALL_KINDS);
  const { unique, newest } = createUnique(0);
  const directory = { find: (id: string) => devices.get(id) };
  const decoder = new Decoder(compileFields(SMALL_KINDS), directory, { maxAge: 30 * DAY, maxAhead: 300_000 }, unique);
  const gate = new Gate(
    { decode: (message) => decoder.decode({ ...message, arrival: journal.arrival(), wall: null }) },
    { append: (records, alongside) => journal.append(records, alongside), held: () => null },
    {
      count: (messages) => intake.count(messages, newest()),
      keep: (refused, at) => letters.keep({ ...refused, kind: intake.countedAs(refused.kind) }, at),
    },
    clock,
    silentLogger,
  );
  let held: string | null = null;
  const into: ReplayJournal = {
    append: (records, alongside) => journal.append(records, alongside),
    held: () => held,
    reached: async () => true,
  };
  const replayInto = (target: ReplayJournal) => new Replay(letters, decoder, target, intake, silentLogger);
  const replay = replayInto(into);
  return {
    ...{ store, clock, journal, devices, letters, intake, replay, replayInto },
    hold: (reason: string | null) => {
      held = reason;
    },
    register: (id: string, kind = WATER, gateway: string | null = null) =>
      devices.set(id, { kind, gateway, retiredAt: null }),
    /** Lets a message in, of the device itself unless another one publishes it. */
    send: (payload: unknown, by: { device?: string; publisher?: string; kind?: string } = {}) => {
      const { device = by.publisher ?? 'WP-1', kind = WATER } = by;
      const publisher = by.publisher ?? device;
      const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
      const topic = `lailong/${kind}/${device}/telemetry`;
      return new Promise<void>((resolve) => gate.admit({ publisher, kind, device, topic, payload: bytes }, resolve));
    },
    samples: (): Sample[] => journal.read(0, 1, 1e6).flatMap((one) => (one.type === 'sample' ? one.sample : [])),
    ledger: () => balance({ intake: intake.counts(), history: {}, pending: journal.countSamples(1) }),
    ids: (reason: DeadLetterReason) =>
      letters
        .list({ reason, limit: 10_000 })
        .map(({ id }) => id)
        .reverse(),
  };
}

const nothing = { replayed: 0, refused: [], refusedInAll: 0, refusedAgain: 0 };
const refusal = (id: number, reason: string) => ({
  ...{ replayed: 0, refusedInAll: 1, refusedAgain: 0, refused: [{ id, reason: expect.stringContaining(reason) }] },
});

describe('a dead letter whose cause is mended', () => {
  it('comes into the journal as what it was: rejected - 1, pending + 1, and only once', async () => {
    const it = await door();
    const ts = ARRIVED - 60_000;
    await it.send([{ device: 'WP-2', ts, seq: 7, pressure: 0.31 }], { publisher: 'WP-1' });
    const [id = 0] = it.ids('unknown-device');
    expect(it.ledger()).toMatchObject({ received: 1, rejected: 1, pending: 0, balanced: true });
    expect(await it.replay.replay({ ids: [id] }, 'test')).toEqual(
      refusal(id, 'unknown-device: "WP-2" is not registered'),
    );
    expect(it.ledger()).toMatchObject({ received: 1, rejected: 1, pending: 0, balanced: true });

    it.register('WP-2', WATER, 'WP-1');
    // Two months later it is older than any message may be: it counts as of its arrival.
    it.clock.advance(60 * DAY);
    expect(await it.replay.replay({ reason: 'unknown-device' }, 'test')).toEqual({ ...nothing, replayed: 1 });
    expect(it.samples()).toEqual([{ device: 'WP-2', kind: WATER, ts, seq: 7, values: { pressure: 0.31 } }]);
    expect(it.ledger()).toMatchObject({ received: 1, rejected: 0, pending: 1, balanced: true });
    expect(it.letters.get(id)?.replayed).toBe(true);

    expect(await it.replay.replay({ ids: [id, id] }, 'test')).toEqual(refusal(id, 'replayed already'));
    expect(await it.replay.replay({ reason: 'unknown-device' }, 'test')).toEqual(nothing);
    expect(it.samples()).toHaveLength(1);
  });

  it('is only that one sample of its message: the others are in the journal already', async () => {
    const it = await door();
    const of = (device: string, back: number) => ({ device, ts: ARRIVED - back, pressure: 0.3 });
    await it.send([of('WP-1', 4), of('WP-2', 3), of('WP-1', 2), of('WP-3', 1)], { publisher: 'WP-1' });
    it.register('WP-2', WATER, 'WP-1');
    it.register('WP-3', WATER, 'WP-1');
    const [, third = 0] = it.ids('unknown-device');
    expect(await it.replay.replay({ ids: [third] }, 'test')).toEqual({ ...nothing, replayed: 1 });
    expect(it.samples().map(({ device }) => device)).toEqual(['WP-1', 'WP-1', 'WP-3']);
    expect(it.ledger()).toMatchObject({ received: 4, rejected: 1, pending: 3, balanced: true });
  });

  it('gets the time of its arrival where it was sent without one', async () => {
    const it = await door();
    await it.send({ pressure: 0.3 }, { device: 'WP-2' });
    it.register('WP-2');
    it.clock.advance(3_600_000);
    await it.replay.replay({ reason: 'unknown-device' }, 'test');
    expect(it.samples()).toMatchObject([{ ts: ARRIVED, assigned: true }]);
  });

  it('counts under the kind that its sample is of, also where its topic said another', async () => {
    const it = await door();
    const sample = { device: 'LC-1', ts: ARRIVED, lampsLit: 3 };
    await it.send([sample], { publisher: 'WP-1' });
    await it.send([{ ...sample, ts: ARRIVED - 1 }], { publisher: 'WP-1', kind: 'no-such-kind' });
    expect(it.ledger().byKind).toMatchObject({ [WATER]: { rejected: 1 }, unknown: { rejected: 1 } });
    it.register('LC-1', 'lighting-controller', 'WP-1');
    expect(await it.replay.replay({ reason: 'unknown-device' }, 'test')).toEqual({ ...nothing, replayed: 2 });
    expect(it.ledger()).toMatchObject({ received: 2, rejected: 0, pending: 2, balanced: true });
    expect(it.ledger().byKind).toMatchObject({ 'lighting-controller': { received: 2, pending: 2 } });
  });

  it('leaves a letter of a field that is unusable still, beside the ledger', async () => {
    const it = await door();
    await it.send({ ts: ARRIVED, pressure: 0.3, battery: 900 }, { device: 'WP-2' });
    it.register('WP-2');
    expect(await it.replay.replay({ reason: 'unknown-device' }, 'test')).toEqual({ ...nothing, replayed: 1 });
    expect(it.samples()).toMatchObject([{ values: { pressure: 0.3 } }]);
    expect(it.letters.list({ reason: 'out-of-range', limit: 5 })).toMatchObject([{ device: 'WP-2', field: 'battery' }]);
    expect(it.intake.counts().fieldsRejected).toBe(1);
    expect(it.ledger()).toMatchObject({ received: 1, rejected: 0, pending: 1, balanced: true });
  });

  it('that the store had refused is the very sample, whatever its age', async () => {
    const it = await door();
    const sample: Sample = {
      ...{ device: 'WP-1', kind: WATER, ts: ARRIVED - 400 * DAY, values: { pressure: 0.2 } },
      ...{ seq: 9, deviceTs: 5, assigned: true },
    };
    await it.letters.keepRecord('town', { type: 'sample', offset: 99, at: ARRIVED, sample }, 'no');
    const history = { [WATER]: { stored: 0, merged: 0, duplicate: 0, rejected: 1 } };
    expect(await it.replay.replay({ reason: 'store-rejected' }, 'test')).toEqual({ ...nothing, replayed: 1 });
    expect(it.samples()).toEqual([sample]);
    const { kinds } = it.intake.counts();
    expect(kinds[WATER]).toEqual({ received: 0, rejected: -1 });
    const whole = { kinds: { [WATER]: { received: 1, rejected: -1 } }, fieldsRejected: 0, fieldsUnknown: 0 };
    expect(balance({ intake: whole, history, pending: it.journal.countSamples(1) })).toMatchObject({
      ...{ received: 1, rejected: 0, pending: 1, balanced: true },
    });
  });

  it('comes also among hundreds that are bad still, each told', async () => {
    const it = await door();
    const many = Array.from({ length: 450 }, (_, nth) => nth);
    for (const nth of many) await it.send({ ts: ARRIVED - nth, pressure: 0.3 }, { device: `WP-${2 + (nth % 3)}` });
    it.register('WP-3');
    const { replayed, refused, refusedInAll } = await it.replay.replay({ reason: 'unknown-device' }, 'test');
    expect([replayed, refused.length, refusedInAll]).toEqual([150, 300, 300]);
    expect(new Set(it.samples().map(({ ts }) => ts)).size).toBe(150);
    expect(it.ledger()).toMatchObject({ received: 450, rejected: 300, pending: 150, balanced: true });
  });

  it('comes once though the store refuses it again meanwhile', async () => {
    const it = await door();
    const refuse = (sample: Sample) => {
      const letter = { device: 'WP-1', field: null, reason: 'store-rejected' as const, detail: 'no' };
      it.letters.keep({ topic: 't', payload: Buffer.from('{}'), kind: WATER, letters: [letter], sample }, ARRIVED);
    };
    const samples = [1, 2, 3].map((ts) => ({ device: 'WP-1', kind: WATER, ts, values: { pressure: 0.2 } }));
    await it.store.transaction(() => samples.forEach(refuse));
    const stubborn = it.replayInto({
      ...{ held: () => null, reached: async () => true },
      append: (records, alongside) =>
        it.journal.append(records, (appended) => {
          alongside(appended);
          for (const { sample } of records) refuse(sample);
        }),
    });
    expect(await stubborn.replay({ reason: 'store-rejected' }, 'test')).toEqual({ ...nothing, replayed: 3 });
    expect(it.ids('store-rejected')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(it.samples()).toEqual(samples);
  });

  it.each([
    ['all of them, when the history has come to them', true, 2],
    ['nothing, while it has not', false, null],
  ])('that the store refuses again is told: %s', async (_what, isReached, refusedAgain) => {
    const it = await door();
    const samples = [1, 2, 3].map((ts) => ({ device: 'WP-1', kind: WATER, ts, values: { pressure: 0.2 } }));
    const refuse = (offset: number, sample: Sample) =>
      it.letters.keepRecord('town', { type: 'sample', offset, at: ARRIVED, sample }, 'no');
    for (const [index, sample] of samples.entries()) await refuse(index + 1, sample);
    // The journal goes on after what it once held, so that its offsets are not those of the first refusal.
    await it.journal.append(samples.map((sample) => ({ type: 'sample', sample })));
    const asked: number[] = [];
    const stubborn = it.replayInto({
      ...{ held: () => null, append: (records, alongside) => it.journal.append(records, alongside) },
      reached: async (end) => {
        asked.push(end);
        for (const { offset, type } of it.journal.read(0, 5, 10)) {
          if (type === 'sample') await refuse(offset, samples[offset - 4] as Sample);
        }
        return isReached;
      },
    });
    expect(await stubborn.replay({ reason: 'store-rejected' }, 'test')).toEqual({
      ...nothing,
      replayed: 3,
      refusedAgain,
    });
    expect(asked).toEqual([7]);
  });

  it('comes once where two ask at the same time', async () => {
    const it = await door();
    for (let nth = 0; nth < 300; nth++) await it.send({ ts: ARRIVED - nth, pressure: 0.3 }, { device: 'WP-2' });
    it.register('WP-2');
    const both = await Promise.all([1, 2].map(() => it.replay.replay({ reason: 'unknown-device' }, 'test')));
    expect(both.map(({ replayed }) => replayed).sort()).toEqual([0, 300]);
    expect(it.samples()).toHaveLength(300);
  });
});

describe('a dead letter is refused in words, and stays one', () => {
  it.each<[string, unknown, DeadLetterReason, string]>([
    ['about a field only', { ts: ARRIVED, pressure: 0.3, battery: 900 }, 'out-of-range', 'about a field only'],
    ['still out of range', { ts: ARRIVED, pressure: 9 }, 'out-of-range', 'out-of-range: '],
    ['no JSON', Buffer.from('no JSON'), 'malformed', 'malformed: not JSON'],
    ['no text', Buffer.from('{"pressure":0.3,"x":"\xff"}', 'latin1'), 'malformed', 'only a part of its payload'],
    ['longer than what is kept', { ts: ARRIVED, pressure: 9, note: 'x'.repeat(4_096) }, 'out-of-range', '4 KiB'],
  ])('%s', async (_what, payload, reason, words) => {
    const it = await door();
    await it.send(payload);
    const [before, samples] = [it.ledger(), it.samples()];
    const [id = 0] = it.ids(reason);
    expect(await it.replay.replay({ ids: [id] }, 'test')).toEqual(refusal(id, words));
    expect([it.ledger(), it.samples()]).toEqual([before, samples]);
    expect(it.letters.get(id)).toMatchObject({ reason, replayed: false });
    expect(it.letters.list({ limit: 10 })).toHaveLength(1);
  });

  it('one of a list that came without times: its own cannot be known any more', async () => {
    const it = await door();
    await it.send([{ pressure: 0.3 }, { device: 'WP-2', pressure: 0.3 }]);
    const [id = 0] = it.ids('unknown-device');
    it.register('WP-2', WATER, 'WP-1');
    expect(await it.replay.replay({ ids: [id] }, 'test')).toEqual(refusal(id, 'without a good time in a list'));
  });

  it('the ninth of a message, whose payload is not kept again; one of an older version; one that there is not', async () => {
    const it = await door();
    await it.send(Array.from({ length: 9 }, (_, nth) => ({ ts: ARRIVED, pressure: 10 + nth })));
    const ninth = it.ids('out-of-range')[8] ?? 0;
    expect(await it.replay.replay({ ids: [ninth] }, 'test')).toEqual(refusal(ninth, 'its payload was not kept'));
    const table = it.store.table<number, object>('deadletters');
    const { origin: _, ...older } = (table.get(1) ?? {}) as { origin?: unknown };
    await it.store.transaction(() => table.put(1, older));
    expect(await it.replay.replay({ ids: [1] }, 'test')).toEqual(refusal(1, 'an older version kept it'));
    expect(await it.replay.replay({ ids: [77] }, 'test')).toEqual(refusal(77, 'there is no such letter'));
  });
});

describe('a replay that cannot be written', () => {
  it('says so while nothing is taken, and leaves everything as it was', async () => {
    const it = await door();
    await it.send({ ts: ARRIVED, pressure: 0.3 }, { device: 'WP-2' });
    it.register('WP-2');
    it.hold('the journal is full');
    await expect(it.replay.replay({ reason: 'unknown-device' }, 'test')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the journal is full'),
    });
    it.hold(null);
    expect(await it.replay.replay({ reason: 'unknown-device' }, 'test')).toEqual({ ...nothing, replayed: 1 });
  });

  it('is all or nothing: samples, counts and the note that it was replayed are one transaction', async () => {
    const it = await door();
    await it.send({ ts: ARRIVED, pressure: 0.3 }, { device: 'WP-2' });
    it.register('WP-2');
    const broken = it.replayInto({
      ...{ held: () => null, reached: async () => true },
      append: (records, alongside) =>
        it.journal.append(records, (appended) => {
          alongside(appended);
          throw new Error('the disk is gone');
        }),
    });
    const before = it.ledger();
    await expect(broken.replay({ reason: 'unknown-device' }, 'test')).rejects.toThrow('the disk is gone');
    expect([it.ledger(), it.samples(), it.letters.get(1)?.replayed]).toEqual([before, [], false]);
    expect(await it.replay.replay({ reason: 'unknown-device' }, 'test')).toEqual({ ...nothing, replayed: 1 });
    expect(it.ledger()).toMatchObject({ received: 1, rejected: 0, pending: 1, balanced: true });
  });
});
