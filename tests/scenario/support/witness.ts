import type { MqttClient } from 'mqtt';
import { expect } from 'vitest';
import type { ServiceClient } from '../../support/service-client.ts';

/** A device that does nothing wrong. */
const WITNESS = { id: 'WITNESS', kind: 'water-pressure', area: 'town-centre', organisation: 'water-company' };
const TOPIC = 'lailong/water-pressure/WITNESS/telemetry';
const SECRET = 'the-secret-of-the-witness';
/** How long an acknowledgement may take on a busy machine whose service is well, ms. */
const SOON_MS = 2_000;

/** A good device beside bad ones: whatever happens to them, its readings go on. */
export class Witness {
  readonly #service: ServiceClient;
  readonly #client: MqttClient;
  #said = 0;

  private constructor(service: ServiceClient, client: MqttClient) {
    this.#service = service;
    this.#client = client;
  }

  /** Registers and connects it by `connect`, which also sees to its end. */
  static async call(
    service: ServiceClient,
    connect: (service: ServiceClient, id: string, secret: string) => Promise<MqttClient>,
  ): Promise<Witness> {
    await service.register([{ ...WITNESS, secret: SECRET }]);
    return new Witness(service, await connect(service, WITNESS.id, SECRET));
  }

  /** How often it has spoken. */
  get said(): number {
    return this.#said;
  }

  /** Publishes a reading; gives how long its acknowledgement took, ms. */
  async speak(): Promise<number> {
    const began = performance.now();
    this.#said++;
    await this.#client.publishAsync(TOPIC, '{"pressure":0.3}', { qos: 1 });
    return performance.now() - began;
  }

  /** The service lives, takes the witness's reading on its old connection, and its ledger is balanced. */
  async testify(): Promise<void> {
    expect(await this.speak()).toBeLessThan(SOON_MS);
    expect((await this.#service.fetch('/healthz')).status).toBe(200);
    expect((await this.#service.readiness()).status).toBe(200);
    expect((await this.#service.ledger()).balanced).toBe(true);
  }

  /** As {@link testify}, and everything it ever said is in the history, once each. */
  async testifyInFull(): Promise<void> {
    await this.testify();
    await this.#service.drained(10_000);
    const { balanced, pending } = await this.#service.ledger();
    expect({ balanced, pending }).toEqual({ balanced: true, pending: 0 });
    const query = 'device=WITNESS&metric=pressure&from=0&to=9999-01-01T00:00:00Z&bucket=3650d&agg=count';
    const { items } = await this.#service.api<{ items: { count: number }[] }>(`/readings?${query}`);
    expect(items.reduce((sum, { count }) => sum + count, 0)).toBe(this.#said);
  }
}
