import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect } from 'vitest';
import { type Service, startService } from '../../../src/app.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { Settings } from '../../../src/config/settings.ts';
import type { InfluxAddress } from '../../../src/history/settings.ts';
import { silentLogger } from '../../../src/kernel/logger.ts';
import type { Ledger } from '../../../src/model/ledger.ts';
import { influxEnvironment } from '../../support/influxdb.ts';

const TOKEN = 'the-token-of-the-tests';
const SECRET = 'the-secret-of-a-test-device-0123456789';
const PLACE = { area: 'town-centre', organisation: 'water-company' };
const DEVICES = [
  { id: 'WP-1', kind: 'water-pressure', ...PLACE, attributes: { role: 'end', minPressure: 0.14 }, secret: SECRET },
  { id: 'GM-1', kind: 'gas-meter', ...PLACE, secret: SECRET },
] as const;

/** One of the two devices. */
export type DeviceId = (typeof DEVICES)[number]['id'];

/** A sample as it is sent. */
export type Told = { ts: number } & Record<string, number | boolean>;

/** The whole service, in this process, with two devices and an InfluxDB for its history. */
export class InfluxTown {
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'townpulse-influx-town-'));
  readonly #settings: Settings;
  readonly #clients = new Map<string, MqttClient>();
  #service: Service | null = null;

  private constructor(address: InfluxAddress, timeout: string) {
    this.#settings = loadSettings({
      TOWNPULSE_DATA_DIR: this.#dataDir,
      TOWNPULSE_HTTP_PORT: '0',
      TOWNPULSE_MQTT_PORT: '0',
      TOWNPULSE_ADMIN_TOKEN: TOKEN,
      TOWNPULSE_HISTORY_INFLUX_TIMEOUT: timeout,
      ...influxEnvironment(address),
    }).settings;
  }

  /** Starts it over an InfluxDB; an answer may take `timeout`. */
  static async start(address: InfluxAddress, timeout = '30s'): Promise<InfluxTown> {
    const town = new InfluxTown(address, timeout);
    await town.start();
    await town.api('/devices/import', { format: 'json', text: JSON.stringify(DEVICES) });
    await town.connect();
    return town;
  }

  /** Starts the service, again after `halt`. */
  async start(): Promise<void> {
    this.#service = await startService(this.#settings, { trial: null, log: silentLogger });
  }

  /** Connects the devices. */
  async connect(): Promise<void> {
    for (const { id } of DEVICES) {
      const login = { username: id, password: SECRET, clientId: id };
      this.#clients.set(id, await connectAsync(`mqtt://127.0.0.1:${this.#running.mqttPort}`, login));
    }
  }

  /** Sends samples in one message at QoS 1; resolves with how long the acknowledgement took, ms. */
  async send(device: DeviceId, samples: readonly Told[]): Promise<number> {
    const kind = DEVICES.find(({ id }) => id === device)?.kind;
    const begun = performance.now();
    await this.#clients
      .get(device)
      ?.publishAsync(`lailong/${kind}/${device}/telemetry`, JSON.stringify(samples), { qos: 1 });
    return performance.now() - begun;
  }

  ledger(): Promise<Ledger> {
    return this.api('/ledger');
  }

  /** What `/readyz` says of the history, and whether the service is ready. */
  async readiness(): Promise<{ ready: boolean; history: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.#running.httpPort}/readyz`);
    const { checks } = (await answer.json()) as { checks: { history: string } };
    return { ready: answer.ok, history: checks.history };
  }

  /** A figure of `/metrics`. */
  async figure(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#running.httpPort}/metrics`)).text();
    return Number(new RegExp(`^townpulse_${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  /** Resolves once `holds` does. @throws Error after `withinMs` with what it is then */
  async until<T>(what: string, look: () => Promise<T>, holds: (found: T) => boolean, withinMs = 30_000): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = await look();
      if (holds(found)) return found;
      if (performance.now() > deadline) throw new Error(`${what}: still ${JSON.stringify(found)}`);
      await sleep(20);
    }
  }

  /** Resolves once the history has all that was sent. */
  async drained(): Promise<Ledger> {
    return this.until(
      'drained',
      () => this.ledger(),
      ({ pending, history: { state } }) => pending === 0 && state === 'up',
    );
  }

  /** Asks `/api/v1`. */
  async api<T>(path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${this.#running.httpPort}/api/v1${path}`, {
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    expect(answer.ok, text).toBe(true);
    return JSON.parse(text) as T;
  }

  /** Stops the service; answers how long that took (ms) and what went wrong. */
  async halt(): Promise<{ took: number; problems: Error[] }> {
    for (const client of this.#clients.values()) client.end(true);
    const begun = performance.now();
    const problems = await this.#running.stop();
    return { took: performance.now() - begun, problems };
  }

  /** Stops it for good; answers what went wrong. */
  async stop(): Promise<Error[]> {
    const { problems } = await this.halt();
    rmSync(this.#dataDir, { recursive: true, force: true });
    return problems;
  }

  get #running(): Service {
    if (this.#service === null) throw new Error('the service was not started');
    return this.#service;
  }
}
