import { describe, expect, it, onTestFinished } from 'vitest';
import { Fleet } from '../../simulators/fleet.ts';
import { type Clock, TrialClock } from '../../src/kernel/clock.ts';
import { freePort } from '../support/port.ts';
import { TestBroker } from './support/broker.ts';

const TOPIC = 'town/kind/a/telemetry';

/** A fleet on a trial clock; `waits` are those before its next attempts, ms, in the order they began. */
function fleetOf(url: string, ...ids: string[]): { fleet: Fleet; clock: TrialClock; waits: number[] } {
  const clock = new TrialClock(0);
  const waits: number[] = [];
  const watched: Clock = {
    now: () => clock.now(),
    every: (name, ms, run) => clock.every(name, ms, run),
    after: (name, ms, run) => {
      if (name.endsWith('connects again')) waits.push(ms);
      return clock.after(name, ms, run);
    },
  };
  const secrets = new Map(ids.map((id) => [id, `secret of ${id}`]));
  const fleet = new Fleet({ url, secrets, seed: 1, clock: watched });
  onTestFinished(async () => {
    const stopped = fleet.stop(0);
    clock.advance(60_000);
    await stopped;
  });
  return { fleet, clock, waits };
}

/** Resolves when the fleet has seen what the broker did; what it waits for comes by the event loop, not by a clock. */
async function seen(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a fleet', () => {
  it('connects each device under its own name, and speaks as it by QoS 1', async () => {
    const broker = await TestBroker.start();
    const ids = Array.from({ length: 120 }, (_, index) => `D-${index}`);
    const { fleet } = fleetOf(broker.url, ...ids);
    await fleet.open(ids);
    expect(fleet.totals().connected).toBe(120);
    for (const id of ids) fleet.publish(id, `town/kind/${id}/telemetry`, `{"of":"${id}"}`);
    await fleet.idle();
    expect(fleet.totals()).toMatchObject({ published: 120, acknowledged: 120, outstanding: 0, lost: 0, refused: [] });
    expect(broker.heard.map(({ user }) => user).sort()).toEqual([...ids].sort());
    for (const { user, topic } of broker.heard) expect(topic).toBe(`town/kind/${user}/telemetry`);
  });

  it('says where nobody answers', async () => {
    const port = await freePort();
    const { fleet } = fleetOf(`mqtt://127.0.0.1:${port}`, 'a', 'b');
    await expect(fleet.open(['a', 'b'])).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('waits longer after each failure, up to thirty seconds, and starts over once it was connected', async () => {
    const broker = await TestBroker.start();
    const { fleet, clock, waits } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    broker.refuses.set('a', 3);
    broker.breakConnections();
    for (let attempt = 0; attempt < 8; attempt++) {
      await seen(() => waits.length > attempt);
      const longest = Math.min(30_000, 1_000 * 2 ** attempt);
      expect(waits[attempt]).toBeGreaterThanOrEqual(longest / 2);
      expect(waits[attempt]).toBeLessThanOrEqual(longest);
      clock.advance(waits[attempt] ?? 0);
    }
    await seen(() => waits.length === 9);
    expect(fleet.totals()).toMatchObject({ connected: 0, refused: [] });

    broker.refuses.clear();
    clock.advance(30_000);
    await seen(() => fleet.totals().connected === 1);
    broker.breakConnections();
    await seen(() => waits.length === 10);
    expect(waits[9]).toBe(waits[0]);
  });

  it('sends again what was not acknowledged when its connection broke', async () => {
    const broker = await TestBroker.start();
    const { fleet, clock } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    broker.acknowledges = false;
    for (const number of [1, 2, 3]) fleet.publish('a', TOPIC, String(number));
    await broker.until(() => broker.heard.length >= 1);
    broker.breakConnections();
    await seen(() => fleet.totals().connected === 0);
    expect(fleet.totals()).toMatchObject({ published: 3, acknowledged: 0, outstanding: 3, lost: 0 });

    fleet.publish('a', TOPIC, '4');
    broker.heard.length = 0;
    broker.acknowledges = true;
    clock.advance(1_000);
    await fleet.idle();
    expect(broker.heard.map(({ payload }) => payload)).toEqual(['1', '2', '3', '4']);
    expect(fleet.totals()).toMatchObject({ published: 4, acknowledged: 4, outstanding: 0, lost: 0 });
  });

  it('outlives a broker that is gone for a while', async () => {
    const broker = await TestBroker.start();
    const ids = ['a', 'b', 'c'];
    const { fleet, clock } = fleetOf(broker.url, ...ids);
    await fleet.open(ids);
    await broker.stop();
    await seen(() => fleet.totals().connected === 0);
    for (const id of ids) fleet.publish(id, TOPIC, id);
    clock.advance(1_000);
    await broker.listen();
    let isIdle = false;
    const idle = fleet.idle().then(() => {
      isIdle = true;
    });
    await seen(() => {
      clock.advance(1_000);
      return isIdle;
    });
    await idle;
    expect(broker.heard.map(({ payload }) => payload).sort()).toEqual(ids);
    expect(fleet.totals()).toMatchObject({ connected: 3, acknowledged: 3, lost: 0 });
  });

  it.each([4, 5])(
    'reports whom the broker refuses (CONNACK %i), tries them no more, and goes on with the others',
    async (code) => {
      const broker = await TestBroker.start();
      broker.refuses.set('a', code);
      broker.refuses.set('c', code);
      const { fleet, clock } = fleetOf(broker.url, 'a', 'b', 'c');
      await fleet.open(['a', 'b', 'c']);
      expect(fleet.totals()).toMatchObject({ connected: 1, refused: ['a', 'c'] });
      for (const id of ['a', 'b', 'c']) fleet.publish(id, TOPIC, id);
      clock.advance(60_000);
      await fleet.idle();
      expect(broker.heard.map(({ payload }) => payload)).toEqual(['b']);
      expect(broker.signedIn).toEqual(['b']);
    },
  );

  it('keeps a memory of 500 messages a device, and counts those that it overwrites', async () => {
    const broker = await TestBroker.start();
    const { fleet, clock } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    await broker.stop();
    await seen(() => fleet.totals().connected === 0);
    for (let number = 1; number <= 503; number++) fleet.publish('a', TOPIC, String(number));
    expect(fleet.totals()).toMatchObject({ outstanding: 500, lost: 3 });
    await broker.listen();
    clock.advance(1_000);
    await fleet.idle();
    expect(broker.heard.map(({ payload }) => Number(payload))).toEqual(Array.from({ length: 500 }, (_, at) => at + 4));
  });
});

describe('a device that loses its power', () => {
  it('drops its connection once what it has sent is acknowledged, and comes back when it is let', async () => {
    const broker = await TestBroker.start();
    const { fleet } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    fleet.publish('a', TOPIC, 'last words');
    fleet.leave('a');
    await fleet.idle();
    await broker.until(() => broker.connected === 0);
    expect(fleet.totals()).toMatchObject({ connected: 0, acknowledged: 1, lost: 0 });
    fleet.publish('a', TOPIC, 'back');
    await fleet.idle();
    expect(broker.heard.map(({ payload }) => payload)).toEqual(['last words', 'back']);
  });

  it('loses with it what it has not got across, when the connection breaks too', async () => {
    const broker = await TestBroker.start();
    const { fleet, clock } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    broker.acknowledges = false;
    fleet.publish('a', TOPIC, 'last words');
    await broker.until(() => broker.heard.length === 1);
    fleet.leave('a');
    broker.breakConnections();
    await fleet.idle();
    clock.advance(60_000);
    expect(fleet.totals()).toMatchObject({ connected: 0, outstanding: 0, lost: 1 });
    expect(broker.signedIn).toEqual(['a']);
  });

  it('that comes back before its last words were acknowledged says each of them once more, not twice', async () => {
    const broker = await TestBroker.start();
    const { fleet } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    broker.acknowledges = false;
    fleet.publish('a', TOPIC, '1');
    await broker.until(() => broker.heard.length === 1);
    fleet.leave('a');
    broker.acknowledges = true;
    fleet.publish('a', TOPIC, '2');
    await fleet.idle();
    expect(broker.heard.map(({ payload }) => payload)).toEqual(['1', '1', '2']);
  });

  it('while it is still connecting gives that up, and nobody waits for it', async () => {
    const broker = await TestBroker.start();
    const { fleet } = fleetOf(broker.url, 'a', 'b');
    await fleet.open(['a']);
    fleet.join('b');
    fleet.leave('b');
    await fleet.idle();
    await fleet.open(['a']);
    expect(fleet.totals()).toMatchObject({ connected: 1, outstanding: 0 });
  });
});

describe('stopping a fleet', () => {
  it('waits for the last acknowledgements, then says goodbye', async () => {
    const broker = await TestBroker.start();
    const { fleet } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    fleet.publish('a', TOPIC, '1');
    expect(await fleet.stop(10_000)).toMatchObject({ published: 1, acknowledged: 1, outstanding: 0 });
    await broker.until(() => broker.connected === 0);
  });

  it('does not wait for ever on a broker that acknowledges nothing', async () => {
    const broker = await TestBroker.start();
    const { fleet, clock } = fleetOf(broker.url, 'a');
    await fleet.open(['a']);
    broker.acknowledges = false;
    fleet.publish('a', TOPIC, '1');
    await broker.until(() => broker.heard.length === 1);
    const stopped = fleet.stop(10_000);
    clock.advance(10_000);
    expect(await stopped).toMatchObject({ published: 1, acknowledged: 0, outstanding: 1 });
    await broker.until(() => broker.connected === 0);
  });
});
