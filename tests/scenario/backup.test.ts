import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { Manifest } from '../../src/backup/manifest.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { telemetryTopic } from '../../src/model/topic.ts';
import { type FoundRow, readRemains } from '../crash/remains.ts';
import type { Feed } from '../support/connection.ts';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { TOKEN } from '../support/service-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KIND = 'water-pressure';
const DEVICES = 50;
const SAMPLES_PER_SECOND = 5_000;
/** Nothing that all have passed is kept, so that a journal which did not wait for the backup would show. */
const ENV = { TOWNPULSE_JOURNAL_KEEP: '0s', TOWNPULSE_JOURNAL_KEEP_BYTES: '0' };

/** A device that knows which of its samples were acknowledged: sample `index` is of `start + index` and holds its index. */
class CountingDevice implements Feed {
  readonly clientId: string;
  readonly user: string;
  readonly secret = 'the-secret-of-a-counting-device';
  readonly topic: string;
  readonly start = Date.now() - 3_600_000;
  acknowledgedUpTo = 0;
  #next = 0;

  constructor(number: number) {
    this.clientId = this.user = `B-${number}`;
    this.topic = telemetryTopic('lailong', KIND, this.user);
  }

  next(): string {
    const index = this.#next++;
    return JSON.stringify({ ts: this.start + index, flow: index % 1_000 });
  }

  acknowledged(index: number): void {
    this.acknowledgedUpTo = index + 1;
  }
}

/** Runs `townpulse …`; resolves with what it says. @throws Error with what it complains of */
async function townpulse(...args: string[]): Promise<{ out: string; err: string }> {
  const program = join(packageRoot, 'dist/src/cli/main.js');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args]);
  return { out: stdout, err: stderr };
}

async function start(dataDir: string): Promise<ServiceProcess> {
  const service = await ServiceProcess.start({ dataDir, from: 'build', env: ENV });
  onTestFinished(() => (service.running ? service.kill() : undefined));
  return service;
}

/** What is wrong with the rows of a device that has `acknowledged` samples: missing, twice, or not what was sent. */
function faults(device: CountingDevice, acknowledged: number, rows: readonly FoundRow[]): string[] {
  const wrong: string[] = [];
  const seen = new Set<number>();
  for (const { ts, values } of rows) {
    const index = ts - device.start;
    if (seen.has(index)) wrong.push(`${device.user} ${index}: twice`);
    if (values.flow !== index % 1_000) wrong.push(`${device.user} ${index}: holds ${values.flow}`);
    seen.add(index);
  }
  for (let index = 0; index < acknowledged; index++)
    if (!seen.has(index)) wrong.push(`${device.user} ${index}: missing`);
  return wrong;
}

test('a backup under 5,000 samples a second, restored: the ledger balances, and what was acknowledged before it began is there once', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const file = join(temporaryFolder(), 'town.tar');
  const service = await start(dataDir);
  const devices = Array.from({ length: DEVICES }, (_, number) => new CountingDevice(number));
  await service.register(
    devices.map(({ user: id, secret }) => ({
      id,
      secret,
      kind: KIND,
      area: 'town-centre',
      organisation: 'water-company',
    })),
  );
  const options = {
    host: '127.0.0.1',
    port: service.mqttPort,
    inFlight: 40,
    rate: SAMPLES_PER_SECOND,
    reconnect: false,
  };
  const publisher = new Publisher(options, devices);
  onTestFinished(() => publisher.close());
  await publisher.connect();
  publisher.run();
  await sleep(3_000);

  const acknowledged = devices.map(({ acknowledgedUpTo }) => acknowledgedUpTo);
  const before = publisher.acknowledged;
  const asking = ['--url', `http://127.0.0.1:${service.httpPort}`, '--token', TOKEN];
  const { out, err } = await townpulse('backup', file, '--json', ...asking);
  expect(publisher.acknowledged - before, 'readings were taken meanwhile').toBeGreaterThan(100);
  await sleep(500);
  publisher.pause();
  await publisher.settled();
  await service.stop();

  const manifest = JSON.parse(out) as Manifest;
  const ofThisRun = ['cli.url', 'townpulse.mdb-lock', 'history.duckdb.wal'];
  const kept = readdirSync(dataDir).filter((name) => !ofThisRun.includes(name));
  expect(manifest.files.map(({ name }) => name)).toEqual(kept.sort());
  expect(err).toContain('holds tokens and secrets');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(manifest.ledger.balanced).toBe(true);
  expect(manifest.ledger.received).toBeGreaterThanOrEqual(before);

  const restored = join(temporaryFolder(), 'restored');
  expect((await townpulse('restore', file, '--data-dir', restored)).out).toContain('restored into');
  const again = await start(restored);
  expect((await again.ledger()).received).toBe(manifest.ledger.received);
  await again.drained();
  const ledger = await again.ledger();
  await again.stop();
  expect(ledger).toMatchObject({
    ...{ received: manifest.ledger.received, stored: manifest.ledger.received, pending: 0 },
    ...{ duplicate: 0, rejected: 0, merged: 0, balanced: true },
  });
  const { rows } = await readRemains(restored);
  expect(rows.length).toBe(ledger.stored);
  const byDevice = new Map<string, FoundRow[]>(devices.map(({ user }) => [user, []]));
  for (const row of rows) byDevice.get(row.device)?.push(row);
  const wrong = devices.flatMap((device, at) =>
    faults(device, acknowledged[at] as number, byDevice.get(device.user) ?? []),
  );
  expect(wrong).toEqual([]);
});
