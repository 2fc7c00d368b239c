import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, residentBytes } from '../support/child.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { pressureFeed, pressurePoints } from './devices.ts';

/** How the measured load looks. */
export interface Load {
  connections: number;
  inFlight: number;
  seconds: number;
}

/** One run at full load. */
export interface Throughput {
  /** Samples a second: those sent, by the time until the last one was acknowledged and, in the service, had passed history and rules. */
  perSecond: number;
  /** The same by the time until the last acknowledgement. */
  acknowledgedPerSecond: number;
  /** CPU time of the server, s for a million samples. */
  cpuPerMillion: number;
  /** The most memory the server held, bytes. */
  peakBytes: number;
}

/** One run at a given rate: how long acknowledgements took, ms. */
export interface Latency {
  /** Samples a second that were to be sent, and that were acknowledged. */
  asked: number;
  rate: number;
  p50: number;
  p99: number;
}

/** The service from its build, alone on a data directory of its own, while `use` runs. */
export async function withService<T>(
  profileTo: string | null,
  use: (service: ServiceProcess) => Promise<T>,
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-bench-'));
  const node = profileTo === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`];
  const service = await ServiceProcess.start({ dataDir, from: 'build', node });
  try {
    const result = await use(service);
    await service.stop();
    return result;
  } finally {
    if (service.running) await service.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Full load on the service. @throws Error when the ledger does not account for every sample that was acknowledged */
export function serviceThroughput(load: Load, profileTo: string | null): Promise<Throughput> {
  return withService(profileTo, async (service) => {
    await service.register(pressurePoints(load.connections));
    const { throughput, samples } = await fullLoad(load, service.mqttPort, service.pid, () => service.drained());
    const ledger = await service.ledger();
    if (!ledger.balanced || ledger.stored !== samples || ledger.merged !== 0) {
      throw new Error(`${samples} samples were acknowledged; the ledger says ${JSON.stringify(ledger)}`);
    }
    return throughput;
  });
}

/** Full load on mosquitto, which only has to acknowledge. */
export async function mosquittoThroughput(load: Load): Promise<Throughput> {
  const mosquitto = await Mosquitto.start();
  try {
    return (await fullLoad(load, mosquitto.port, mosquitto.pid, async () => {})).throughput;
  } finally {
    await mosquitto.stop();
  }
}

/** How long the service takes to acknowledge at `rate` samples a second. */
export function serviceLatency(load: Load, rate: number): Promise<Latency> {
  return withService(null, async (service) => {
    await service.register(pressurePoints(load.connections));
    const publisher = publisherOf(load, service.mqttPort, rate);
    await publisher.connect();
    publisher.run();
    // The first seconds are the compiler's.
    await sleep(3_000);
    publisher.resetLatencies();
    const before = publisher.acknowledged;
    const begun = performance.now();
    await sleep(load.seconds * 1_000);
    const achieved = ((publisher.acknowledged - before) * 1_000) / (performance.now() - begun);
    const { latencies } = publisher;
    publisher.pause();
    await publisher.settled();
    await publisher.close();
    return { asked: rate, rate: achieved, p50: latencies.percentile(0.5), p99: latencies.percentile(0.99) };
  });
}

/** The most memory that the service holds with many devices registered and connected, each reporting once a second, bytes. */
export function serviceMemory(registered: number, connected: number, seconds: number): Promise<number> {
  return withService(null, async (service) => {
    await service.register(pressurePoints(registered));
    const load = { connections: connected, inFlight: 1, seconds };
    const publisher = publisherOf(load, service.mqttPort, connected);
    await publisher.connect();
    publisher.run();
    const peak = await watchMemory(service.pid, () => sleep(seconds * 1_000));
    publisher.pause();
    await publisher.settled();
    await publisher.close();
    return peak;
  });
}

async function fullLoad(
  load: Load,
  port: number,
  pid: number,
  drained: () => Promise<void>,
): Promise<{ throughput: Throughput; samples: number }> {
  const publisher = publisherOf(load, port, null);
  await publisher.connect();
  const cpuBefore = cpuSeconds(pid);
  const begun = performance.now();
  let settled = 0;
  const peakBytes = await watchMemory(pid, async () => {
    publisher.run();
    await sleep(load.seconds * 1_000);
    publisher.pause();
    await publisher.settled();
    settled = performance.now();
    await drained();
  });
  const ended = performance.now();
  const cpu = cpuSeconds(pid) - cpuBefore;
  const samples = publisher.acknowledged;
  await publisher.close();
  return {
    samples,
    throughput: {
      perSecond: (samples * 1_000) / (ended - begun),
      acknowledgedPerSecond: (samples * 1_000) / (settled - begun),
      cpuPerMillion: (cpu * 1e6) / samples,
      peakBytes,
    },
  };
}

function publisherOf(load: Load, port: number, rate: number | null): Publisher {
  const feeds = pressurePoints(load.connections).map(pressureFeed);
  return new Publisher({ host: '127.0.0.1', port, inFlight: load.inFlight, rate, reconnect: false }, feeds);
}

/** The most memory that a process held while `work` ran, bytes, looked at every 100 ms. */
async function watchMemory(pid: number, work: () => Promise<void>): Promise<number> {
  let peak = residentBytes(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, 100);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak;
}
