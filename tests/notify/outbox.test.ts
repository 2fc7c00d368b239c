import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import type { Store } from '../../src/kernel/store.ts';
import type { Alert, AlertEvent, News } from '../../src/model/alert.ts';
import type { Channel, Notice } from '../../src/notify/channel.ts';
import { Outbox } from '../../src/notify/outbox.ts';
import { temporaryStore } from '../support/temporary.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

/** Each of a rule of its own, so that it is told by itself. */
const notice = (id: string, event: AlertEvent = 'fired'): News => ({ alert: { id, rule: id } as Alert, event });

/** Lets everything go on that waits for no clock, until `condition`. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** A clock on which no wait takes any time; it notes what was waited for. */
class HastyClock implements Clock {
  readonly waits: number[] = [];

  now(): number {
    return 0;
  }

  after(name: string, ms: number, run: () => void) {
    if (name === 'tell again') this.waits.push(ms);
    const handle = setImmediate(run);
    return { stop: () => clearImmediate(handle) };
  }

  every(): never {
    throw new Error('nothing here comes again and again');
  }
}

/** A channel that notes what it is asked to tell, and fails where the test says so. */
class Listening implements Channel {
  readonly name = 'trial';
  readonly heard: string[] = [];
  readonly keys: string[] = [];
  /** What becomes of a delivery; called with its number, from 1 on. */
  answer: (delivery: number) => Promise<void> | void = () => {};

  async deliver({ alerts, event }: Notice, key: string): Promise<void> {
    this.heard.push(`${event} ${alerts.map(({ id }) => id).join(' ')}`);
    this.keys.push(key);
    await this.answer(this.heard.length);
  }
}

async function outbox(options: { store?: Store; suppressed?: () => string | null; realClock?: Clock } = {}) {
  const store = options.store ?? (await temporaryStore());
  const channel = new Listening();
  const realClock = new HastyClock();
  const clocks = { clock: new TrialClock(NOW), realClock: options.realClock ?? realClock };
  const it = new Outbox(store, channel, clocks, silentLogger, options.suppressed ?? (() => null));
  onTestFinished(() => it.stop());
  const add = async (...notices: News[]) => {
    await store.transaction(() => it.add(notices));
    it.wake();
  };
  return { store, channel, realClock, it, add };
}

describe('a notice', () => {
  it('of an alert that is raised again has a key of its own', async () => {
    const { it: box, channel, add } = await outbox();
    const raised = (decidedAt: string): News => ({
      alert: { id: 'a', rule: decidedAt, decidedAt } as Alert,
      event: 'raised',
    });
    box.start();
    await add(raised('2026-11-22T12:00:00.000Z'), raised('2026-11-22T13:00:00.000Z'));
    await until(() => channel.keys.length === 2);
    expect(new Set(channel.keys).size).toBe(2);
  });

  it("is told once, in the order of the decisions, and noted with the town's time", async () => {
    const { it: box, channel, add } = await outbox();
    box.start();
    await add(notice('a'), notice('b'));
    await add(notice('a', 'resolved'));
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired a', 'fired b', 'resolved a']);
    expect(channel.keys).toEqual(['a:fired', 'b:fired', 'a:resolved']);
    const told = { channel: 'trial', at: '2026-11-22T12:00:00.000Z', outcome: 'sent', reason: null, attempts: 1 };
    expect([box.toldOf('a'), box.toldOf('b'), box.toldOf('c')]).toEqual([[told, told], [told], []]);
  });

  it('that came before the start is told at the start', async () => {
    const { it: box, channel, add } = await outbox();
    await add(notice('a'));
    expect([box.waiting(), channel.heard]).toEqual([1, []]);
    box.start();
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired a']);
  });

  it('of a transaction that came to nothing is never told', async () => {
    const { it: box, store, channel, add } = await outbox();
    box.start();
    const failing = store.transaction(() => {
      box.add([notice('a')]);
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow();
    box.wake();
    await add(notice('b'));
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired b']);
  });

  it('is put in beside what is being told just then, and loses its turn to nobody', async () => {
    const { it: box, channel, add } = await outbox();
    let finish = () => {};
    channel.answer = (delivery) => (delivery === 1 ? new Promise((resolve) => (finish = resolve)) : undefined);
    box.start();
    await add(notice('a'));
    await until(() => channel.heard.length === 1);
    await add(notice('b'), notice('c'));
    finish();
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired a', 'fired b', 'fired c']);
  });
});

describe('a channel that fails', () => {
  const fail = () => {
    throw new Error('connection refused');
  };

  it('is tried again with the same key until it succeeds, and the attempts are counted', async () => {
    const { it: box, channel, add } = await outbox();
    channel.answer = (delivery) => (delivery <= 3 ? fail() : undefined);
    box.start();
    await add(notice('a'), notice('b'));
    await until(() => box.waiting() === 0);
    expect(channel.keys).toEqual(['a:fired', 'a:fired', 'a:fired', 'a:fired', 'b:fired']);
    expect(box.toldOf('a')).toMatchObject([{ outcome: 'sent', attempts: 4 }]);
    expect(box.toldOf('b')).toMatchObject([{ outcome: 'sent', attempts: 1 }]);
  });

  it('is left in peace twice as long each time, but for a minute at most', async () => {
    const { it: box, channel, add, realClock } = await outbox();
    channel.answer = fail;
    box.start();
    await add(notice('a'));
    await until(() => realClock.waits.length >= 10);
    for (const [index, wait] of realClock.waits.entries()) {
      const whole = Math.min(60_000, 1_000 * 2 ** index);
      // Half of a wait is chance.
      expect(wait).toBeGreaterThanOrEqual(whole / 2);
      expect(wait).toBeLessThanOrEqual(whole);
    }
  });

  it('begins with a short wait again after a success', async () => {
    const { it: box, channel, add, realClock } = await outbox();
    channel.answer = (delivery) => (delivery <= 5 || delivery === 7 ? fail() : undefined);
    box.start();
    await add(notice('a'), notice('b'));
    await until(() => box.waiting() === 0);
    expect(realClock.waits.length).toBe(6);
    expect(realClock.waits[4]).toBeGreaterThanOrEqual(8_000);
    expect(realClock.waits[5]).toBeLessThanOrEqual(1_000);
  });
});

describe('P9: a kill', () => {
  it("between the channel's answer and our commit tells it again under the same key, and only then", async () => {
    const store = await temporaryStore();
    const channel = new Listening();
    const failing: Store = {
      ...{ table: store.table.bind(store), bytes: store.bytes.bind(store), close: store.close.bind(store) },
      // The channel has answered; nothing of it is written any more.
      transaction: (change) => (channel.heard.length === 1 ? new Promise(() => {}) : store.transaction(change)),
    };
    const killed = new Outbox(
      failing,
      channel,
      { clock: new TrialClock(NOW), realClock: new TrialClock(0) },
      silentLogger,
      () => null,
    );
    await store.transaction(() => killed.add([notice('a'), notice('b')]));
    killed.start();
    await until(() => channel.heard.length === 1);
    const { it: box, channel: after } = await outbox({ store });
    box.start();
    await until(() => box.waiting() === 0);
    expect([channel.keys, after.keys]).toEqual([['a:fired'], ['a:fired', 'b:fired']]);
    expect(box.toldOf('a').length).toBe(1);
    const { it: third, channel: later } = await outbox({ store });
    third.start();
    await third.stop();
    expect(later.keys).toEqual([]);
  });

  it('is the same as a commit that fails: it is told again under the same key', async () => {
    const store = await temporaryStore();
    let failures = 0;
    let heard = () => 0;
    const failing: Store = {
      ...{ table: store.table.bind(store), bytes: store.bytes.bind(store), close: store.close.bind(store) },
      transaction: (change) =>
        store.transaction(() => {
          const result = change();
          if (heard() > 0 && failures-- > 0) throw new Error('the disk is full');
          return result;
        }),
    };
    const { it: box, channel } = await outbox({ store: failing });
    heard = () => channel.heard.length;
    await store.transaction(() => box.add([notice('a')]));
    failures = 1;
    box.start();
    await until(() => box.waiting() === 0);
    expect(channel.keys).toEqual(['a:fired', 'a:fired']);
    expect(box.toldOf('a')).toMatchObject([{ outcome: 'sent', attempts: 2 }]);
  });
});

describe('a group', () => {
  /** A word of the same rule, severity and organisation as the others. */
  const alike = (id: string, event: AlertEvent = 'fired', more: Partial<Alert> = {}): News => ({
    ...{ event, alert: { id, rule: 'leak', severity: 'major', organisation: 'gas', ...more } as Alert },
  });
  /** A clock on which waits end when the test says so. */
  class Patient extends HastyClock {
    readonly ends: (() => void)[] = [];
    readonly rests: number[] = [];
    override after(name: string, ms: number, run: () => void) {
      if (name !== 'gather notices') return super.after(name, ms, run);
      this.rests.push(ms);
      this.ends.push(run);
      return { stop: () => {} };
    }
  }

  it('is told in one message, and noted with each of its alerts', async () => {
    const { it: box, channel, add } = await outbox();
    box.start();
    await add(
      alike('a'),
      notice('x'),
      alike('b'),
      alike('c', 'fired', { severity: 'critical' }),
      alike('d'),
      alike('e', 'resolved'),
    );
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired a b d', 'fired x', 'fired c', 'resolved e']);
    for (const id of ['a', 'b', 'd']) expect(box.toldOf(id)).toMatchObject([{ outcome: 'sent', attempts: 1 }]);
  });

  it('is told at once; what comes of it next is gathered, and the longer the longer it goes on', async () => {
    const realClock = new Patient();
    const { it: box, channel, add } = await outbox({ realClock });
    box.start();
    await add(alike('a'));
    await until(() => realClock.ends.length === 1);
    await add(alike('b'));
    await add(alike('c'), notice('x'));
    await until(() => channel.heard.includes('fired x'));
    expect(channel.heard).toEqual(['fired a', 'fired x']);
    realClock.ends[0]?.();
    await until(() => box.waiting() === 0 && realClock.ends.length === 3);
    expect(channel.heard).toEqual(['fired a', 'fired x', 'fired b c']);
    // [a, x, and then b with c]: at least as long as the first at most.
    expect(realClock.rests[2]).toBeGreaterThanOrEqual(1_000);
    // Nothing came: it begins anew.
    realClock.ends[2]?.();
    await add(alike('d'));
    await until(() => realClock.ends.length === 4);
    expect(realClock.rests[3]).toBeLessThanOrEqual(1_000);
  });

  it('never tells the end of an alert before its beginning', async () => {
    const realClock = new Patient();
    const { it: box, channel, add } = await outbox({ realClock });
    box.start();
    await add(alike('a'));
    await until(() => realClock.ends.length === 1);
    await add(alike('b'), alike('b', 'resolved'), alike('c', 'resolved'));
    await until(() => realClock.ends.length === 2);
    expect(channel.heard).toEqual(['fired a', 'resolved c']);
    realClock.ends[0]?.();
    await until(() => realClock.ends.length === 3);
    realClock.ends[1]?.();
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired a', 'resolved c', 'fired b', 'resolved b']);
  });

  it('stays as it is once it was tried, through a kill as well: the same key means the same message (P9)', async () => {
    const store = await temporaryStore();
    const channel = new Listening();
    channel.answer = () => new Promise(() => {});
    const clocks = { clock: new TrialClock(NOW), realClock: new HastyClock() };
    const killed = new Outbox(store, channel, clocks, silentLogger, () => null);
    await store.transaction(() => killed.add([alike('a'), alike('b')]));
    killed.start();
    await until(() => channel.heard.length === 1);
    await store.transaction(() => killed.add([alike('c')]));
    // Killed; the channel has heard of a and b, and another Townpulse comes.
    const { it: box, channel: after } = await outbox({ store });
    box.start();
    await until(() => box.waiting() === 0);
    expect([after.heard, after.keys[0]]).toEqual([['fired a b', 'fired c'], channel.keys[0]]);
    expect(box.toldOf('a')).toHaveLength(1);
  });

  it('leaves out what nobody is to be told of, and notes why', async () => {
    const { it: box, channel, add } = await outbox();
    box.start();
    await add({ ...alike('a'), suppressed: 'flapping' }, alike('b'));
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired b']);
    expect(box.toldOf('a')).toMatchObject([{ outcome: 'suppressed', reason: 'flapping', attempts: 0 }]);
  });
});

describe('while history is being made', () => {
  it('nobody is told, and it is noted why; afterwards they are', async () => {
    let reason: string | null = 'history';
    const { it: box, channel, add } = await outbox({ suppressed: () => reason });
    box.start();
    await add(notice('a'), notice('a', 'resolved'));
    expect(box.waiting()).toBe(0);
    reason = null;
    await add(notice('b'));
    await until(() => box.waiting() === 0);
    expect(channel.heard).toEqual(['fired b']);
    expect(box.toldOf('a')).toMatchObject([
      { outcome: 'suppressed', reason: 'history', attempts: 0 },
      { outcome: 'suppressed', reason: 'history', attempts: 0 },
    ]);
  });
});

describe('a stop', () => {
  it('finishes the delivery under way and leaves the rest for the next start', async () => {
    const { it: box, store, channel, add } = await outbox();
    let finish = () => {};
    channel.answer = () => new Promise((resolve) => (finish = resolve));
    box.start();
    await add(notice('a'), notice('b'));
    await until(() => channel.heard.length === 1);
    const stopped = box.stop();
    finish();
    await stopped;
    expect([channel.heard, box.waiting()]).toEqual([['fired a'], 1]);
    const { it: next, channel: later } = await outbox({ store });
    next.start();
    await until(() => next.waiting() === 0);
    expect(later.heard).toEqual(['fired b']);
  });

  it('does not wait out the time until the next try', async () => {
    const { it: box, channel, add } = await outbox({ realClock: new TrialClock(0) });
    channel.answer = () => {
      throw new Error('connection refused');
    };
    box.start();
    await add(notice('a'));
    await until(() => channel.heard.length === 1);
    await box.stop();
    expect([channel.heard.length, box.waiting()]).toEqual([1, 1]);
  });

  it('ends one that has nothing to tell, or was never started', async () => {
    const { it: box } = await outbox();
    await box.stop();
    const { it: idle } = await outbox();
    idle.start();
    await idle.stop();
    expect(idle.waiting()).toBe(0);
  });
});
