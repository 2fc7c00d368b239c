import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { PointName } from '../../src/kernel/points.ts';
import type { Alert } from '../../src/model/alert.ts';
import { local, MINUTE_MS, TOWN_FOLDER } from '../simulators/support/town.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type LocalOptions, LocalService } from './support/local-service.ts';
import { signIn } from './support/signed-in.ts';

const SECRET = 'the-secret-of-this-device';
const DEVICE = {
  ...{ id: 'WP-1', kind: 'water-pressure', area: 'town-centre', organisation: 'water-company', secret: SECRET },
  attributes: { minPressure: 0.14 },
};
const TOPIC = 'lailong/water-pressure/WP-1/telemetry';
/** The smallest bound of the journal that may be set. */
const SMALLEST = 65_536;
const SAMPLES = 50;

/** A history whose disk is gone until it is mended. */
class BrokenHistory {
  #isBroken = true;
  #tries = 0;

  /** Its instant is just before a commit. */
  readonly point = (name: PointName): void => {
    if (!this.#isBroken || name !== 'history.commit.before') return;
    this.#tries++;
    throw new Error('the disk of the history is gone');
  };

  /** Resolves when it was tried again. */
  async tried(): Promise<void> {
    const before = this.#tries;
    await vi.waitFor(() => expect(this.#tries).toBeGreaterThan(before), { timeout: 60_000, interval: 20 });
  }

  mend(): void {
    this.#isBroken = false;
  }
}

async function start(
  options: LocalOptions,
): Promise<{ service: LocalService; history: BrokenHistory; device: MqttClient }> {
  const history = new BrokenHistory();
  const service = await LocalService.start({ point: history.point, ...options });
  onTestFinished(() => service.stop());
  await service.register([DEVICE]);
  return { service, history, device: await signIn(service, DEVICE.id, SECRET) };
}

async function storedTimes(service: LocalService): Promise<number[]> {
  const times: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = `device=WP-1&metric=pressure&from=0&to=9999-01-01T00:00:00Z&limit=1000${cursor && `&cursor=${cursor}`}`;
    const page: { items: { ts: string }[]; next: string | null } = await service.api(`/readings?${query}`);
    for (const { ts } of page.items) times.push(Date.parse(ts));
    cursor = page.next;
  }
  return times;
}

/** The sample town, whose operator is told of a history that is behind by a real second: a stepped clock makes no more of it. */
function impatientTown(): string {
  const folder = temporaryFolder();
  cpSync(TOWN_FOLDER, folder, { recursive: true });
  const file = join(folder, 'rules.yaml');
  const rules = readFileSync(file, 'utf8');
  const sooner = rules.replace('historyLag > 300', 'historyLag >= 1').replace('historyLag < 60', 'historyLag < 1');
  expect(sooner.length).toBeLessThan(rules.length);
  writeFileSync(file, sooner);
  return folder;
}

it('P4: with the history down readings are taken, rules judge and alerts are told; the backlog waits on disk and drains', async () => {
  const { service, history, device } = await start({
    ...{ at: local('2026-11-22T10:00'), env: { TOWNPULSE_TOWN: impatientTown() } },
  });
  const now = () => service.service.clock.clock.now();
  const sent: number[] = [];
  for (let at = 0; at <= 15; at += 5) {
    sent.push(now());
    await device.publishAsync(TOPIC, JSON.stringify({ ts: now(), pressure: 0.09 }), { qos: 1 });
    service.pass(5 * MINUTE_MS);
  }
  await expect
    .poll(async () => (await service.api<{ items: Alert[] }>('/alerts?state=firing&rule=low-pressure')).items)
    .toMatchObject([{ rule: 'low-pressure', subject: { id: 'WP-1' }, values: { pressure: 0.09 } }]);
  await expect.poll(async () => (await service.ledger()).history.lagSeconds, { timeout: 10_000 }).toBeGreaterThan(1);
  const lagAlerts = async () => (await service.api<{ items: Alert[] }>('/alerts?rule=history-lag')).items;
  const aMinuteLater = () => {
    service.pass(MINUTE_MS);
    return lagAlerts();
  };
  await expect.poll(aMinuteLater).toMatchObject([
    {
      ...{ state: 'firing', subject: { type: 'service', id: 'townpulse' }, organisation: 'data', evidence: [] },
      ...{ severity: 'major', values: { historyLag: expect.any(Number) } },
    },
  ]);
  expect(await service.api('/devices/WP-1/latest')).toMatchObject({ values: { pressure: 0.09 }, verdict: 'breach' });
  const { status, checks } = await service.readiness();
  expect({ status, history: checks.history }).toEqual({
    status: 200,
    history: 'down: the disk of the history is gone',
  });
  const during = await service.ledger();
  expect(during).toMatchObject({ received: 4, stored: 0, pending: 4, balanced: true, history: { state: 'down' } });
  expect(during.history.backlogBytes).toBeGreaterThan(0);
  // Of the minutes that the clock was stepped on none is counted.
  expect(during.history.lagSeconds).toBeLessThan(5 * 60);

  history.mend();
  await service.drained();
  expect(await storedTimes(service)).toEqual(sent);
  expect(await service.ledger()).toMatchObject({ stored: 4, pending: 0, balanced: true, history: { state: 'up' } });
  expect((await service.readiness()).checks.history).toBe('ok');

  // The operator was told once, and is told that it is over.
  service.pass(MINUTE_MS);
  await expect.poll(lagAlerts).toMatchObject([{ state: 'resolved', reason: 'cleared' }]);
  const told = () =>
    ['fired', 'resolved'].map((event) => service.log.saying(`${event}: Townpulse: History lags`).length);
  await expect.poll(told).toEqual([1, 1]);
});

it('P5: at the journal’s bound nothing is acknowledged, nothing acknowledged is dropped, and it resumes by itself', async () => {
  const { service, history, device } = await start({ env: { TOWNPULSE_JOURNAL_MAX_BYTES: String(SMALLEST) } });
  const base = Date.now() - 3_600_000;
  const acknowledged: number[] = [];
  const inFlight = new Set<Promise<unknown>>();
  let sent = 0;
  const publish = () => {
    const times = Array.from({ length: SAMPLES }, (_, at) => base + sent * SAMPLES + at);
    sent++;
    const payload = JSON.stringify(times.map((ts) => ({ ts, pressure: 0.3 })));
    const going = device.publishAsync(TOPIC, payload, { qos: 1 }).then(() => acknowledged.push(...times));
    inFlight.add(going);
    return going.finally(() => inFlight.delete(going));
  };

  do void publish();
  while ((await service.readiness()).status === 200);
  expect(await service.readiness()).toMatchObject({
    status: 503,
    checks: { journal: 'the journal is full', history: 'down: the disk of the history is gone' },
  });
  const full = await service.ledger();
  expect(full.history.journalMaxBytes).toBe(SMALLEST);
  expect(full.history.journalBytes).toBeGreaterThanOrEqual(SMALLEST);

  // Nothing is acknowledged, nobody is let in, and it stays so however often the gate looks again.
  const before = acknowledged.length;
  for (let more = 0; more < 5; more++) void publish();
  await expect(signIn(service, DEVICE.id, SECRET)).rejects.toMatchObject({ code: 3 });
  const refused = await service.api<{ items: { id: string; reason: string }[] }>('/devices/refused');
  expect(refused.items[0]).toMatchObject({ id: 'WP-1', reason: 'journal-full' });
  await history.tried();
  expect(acknowledged.length).toBe(before);
  expect(inFlight.size).toBeGreaterThanOrEqual(5);
  expect(await service.ledger()).toMatchObject({ received: full.received, pending: full.pending, balanced: true });
  expect(service.log.saying('readings are held back')).toHaveLength(1);

  // The history is back: what waits is taken, and everything acknowledged is there, once each and in order.
  history.mend();
  await Promise.all(inFlight);
  await service.drained();
  expect(acknowledged.length).toBe(sent * SAMPLES);
  expect(await storedTimes(service)).toEqual(acknowledged);
  expect(await service.readiness()).toMatchObject({ status: 200, checks: { journal: 'ok', history: 'ok' } });
  expect(await service.ledger()).toMatchObject({ stored: sent * SAMPLES, duplicate: 0, pending: 0, balanced: true });
  await signIn(service, DEVICE.id, SECRET);
});
