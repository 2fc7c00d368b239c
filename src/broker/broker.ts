import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket, type PublishPacket } from 'aedes';
import { messageOf, TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type DeviceAccess, publishAccess } from './access.ts';
import { FrameLimit } from './frame-limit.ts';
import type { Gate } from './gate.ts';
import type { RefusalReason, RefusedLog } from './refused.ts';

/** Where and for which town the broker listens. */
export interface BrokerOptions {
  /** First segment of every telemetry topic. */
  town: string;
  host: string;
  port: number;
}

/** One connection, as far as it said who it is. */
interface Connection {
  address: string;
  /** The user name that it gave; '' before. */
  name: string;
  /** The device that it signed in as; null before, and once its secret is no good any more. */
  device: string | null;
}

const NOBODY: Connection = { address: '', name: '', device: null };

/** Ends a connection that we have said something about already: on the list of the refused, or in the log. */
class Refusal extends Error {}

/** CONNACK codes of MQTT 3.1.1 [MQTT-3.2.2.3]. */
const SERVER_UNAVAILABLE = 3;
const BAD_CREDENTIALS = 4;
const NOT_AUTHORIZED = 5;

/**
 * The MQTT broker. Default deny: nobody without credentials of the registry, nobody publishes but as themselves or for
 * their registered children, nobody subscribes (P10). Readings are consumed in the publish hook, before the
 * acknowledgement and before anything is queued.
 */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #devices: DeviceAccess;
  readonly #gate: Gate;
  readonly #refused: RefusedLog;
  readonly #log: Logger;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new WeakMap<Client, Connection>();

  constructor(options: BrokerOptions, devices: DeviceAccess, gate: Gate, refused: RefusedLog, log: Logger) {
    this.#options = options;
    this.#devices = devices;
    this.#gate = gate;
    this.#refused = refused;
    this.#log = log;
    this.#aedes = new ConsumingAedes({
      // An id is only unique within its user's own connections: see #scopeId.
      maxClientsIdLength: 256,
      preConnect: (client, packet, done) => done(null, this.#scopeId(client, packet)),
      authenticate: (client, user, password, done) => this.#authenticate(client, user, password, done),
      authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
      authorizeSubscribe: (_client, _subscription, done) => done(null, null),
    });
    const ended = (client: Client, error: Error) => {
      const { name, address } = this.#connectionOf(client);
      if (isBreach(error)) this.#refused.add('protocol', name, address);
      this.#log.debug({ name, address, error: error.message }, 'a connection ended by an error');
    };
    this.#aedes.on('clientError', ended);
    this.#aedes.on('connectionError', ended);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /**
   * Starts to listen and gives back the port.
   * @throws TownError `port-in-use`
   */
  async listen(): Promise<number> {
    await this.#aedes.listen();
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = `MQTT port ${port} on ${host} is in use: stop what holds it, or set TOWNPULSE_MQTT_PORT to another`;
        reject(error.code === 'EADDRINUSE' ? new TownError('port-in-use', taken) : error);
      });
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** How many clients are connected. */
  connected(): number {
    return this.#sockets.size;
  }

  /** Ends the connections of a device whose secret is no longer good. */
  disconnect(device: string): void {
    for (const client of Object.values((this.#aedes as unknown as { clients: Record<string, Client> }).clients)) {
      const connection = this.#connectionOf(client);
      if (connection.device !== device) continue;
      // What it sends until it is closed, its last will too, is nobody's any more.
      connection.device = null;
      client.close();
    }
  }

  /** Lets nobody in and takes nothing more; what was taken is answered; then everybody is cut off. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#gate.stop();
    // What aedes wrote leaves with the next tick.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroySoon();
    await closed;
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const client = this.#aedes.handle(socket);
    const connection: Connection = { address: addressOf(socket), name: '', device: null };
    this.#connections.set(client, connection);
    const limit = new FrameLimit();
    // aedes takes each chunk with read(): there it can be looked at before anything of it is buffered as a packet.
    const read = socket.read.bind(socket);
    socket.read = (size?: number) => {
      const chunk = read(size);
      if (chunk === null || limit.accept(chunk)) return chunk;
      this.#refused.add('packet-too-large', connection.name, connection.address);
      socket.destroy();
      return null;
    };
  }

  /** Puts the user's name before the id, so that one device can't throw another off by taking its id. */
  #scopeId(client: Client, packet: ConnectPacket): true {
    const { clientId } = packet;
    const name = String(packet.username ?? '');
    this.#connectionOf(client).name = name;
    if (clientId !== '') packet.clientId = `${name.slice(0, 64)}/${clientId.slice(0, 128)}`;
    return true;
  }

  #connectionOf(client: Client): Connection {
    return this.#connections.get(client) ?? { ...NOBODY };
  }

  #authenticate(
    client: Client,
    user: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const connection = this.#connectionOf(client);
    const refuse = (reason: RefusalReason, returnCode: number) => {
      this.#refused.add(reason, user ?? '', connection.address);
      done(Object.assign(new Refusal(reason), { returnCode }), false);
    };
    if (this.#gate.paused !== null) return refuse('journal-full', SERVER_UNAVAILABLE);
    if (user === undefined) return refuse('unknown-device', BAD_CREDENTIALS);
    // No secret has no bytes: a device that sends none is told apart from one that is not registered.
    const outcome = this.#devices.authenticate(user, password ?? Buffer.alloc(0));
    if (outcome === 'retired') return refuse(outcome, NOT_AUTHORIZED);
    if (outcome !== 'ok') return refuse(outcome, BAD_CREDENTIALS);
    connection.device = user;
    done(null, true);
  }

  #publish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const { device: publisher, address } = client === null ? NOBODY : this.#connectionOf(client);
    if (publisher === null) return done(new Refusal('nobody known publishes this'));
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    const access = publishAccess(this.#options.town, publisher, packet.topic, this.#devices);
    if (!access.ok) {
      this.#refused.add(access.reason, publisher, address, packet.topic, payload);
      return done(new Refusal(access.reason));
    }
    const { kind, device } = access;
    try {
      this.#gate.admit({ publisher, kind, device, topic: packet.topic, payload }, done);
    } catch (error) {
      this.#log.error({ publisher, error: messageOf(error) }, 'a message broke the gate');
      done(new Refusal(messageOf(error)));
    }
  }
}

/**
 * What a client publishes ends at the gate: nobody may subscribe to readings, so matching them against subscriptions and
 * offline queues would be work for nothing, and a retained one would only fill the memory. What the service publishes goes
 * its way.
 */
class ConsumingAedes extends Aedes {
  override publish(packet: PublishPacket, client?: unknown, done?: (error?: Error) => void): void {
    if (typeof client === 'object' && client !== null) done?.();
    else super.publish(packet, client as (error?: Error) => void);
  }
}

/** Whether a client did not keep to MQTT; otherwise the network failed it, or we have refused it. */
function isBreach(error: Error): boolean {
  return !(error instanceof Refusal) && !('code' in error) && error.message !== 'keep alive timeout';
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? '' : `${remoteAddress}:${remotePort}`;
}
