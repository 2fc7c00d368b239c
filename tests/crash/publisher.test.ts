import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes, type PublishPacket } from 'aedes';
import { expect, onTestFinished, test } from 'vitest';
import type { Feed } from '../support/connection.ts';
import { Latencies } from '../support/latencies.ts';
import { Publisher, type PublisherOptions } from '../support/publisher.ts';

/** What the other tests trust: that the publisher tells the truth about what was acknowledged. */

interface Broker {
  port: number;
  received: { topic: string; payload: string; again: boolean }[];
  /** Cuts everybody off without a word, as kill -9 does, and is gone. */
  kill(): Promise<void>;
}

async function broker(options: { port?: number; answerAfterMs?: () => number } = {}): Promise<Broker> {
  const received: Broker['received'] = [];
  const aedes = await Aedes.createBroker({
    authenticate: (_client, user, password, done) => done(null, password?.toString() === `secret of ${user}`),
    authorizePublish: (_client, packet: PublishPacket, done) => {
      received.push({ topic: packet.topic, payload: String(packet.payload), again: packet.dup });
      const after = options.answerAfterMs?.() ?? 0;
      if (after === 0) done(null);
      else setTimeout(() => done(null), after);
    },
  });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  }).listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const kill = async () => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
  };
  onTestFinished(kill);
  return { port: (server.address() as { port: number }).port, received, kill };
}

interface Told extends Feed {
  acknowledgedIndexes: number[];
  sentAgainIndexes: number[];
}

function feed(name: string): Told {
  let count = 0;
  const told: Told = {
    clientId: name,
    user: name,
    secret: `secret of ${name}`,
    topic: `town/kind/${name}/telemetry`,
    acknowledgedIndexes: [],
    sentAgainIndexes: [],
    next: () => `${name} ${count++}${'.'.repeat(count % 300)}`,
    acknowledged: (index) => void told.acknowledgedIndexes.push(index),
    sentAgain: (index) => void told.sentAgainIndexes.push(index),
  };
  return told;
}

function publisher(port: number, feeds: Feed[], options: Partial<PublisherOptions> = {}): Publisher {
  const made = new Publisher({ host: '127.0.0.1', port, inFlight: 5, rate: null, reconnect: false, ...options }, feeds);
  onTestFinished(() => made.close());
  return made;
}

test('what it calls sent and acknowledged is what the broker took, each once and in order', async () => {
  const { port, received } = await broker();
  const feeds = [feed('a'), feed('b'), feed('c')];
  const publishing = publisher(port, feeds);
  await publishing.connect();
  publishing.run();
  while (received.length < 200) await sleep(5);
  publishing.pause();
  await publishing.settled();
  expect(publishing.acknowledged).toBe(received.length);
  expect(publishing.sent).toBe(received.length);
  for (const { user, topic, acknowledgedIndexes } of feeds) {
    const own = received.filter((message) => message.topic === topic);
    expect(own.map(({ payload }) => payload.replace(/\.+$/, ''))).toEqual(own.map((_, index) => `${user} ${index}`));
    expect(acknowledgedIndexes).toEqual(own.map((_, index) => index));
  }
});

test('no more is in flight on a connection than allowed', async () => {
  const { port, received } = await broker({ answerAfterMs: () => 100_000 });
  const publishing = publisher(port, [feed('a'), feed('b')]);
  await publishing.connect();
  publishing.run();
  while (received.length < 10) await sleep(5);
  await sleep(100);
  expect(received).toHaveLength(10);
  expect(publishing.inDoubt).toBe(10);
  expect(publishing.acknowledged).toBe(0);
});

test('a broker that dies leaves the unanswered in doubt; they are sent again, in order, to the one that comes after', async () => {
  const first = await broker({ answerAfterMs: () => (first.received.length > 40 ? 100_000 : 0) });
  const told = feed('a');
  const publishing = publisher(first.port, [told], { reconnect: true });
  await publishing.connect();
  publishing.run();
  // The last five are those that are not answered; that they were sent says that the forty before them were.
  while (first.received.length < 45) await sleep(5);
  publishing.pause();
  expect(publishing.inDoubt).toBe(5);
  const before = [...told.acknowledgedIndexes];
  await first.kill();
  await sleep(50);
  const second = await broker();
  publishing.moveTo(second.port);
  await publishing.settled();
  expect(told.sentAgainIndexes).toEqual([0, 1, 2, 3, 4].map((index) => before.length + index));
  expect(second.received.map(({ again }) => again)).toEqual([true, true, true, true, true]);
  expect(told.acknowledgedIndexes).toEqual([...before, ...told.sentAgainIndexes]);
});

test('it keeps to its rate, and counts the wait of what fell due while there was no room', async () => {
  const { port } = await broker({ answerAfterMs: () => 20 });
  const paced = publisher(port, [feed('a'), feed('b')], { rate: 200 });
  await paced.connect();
  const begun = performance.now();
  paced.run();
  await sleep(1_000);
  paced.pause();
  const perSecond = (paced.sent * 1_000) / (performance.now() - begun);
  await paced.settled();
  expect(perSecond).toBeGreaterThan(180);
  expect(perSecond).toBeLessThan(220);
  expect(paced.latencies.percentile(0.5)).toBeLessThan(150);

  const stuck = publisher(port, [feed('c')], { rate: 500, inFlight: 1 });
  await stuck.connect();
  stuck.run();
  await sleep(600);
  stuck.pause();
  await stuck.settled();
  expect(stuck.latencies.percentile(0.99)).toBeGreaterThan(300);
});

test('who is refused hears of it', async () => {
  const { port } = await broker();
  const stranger = publisher(port, [{ ...feed('a'), secret: 'wrong' }]);
  await expect(stranger.connect()).rejects.toThrow('a was refused with CONNACK code');
});

test('latencies: a percentile is the time that this share stayed within', () => {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 100; ms++) latencies.add(ms - 0.01);
  expect(latencies.percentile(0.5)).toBeCloseTo(50);
  expect(latencies.percentile(0.99)).toBeCloseTo(99);
  expect(latencies.percentile(1)).toBeCloseTo(100);
  expect(new Latencies().percentile(0.5)).toBeNaN();
});
