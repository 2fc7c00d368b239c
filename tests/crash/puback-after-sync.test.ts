import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { Dice } from './dice.ts';
import { ScriptedDevice } from './scripted-device.ts';
import { slowedAtCall } from './strace.ts';

/*
 * P1: nothing is acknowledged before it is synced. A kill cannot see a missing sync, since the kernel keeps what was
 * written; so strace makes every fdatasync, which is what LMDB syncs by (on a thread of libuv's), take 300 ms longer,
 * before it does anything. Whatever is acknowledged sooner than that was not synced.
 */

const SYNC_MS = 300;
const DEVICES = 60;

/** Readings new, late, twice, and unusable: what becomes a dead letter must be as durable. */
const dice = new Dice(1);
const devices = Array.from({ length: DEVICES }, (_, number) => new ScriptedDevice(number, dice));
/** Each test has devices of its own. */
const [alone, byQos2, ...many] = devices as [ScriptedDevice, ScriptedDevice, ...ScriptedDevice[]];
const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-sync-'));
let service: ServiceProcess | null = null;

beforeAll(async () => {
  // A first start syncs forty times: it is over before the syncs become slow.
  const first = await ServiceProcess.start({ dataDir, from: 'sources' });
  await first.register(devices.map(({ registration }) => registration));
  await first.stop();
});
afterAll(async () => {
  await service?.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The one service of these tests, with slow syncs; by `unsynced` one that does not sync, in its place. */
async function slowService(unsynced = false): Promise<ServiceProcess> {
  if (service !== null && !unsynced) return service;
  await service?.kill();
  service = await ServiceProcess.start({
    ...{ dataDir, from: 'sources', under: slowedAtCall('fdatasync', SYNC_MS), withinMs: 60_000 },
    env: unsynced ? { TOWNPULSE_TEST_NO_SYNC: '1' } : {},
  });
  return service;
}

/** One device that waits for each acknowledgement; how long the quickest took, ms. */
async function quickestWhenIdle({ mqttPort }: ServiceProcess): Promise<number> {
  const publisher = new Publisher({ host: '127.0.0.1', port: mqttPort, inFlight: 1, rate: null, reconnect: false }, [
    alone,
  ]);
  onTestFinished(() => publisher.close());
  await publisher.connect();
  publisher.run();
  while (publisher.acknowledged < 8) await sleep(10);
  publisher.pause();
  await publisher.settled();
  return publisher.latencies.percentile(0);
}

/** Many devices that publish at their own pace, so that messages come at every moment of the sync before theirs. */
async function quickestUnderLoad({ mqttPort }: ServiceProcess): Promise<number> {
  const options = { host: '127.0.0.1', port: mqttPort, inFlight: 20, rate: 500, reconnect: false };
  const publisher = new Publisher(options, many);
  onTestFinished(() => publisher.close());
  await publisher.connect();
  publisher.run();
  await sleep(4_000);
  publisher.pause();
  await publisher.settled();
  expect(publisher.latencies.count).toBeGreaterThan(1_000);
  return publisher.latencies.percentile(0);
}

/** A device of QoS 2; how long the quickest PUBREC took, ms. */
async function quickestByQos2({ mqttPort }: ServiceProcess): Promise<number> {
  const { user, secret, topic } = byQos2;
  const client = await connectAsync({ port: mqttPort, username: user, password: secret, reconnectPeriod: 0 });
  onTestFinished(() => client.endAsync(true));
  const took: number[] = [];
  for (let message = 0; message < 5; message++) {
    const begun = performance.now();
    client.once('packetreceive', ({ cmd }) => {
      if (cmd === 'pubrec') took.push(performance.now() - begun);
    });
    await client.publishAsync(topic, byQos2.next(), { qos: 2 });
  }
  expect(took).toHaveLength(5);
  return Math.min(...took);
}

const CASES = [
  { when: 'idle, no PUBACK', quickest: quickestWhenIdle },
  { when: 'under load, no PUBACK', quickest: quickestUnderLoad },
  { when: 'by QoS 2, no PUBREC', quickest: quickestByQos2 },
];

for (const { when, quickest } of CASES) {
  test(`P1: ${when} comes sooner than the ${SYNC_MS} ms that a sync takes`, async () => {
    expect(await quickest(await slowService())).toBeGreaterThanOrEqual(SYNC_MS);
  });
}

test('with an unsynced store every one of these tests would fail', async () => {
  const unsynced = await slowService(true);
  for (const { quickest } of CASES) expect(await quickest(unsynced)).toBeLessThan(SYNC_MS);
});
