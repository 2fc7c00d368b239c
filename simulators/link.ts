import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { messageOf } from '../src/kernel/errors.ts';

/** How an attempt to connect ended. */
export type Outcome = { is: 'connected' } | { is: 'refused'; why: string } | { is: 'failed'; why: string };

interface Message {
  topic: string;
  payload: string;
}

/** What happens to a link, for whoever holds it. */
export interface LinkEvents {
  /** A message was acknowledged. */
  acknowledged(): void;
  /** So many messages are gone unacknowledged: overwritten in a full memory, or lost with the device's power. */
  lost(messages: number): void;
  /** The connection that was up is gone without the device's doing. */
  dropped(): void;
}

/** How many messages a device holds while it cannot get them across; then the oldest go. */
const MEMORY = 500;
/** MQTT 3.1.1: 4 bad user name or password, 5 not authorized. */
const REFUSALS = new Set([4, 5]);
const HANDSHAKE_MS = 10_000;
const KEEPALIVE_S = 60;

/**
 * One device's connection. It keeps each message until the broker has acknowledged it, and sends those that were under
 * way again after a connection was lost: QoS 1 across connections, as a device with a memory of its own does it.
 */
export class Link {
  readonly #url: string;
  readonly #id: string;
  readonly #secret: string;
  readonly #events: LinkEvents;
  readonly #unacknowledged = new Set<Message>();
  #client: MqttClient | null = null;
  #isUp = false;
  /** Whether the connection is to be cut when the last message is acknowledged. */
  #isLeaving = false;

  constructor(url: string, id: string, secret: string, events: LinkEvents) {
    this.#url = url;
    this.#id = id;
    this.#secret = secret;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get outstanding(): number {
    return this.#unacknowledged.size;
  }

  /** Tries to connect, once; an attempt that is still under way is given up. */
  dial(): Promise<Outcome> {
    this.#isLeaving = false;
    this.#isUp = false;
    this.#client?.end(true);
    const options: IClientOptions = {
      clientId: this.#id,
      username: this.#id,
      password: this.#secret,
      protocolVersion: 4,
      keepalive: KEEPALIVE_S,
      connectTimeout: HANDSHAKE_MS,
      // Connecting again is the fleet's business, which knows how many others try at the same time.
      reconnectPeriod: 0,
    };
    const client = connect(this.#url, options);
    this.#client = client;
    return new Promise((resolve) => {
      let why = 'the connection was closed';
      client.on('connect', () => {
        this.#isUp = true;
        for (const message of this.#unacknowledged) this.#send(client, message);
        resolve({ is: 'connected' });
      });
      client.on('error', (error) => {
        // Where a name has several addresses, the error of them all has a code and no message.
        const code = 'code' in error ? error.code : undefined;
        why = messageOf(error) || String(code);
        if (!REFUSALS.has(Number(code))) return;
        this.cut();
        resolve({ is: 'refused', why });
      });
      client.on('close', () => {
        resolve({ is: 'failed', why });
        if (client !== this.#client) return;
        this.#client = null;
        const wasUp = this.#isUp;
        this.#isUp = false;
        client.end(true);
        // Who was about to go anyway does not come back for what it has not got across.
        if (this.#isLeaving) this.cut();
        else if (wasUp) this.#events.dropped();
      });
    });
  }

  /** Sends a message by QoS 1, now or as soon as there is a connection. */
  publish(topic: string, payload: string): void {
    const message = { topic, payload };
    if (this.#unacknowledged.size >= MEMORY) {
      const [oldest] = this.#unacknowledged;
      if (oldest !== undefined) this.#unacknowledged.delete(oldest);
      this.#events.lost(1);
    }
    this.#unacknowledged.add(message);
    if (this.#isUp && this.#client !== null) this.#send(this.#client, message);
  }

  /** Drops the connection as a device does that loses its power, once what it has sent is acknowledged. */
  leave(): void {
    if (this.#unacknowledged.size === 0 || !this.#isUp) this.cut();
    else this.#isLeaving = true;
  }

  /** Drops the connection at once, and with it what is not acknowledged. */
  cut(): void {
    const client = this.#client;
    this.#client = null;
    this.#isUp = false;
    this.#isLeaving = false;
    client?.end(true);
    const lost = this.#unacknowledged.size;
    this.#unacknowledged.clear();
    if (lost > 0) this.#events.lost(lost);
  }

  /** Takes its leave, in due form (DISCONNECT) where nothing is under way; resolves when the connection is closed. */
  async close(): Promise<void> {
    const isInDueForm = this.#isUp && this.#unacknowledged.size === 0;
    this.#isUp = false;
    await this.#client?.endAsync(!isInDueForm);
  }

  /** Gives up waiting for a broker that does not close its end. */
  abandon(): void {
    this.#client?.stream.destroy();
    this.#client = null;
  }

  #send(client: MqttClient, message: Message): void {
    client.publish(message.topic, message.payload, { qos: 1 }, (error) => {
      if (error || !this.#unacknowledged.delete(message)) return;
      this.#events.acknowledged();
      if (this.#isLeaving && this.#unacknowledged.size === 0) this.cut();
    });
  }
}
