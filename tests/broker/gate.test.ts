import { describe, expect, it } from 'vitest';
import { Gate } from '../../src/broker/gate.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { Sample } from '../../src/model/sample.ts';

const PAYLOAD = Buffer.from('0.3');

/** A journal whose syncs the test finishes by hand. */
function byHand() {
  const appends: { samples: Sample[]; sync: (error?: Error) => void }[] = [];
  let full = false;
  let broken = false;
  const journal = {
    held: () => {
      if (broken) throw new Error('the disk cannot be asked');
      return full ? 'the journal is full' : null;
    },
    append: (records: readonly { sample: Sample }[], alongside: (appended: { at: number }) => void) =>
      new Promise<void>((resolve, reject) => {
        const samples = records.map(({ sample }) => sample);
        appends.push({
          samples,
          sync: (error) => {
            if (error !== undefined) return reject(error);
            alongside({ at: 7 });
            resolve();
          },
        });
      }),
  };
  const kept: string[] = [];
  const counted: number[] = [];
  const decoder = {
    decode: ({ device, kind, payload }: { device: string; kind: string; payload: Buffer }) =>
      payload === PAYLOAD
        ? { samples: [{ device, kind, ts: 1, values: { pressure: 0.3 } }], rejected: [], fields: [], unknown: [] }
        : {
            samples: [],
            rejected: [{ reason: 'malformed' as const, device, field: null, detail: '' }],
            fields: [],
            unknown: [],
          },
  };
  const clock = new TrialClock(0);
  const gate = new Gate(
    decoder,
    journal,
    {
      count: (messages) => void counted.push(messages.length),
      keep: ({ letters }, at) => void kept.push(...letters.map(({ reason }) => `${reason} at ${at}`)),
    },
    clock,
    silentLogger,
  );
  const acknowledged: string[] = [];
  const admit = (device: string, payload = PAYLOAD) =>
    gate.admit({ publisher: device, kind: 'water-pressure', device, topic: '', payload }, () =>
      acknowledged.push(device),
    );
  return {
    gate,
    clock,
    appends,
    kept,
    counted,
    acknowledged,
    admit,
    setFull: (value: boolean) => {
      full = value;
    },
    setBroken: (value: boolean) => {
      broken = value;
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the gate', () => {
  it('acknowledges nothing before its samples are synced', async () => {
    const { appends, acknowledged, admit } = byHand();
    admit('a');
    await turn();
    expect([appends.length, acknowledged]).toEqual([1, []]);
    appends[0]?.sync();
    await turn();
    expect(acknowledged).toEqual(['a']);
  });

  it('syncs together what arrives while a sync is on its way', async () => {
    const { appends, acknowledged, admit } = byHand();
    admit('a');
    await turn();
    for (const device of ['b', 'c', 'd']) admit(device);
    await turn();
    expect(appends).toHaveLength(1);
    appends[0]?.sync();
    await turn();
    expect(appends[1]?.samples.map(({ device }) => device)).toEqual(['b', 'c', 'd']);
    expect(acknowledged).toEqual(['a']);
    appends[1]?.sync();
    await turn();
    expect(acknowledged).toEqual(['a', 'b', 'c', 'd']);
  });

  it('makes a payload that is no good durable as a dead letter before it answers', async () => {
    const { appends, acknowledged, kept, admit } = byHand();
    admit('a', Buffer.from('?'));
    await turn();
    expect([appends[0]?.samples, kept, acknowledged]).toEqual([[], [], []]);
    appends[0]?.sync();
    await turn();
    expect([kept, acknowledged]).toEqual([['malformed at 7'], ['a']]);
  });

  it('waits, and goes on by itself, where it cannot even be told whether there is room', async () => {
    const { gate, clock, appends, acknowledged, admit, setBroken } = byHand();
    setBroken(true);
    admit('a');
    await turn();
    expect([gate.paused, appends.length]).toEqual(['the disk cannot be asked', 0]);
    setBroken(false);
    clock.advance(1_000);
    await turn();
    appends[0]?.sync();
    await turn();
    expect([gate.paused, acknowledged]).toEqual([null, ['a']]);
  });

  it('keeps everything and answers nobody while the disk refuses, and goes on by itself in the same order', async () => {
    const { gate, clock, appends, acknowledged, admit } = byHand();
    admit('a');
    await turn();
    admit('b');
    appends[0]?.sync(new Error('no space left'));
    await turn();
    admit('c');
    await turn();
    expect([gate.paused, acknowledged, appends.length]).toEqual(['no space left', [], 1]);
    clock.advance(250);
    await turn();
    expect(appends[1]?.samples.map(({ device }) => device)).toEqual(['a', 'b', 'c']);
    appends[1]?.sync();
    await turn();
    expect([gate.paused, acknowledged]).toEqual([null, ['a', 'b', 'c']]);
  });

  it('takes nothing while the journal is full, and opens again without a message to wake it', async () => {
    const { gate, clock, appends, admit, setFull } = byHand();
    setFull(true);
    admit('a');
    await turn();
    expect([gate.paused, appends.length]).toEqual(['the journal is full', 0]);
    setFull(false);
    clock.advance(250);
    await turn();
    appends[0]?.sync();
    await turn();
    expect(gate.paused).toBe(null);
  });

  it('stops when what it took is answered, and takes nothing after', async () => {
    const { gate, appends, acknowledged, admit } = byHand();
    admit('a');
    await turn();
    const stopped = gate.stop();
    admit('late');
    appends[0]?.sync();
    await stopped;
    expect([acknowledged, appends.length]).toEqual([['a'], 1]);
  });
});
