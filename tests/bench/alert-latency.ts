import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert } from '../../src/model/alert.ts';
import { telemetryTopic } from '../../src/model/topic.ts';
import type { Feed } from '../support/connection.ts';
import { Latencies } from '../support/latencies.ts';
import { Publisher } from '../support/publisher.ts';
import type { ServiceClient, TestDevice } from '../support/service-client.ts';
import { pressureFeed, pressurePoints, TOWN } from './devices.ts';
import { type Load, withService } from './measure.ts';

/** How long it took from a sample that breaks a rule to the alert. */
export interface AlertLatency {
  /** Samples a second that were to be sent beside it, and that were acknowledged. */
  asked: number;
  rate: number;
  /** Alerts that were waited for, and those that did not show. */
  alerts: number;
  missing: number;
  /** From publishing to when the API showed the alert, ms. */
  p50: number;
  p99: number;
  /** What one look at the API took, ms: how exact the figures are. */
  look: number;
}

/** Detectors that leak, one after the other, and so many times a second in all. */
const DETECTORS = 40;
const LEAKS_PER_SECOND = 10;
const RULE = 'gas-leak-high';
/** Between two looks at the API, ms. */
const PAUSE = 5;
/** The first seconds are the compiler's, ms. */
const WARM_UP = 3_000;
/** What does not show for so long never will, ms. */
const PATIENCE = 10_000;

/** Leaks are published beside a load of `rate` samples a second, and the service is asked for alerts all the time. */
export function alertLatency(load: Load, rate: number, profileTo: string | null): Promise<AlertLatency> {
  return withService(profileTo, async (service) => {
    const points = pressurePoints(load.connections);
    const meters = detectors();
    await service.register([...points, ...meters]);
    const waiting = new Map<string, number>();
    const options = { host: '127.0.0.1', port: service.mqttPort, reconnect: false };
    const publisher = new Publisher({ ...options, inFlight: load.inFlight, rate }, points.map(pressureFeed));
    const leaks = new Publisher(
      // Each leak is published, and then its end.
      { ...options, inFlight: 10, rate: 2 * LEAKS_PER_SECOND },
      meters.map((meter) => leakFeed(meter, waiting)),
    );
    await Promise.all([publisher.connect(), leaks.connect()]);
    publisher.run();
    await sleep(WARM_UP);
    const latencies = new Latencies();
    const looks = new Latencies();
    const watch = new AbortController();
    const watching = watchAlerts(service, waiting, { latencies, looks, signal: watch.signal });
    leaks.run();
    await sleep(WARM_UP);
    waiting.clear();
    const before = publisher.acknowledged;
    const begun = performance.now();
    await sleep(load.seconds * 1_000);
    leaks.pause();
    const rated = ((publisher.acknowledged - before) * 1_000) / (performance.now() - begun);
    for (let waited = 0; waiting.size > 0 && waited < PATIENCE; waited += 50) await sleep(50);
    watch.abort();
    await watching;
    publisher.pause();
    await Promise.all([publisher.settled(), leaks.settled()]);
    await Promise.all([publisher.close(), leaks.close()]);
    return {
      ...{ asked: rate, rate: rated, alerts: latencies.count + waiting.size, missing: waiting.size },
      ...{ p50: latencies.percentile(0.5), p99: latencies.percentile(0.99), look: looks.percentile(0.5) },
    };
  });
}

function detectors(): TestDevice[] {
  return Array.from({ length: DETECTORS }, (_, index) => ({
    ...{ id: `GM-${index}`, kind: 'gas-meter', area: 'town-centre', organisation: 'gas-company' },
    secret: `the-secret-of-detector-${index}`,
  }));
}

/** Leaks, and leaks no more, in turn; when each leak was published (ms of performance.now()) goes to `waiting`. */
function leakFeed({ id, secret }: TestDevice, waiting: Map<string, number>): Feed {
  let isLeaking = false;
  return {
    ...{ clientId: id, user: id, secret, topic: telemetryTopic(TOWN, 'gas-meter', id) },
    next: () => {
      isLeaking = !isLeaking;
      const ts = Date.now();
      if (isLeaking) waiting.set(keyOf(id, ts), performance.now());
      return `{"ts":${ts},"leak":${isLeaking ? 60 : 0}}`;
    },
  };
}

/** Looks at the firing alerts again and again, and takes the times of those that were waited for. */
async function watchAlerts(
  service: ServiceClient,
  waiting: Map<string, number>,
  { latencies, looks, signal }: { latencies: Latencies; looks: Latencies; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const begun = performance.now();
    const { items } = await service.api<{ items: Alert[] }>(`/alerts?rule=${RULE}&state=firing&limit=100`);
    const now = performance.now();
    looks.add(now - begun);
    for (const { subject, startedAt } of items) {
      const key = keyOf(subject.id, Date.parse(startedAt));
      const since = waiting.get(key);
      if (since === undefined) continue;
      waiting.delete(key);
      latencies.add(now - since);
    }
    await sleep(PAUSE);
  }
}

function keyOf(device: string, ts: number): string {
  return `${device} ${ts}`;
}
