import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PointName } from '../../src/kernel/points.ts';
import type { Feed } from '../support/connection.ts';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { LocalService } from './support/local-service.ts';
import { signIn } from './support/signed-in.ts';

const SECRET = 'the-secret-of-this-device';
const CONNECTIONS = 50;
/** Samples a second: more than history can drain in no time, less than the machine can take. */
const RATE = 3_000;
const DEADLINE_MS = 20_000;
const LOAD = 5_000;

const device = (id: string) => ({
  ...{ id, kind: 'water-pressure', area: 'town-centre', organisation: 'water-company', secret: SECRET },
});

/** A device under load: each message one sample of its own time, and which of them were acknowledged. */
class Load implements Feed {
  readonly clientId = 'load';
  readonly secret = SECRET;
  readonly times: number[] = [];
  readonly acked = new Set<number>();
  readonly user: string;
  readonly #from: number;

  constructor(number: number) {
    this.user = `WP-${number}`;
    this.#from = Date.now() - 3_600_000;
  }

  get topic(): string {
    return `lailong/water-pressure/${this.user}/telemetry`;
  }

  next(): string {
    const ts = this.#from + this.times.length;
    this.times.push(ts);
    return `{"ts":${ts},"pressure":0.3}`;
  }

  acknowledged(index: number): void {
    this.acked.add(this.times[index]!);
  }
}

describe('P12: stopping', () => {
  it('under load finishes in data order within its deadline, and nothing acknowledged is lost', async () => {
    const dataDir = temporaryFolder();
    const loads = Array.from({ length: CONNECTIONS }, (_, number) => new Load(number));
    const first = await ServiceProcess.start({ dataDir, from: 'build' });
    onTestFinished(() => first.kill());
    await first.register(loads.map(({ user }) => device(user)));
    const options = { host: '127.0.0.1', port: first.mqttPort, inFlight: 20, rate: RATE, reconnect: true };
    const publisher = new Publisher(options, loads);
    onTestFinished(() => publisher.close());
    await publisher.connect();
    publisher.run();
    await expect.poll(() => publisher.acknowledged, { timeout: 30_000 }).toBeGreaterThan(LOAD);

    // In the midst of it.
    const began = performance.now();
    await first.stop();
    expect(performance.now() - began).toBeLessThan(DEADLINE_MS);
    publisher.pause();
    const acknowledged = loads.reduce((sum, { acked }) => sum + acked.size, 0);
    expect(acknowledged).toBeGreaterThan(LOAD);
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
    expect(await rowsIn(join(dataDir, 'history.duckdb'))).toBeGreaterThanOrEqual(acknowledged);

    const second = await ServiceProcess.start({ dataDir, from: 'build' });
    onTestFinished(() => second.kill());
    await second.drained();
    const ledger = await second.ledger();
    expect(ledger).toMatchObject({ balanced: true, rejected: 0, pending: 0 });
    expect(ledger.received).toBeGreaterThanOrEqual(acknowledged);
    for (const { user, acked, times } of loads) {
      const query = `/readings?device=${user}&metric=pressure&from=0&limit=1000`;
      const stored = new Set<number>();
      for (let cursor = ''; ; ) {
        const page = await second.api<{ items: { ts: string }[]; next: string | null }>(`${query}${cursor}`);
        for (const { ts } of page.items) stored.add(Date.parse(ts));
        if (page.next === null) break;
        cursor = `&cursor=${page.next}`;
      }
      expect([...acked].filter((ts) => !stored.has(ts))).toEqual([]);
      expect([...stored].filter((ts) => !times.includes(ts))).toEqual([]);
    }
    await second.stop();
  });

  it('says what it left in the journal where the history did not keep up, and the next start takes it from there', async () => {
    const dataDir = temporaryFolder();
    const point = (name: PointName) => {
      if (name === 'history.commit.before') throw new Error('the disk of the history is gone');
    };
    const service = await LocalService.start({ dataDir, point });
    await service.register([device('WP-1')]);
    const client = await signIn(service, 'WP-1', SECRET);
    for (let at = 0; at < 10; at++) {
      const message = JSON.stringify({ ts: Date.now() - 1_000 + at, pressure: 0.3 });
      await client.publishAsync('lailong/water-pressure/WP-1/telemetry', message, { qos: 1 });
    }
    await service.stop();
    const [left] = service.log.saying('the rest waits in the journal');
    expect(left?.fields.records).toBeGreaterThanOrEqual(10);

    const next = await LocalService.start({ dataDir });
    onTestFinished(() => next.stop());
    await next.drained();
    expect(await next.ledger()).toMatchObject({ received: 10, stored: 10, pending: 0, balanced: true });
  });

  it('is not ready any more while it stops', async () => {
    // A history that takes a request and answers when the test lets it: so long the stop waits for it.
    const held = new Set<ServerResponse>();
    const influx = createServer((_request, response) => void held.add(response)).listen(0, '127.0.0.1');
    onTestFinished(() => void influx.close());
    await once(influx, 'listening');
    const { port } = influx.address() as AddressInfo;
    const env = { TOWNPULSE_HISTORY: 'influxdb', INFLUX_URL: `http://127.0.0.1:${port}`, INFLUX_BUCKET: 'town' };
    const service = await LocalService.start({ env });
    await expect.poll(() => held.size).toBeGreaterThan(0);
    expect(await service.readiness()).toMatchObject({ status: 200, checks: { journal: 'ok' } });
    const stopped = service.stop();
    expect(await service.readiness()).toMatchObject({ status: 503, checks: { service: 'stopping' } });
    influx.close();
    influx.closeAllConnections();
    await stopped;
  });

  it('a second SIGTERM ends it at once', async () => {
    const service = await ServiceProcess.start({ dataDir: temporaryFolder(), from: 'build' });
    onTestFinished(() => service.kill());
    // A request that never ends holds up the close for its seconds of grace.
    const socket = connect(service.httpPort, '127.0.0.1');
    onTestFinished(() => {
      socket.destroy();
    });
    socket.write('POST /api/v1/devices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
    socket.write('Authorization: Bearer the-token-of-the-tests\r\nContent-Length: 100\r\n\r\n{');
    await expect.poll(async () => (await service.fetch('/healthz')).status).toBe(200);
    process.kill(service.pid, 'SIGTERM');
    await expect.poll(() => refused(service.mqttPort)).toBe(true);
    expect(service.running).toBe(true);
    const began = performance.now();
    process.kill(service.pid, 'SIGTERM');
    expect(await service.ended()).toBe(1);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

/** How many readings a history holds that nobody has open. */
async function rowsIn(file: string): Promise<number> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll('SELECT count(*) FROM "kind:water-pressure"');
  connection.closeSync();
  instance.closeSync();
  return Number(result.getRowsJS()[0]?.[0]);
}

/** Whether nobody listens on a port any more. */
function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
