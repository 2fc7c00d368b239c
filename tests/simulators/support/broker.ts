import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type PublishPacket } from 'aedes';
import { onTestFinished } from 'vitest';

/** A message that came in. */
export interface Heard {
  user: string;
  topic: string;
  payload: string;
}

/** A real broker on a free port of 127.0.0.1, which a test can stop, start again and make forgetful. */
export class TestBroker {
  readonly heard: Heard[] = [];
  /** Who signed in, as often as they did. */
  readonly signedIn: string[] = [];
  /** Whether messages are acknowledged; those that are not stay unanswered until they are released. */
  acknowledges = true;
  #held: (() => void)[] = [];
  /** CONNACK code by user, for those who are not let in. */
  readonly refuses = new Map<string, number>();
  readonly #users = new Map<object, string>();
  readonly #sockets = new Set<Socket>();
  readonly #looks = new Set<() => void>();
  #aedes: Aedes | null = null;
  #server: Server | null = null;
  #port = 0;

  /** A broker that listens, and stops when the running test ends. */
  static async start(): Promise<TestBroker> {
    const broker = new TestBroker();
    await broker.listen();
    onTestFinished(() => broker.stop());
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  get connected(): number {
    return this.#sockets.size;
  }

  /** Listens on the port that it had before, if it had one. */
  async listen(): Promise<void> {
    const aedes = await Aedes.createBroker({
      authenticate: (client, user, _password, done) => {
        const returnCode = this.refuses.get(user ?? '');
        if (returnCode !== undefined)
          return done(Object.assign(new Error('refused'), { returnCode }) as AuthenticateError, false);
        this.#users.set(client, user ?? '');
        this.signedIn.push(user ?? '');
        this.#changed();
        done(null, true);
      },
      authorizePublish: (client, packet: PublishPacket, done) => {
        const user = client === null ? '' : (this.#users.get(client) ?? '');
        this.heard.push({ user, topic: packet.topic, payload: String(packet.payload) });
        if (this.acknowledges) done(null);
        else this.#held.push(() => done(null));
        this.#changed();
      },
    });
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#changed();
      });
      aedes.handle(socket);
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    [this.#aedes, this.#server] = [aedes, server];
  }

  /** Acknowledges what was held back, and all that follows. */
  release(): void {
    this.acknowledges = true;
    for (const acknowledge of this.#held.splice(0)) acknowledge();
  }

  /** Breaks every connection without a word. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const [aedes, server] = [this.#aedes, this.#server];
    [this.#aedes, this.#server] = [null, null];
    if (aedes === null || server === null) return;
    const closed = once(server, 'close');
    server.close();
    this.breakConnections();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    await closed;
  }

  /** Resolves when `isSo`, which is looked at whenever something happens here. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of this.#looks) look();
  }
}
