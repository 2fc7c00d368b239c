import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import type { Latencies } from '../support/latencies.ts';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { Dice } from './dice.ts';
import { ScriptedDevice } from './scripted-device.ts';

/*
 * P1: nothing is acknowledged before it is synced. A kill cannot see a missing sync, since the kernel keeps what was
 * written; so strace makes every fdatasync, which is what LMDB syncs by, take 300 ms longer, before it does anything.
 * Whatever is acknowledged sooner than that was not synced.
 */

const DELAY_MS = 300;
const SLOW_SYNC = [
  ...['strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null'],
  ...['-e', 'trace=fdatasync', '-e', `inject=fdatasync:delay_enter=${DELAY_MS * 1_000}`],
];
const DEVICES = 50;
const withStrace = test.skipIf(!existsSync('/usr/bin/strace'));

async function startSlow(env: Record<string, string> = {}): Promise<{ port: number; devices: ScriptedDevice[] }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-sync-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const service = await ServiceProcess.start({ dataDir, from: 'sources', env, under: SLOW_SYNC, withinMs: 60_000 });
  onTestFinished(() => service.kill());
  const dice = new Dice(1);
  // Readings new, late, twice, and unusable: what becomes a dead letter must be as durable.
  const devices = Array.from({ length: DEVICES }, (_, number) => new ScriptedDevice(number, dice));
  await service.register(devices.map(({ registration }) => registration));
  return { port: service.mqttPort, devices };
}

async function publish(
  port: number,
  devices: readonly ScriptedDevice[],
  load: { inFlight: number; rate: number | null; ms: number },
): Promise<Latencies> {
  const options = { host: '127.0.0.1', port, inFlight: load.inFlight, rate: load.rate, reconnect: false };
  const publisher = new Publisher(options, devices);
  onTestFinished(() => publisher.close());
  await publisher.connect();
  publisher.run();
  await sleep(load.ms);
  publisher.pause();
  await publisher.settled();
  return publisher.latencies;
}

const idle = { inFlight: 1, rate: 1, ms: 8_000 };
const loaded = { inFlight: 10, rate: null, ms: 5_000 };

withStrace(`P1: idle, no PUBACK comes sooner than the ${DELAY_MS} ms that a sync takes`, async () => {
  const { port, devices } = await startSlow();
  const latencies = await publish(port, devices.slice(0, 1), idle);
  expect(latencies.count).toBeGreaterThanOrEqual(5);
  expect(latencies.percentile(0)).toBeGreaterThanOrEqual(DELAY_MS);
});

withStrace(`P1: under load, no PUBACK comes sooner than the ${DELAY_MS} ms that a sync takes`, async () => {
  const { port, devices } = await startSlow();
  const latencies = await publish(port, devices, loaded);
  expect(latencies.count).toBeGreaterThan(1_000);
  expect(latencies.percentile(0)).toBeGreaterThanOrEqual(DELAY_MS);
});

withStrace(`P1: by QoS 2, no PUBREC comes sooner than the ${DELAY_MS} ms that a sync takes`, async () => {
  const { port, devices } = await startSlow();
  const [device] = devices as [ScriptedDevice];
  const client = await connectAsync({ port, username: device.user, password: device.secret, reconnectPeriod: 0 });
  onTestFinished(() => client.endAsync(true));
  for (let message = 0; message < 5; message++) {
    const begun = performance.now();
    const received = new Promise<number>((resolve) => {
      client.on('packetreceive', ({ cmd }) => cmd === 'pubrec' && resolve(performance.now() - begun));
    });
    await client.publishAsync(device.topic, device.next(), { qos: 2 });
    expect(await received).toBeGreaterThanOrEqual(DELAY_MS);
    client.removeAllListeners('packetreceive');
  }
});

withStrace('with an unsynced store these tests would see PUBACKs that come too soon, idle and under load', async () => {
  const { port, devices } = await startSlow({ TOWNPULSE_TEST_NO_SYNC: '1' });
  expect((await publish(port, devices.slice(0, 1), idle)).percentile(0.5)).toBeLessThan(DELAY_MS);
  expect((await publish(port, devices.slice(1), loaded)).percentile(0)).toBeLessThan(DELAY_MS);
});
