import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type Feed } from './connection.ts';
import { Latencies } from './latencies.ts';

/** How a {@link Publisher} publishes. */
export interface PublisherOptions {
  host: string;
  port: number;
  /** Messages that a connection has sent and not seen acknowledged, at most. */
  inFlight: number;
  /** Messages a second over all connections; null: as fast as they are acknowledged. */
  rate: number | null;
  /** Whether a connection that ends is opened again; otherwise that is a failure. */
  reconnect: boolean;
}

const PACE_MS = 2;
const RETRY_FIRST_MS = 20;
const RETRY_MOST_MS = 500;

/** Many MQTT connections that publish by QoS 1, each its own feed, on little of the machine. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #connections: Connection[];
  #port: number;
  #latencies = new Latencies();
  #acknowledged = 0;
  #dialled = false;
  #running = false;
  #closing = false;
  #failure: Error | null = null;
  #pacer: NodeJS.Timeout | undefined;
  /** Messages that fell due and had no connection with room for them, by the instant they fell due. */
  #due: { at: number; count: number }[] = [];
  #turn = 0;
  /** Connections that saw an acknowledgement in this turn of the event loop. */
  readonly #woken = new Set<Connection>();

  constructor(options: PublisherOptions, feeds: readonly Feed[]) {
    this.#options = options;
    this.#port = options.port;
    this.#connections = feeds.map((feed) => this.#connection(feed));
  }

  /** Messages that were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Different messages that were sent. */
  get sent(): number {
    return this.#connections.reduce((sum, { sent }) => sum + sent, 0);
  }

  /** Messages that were sent and not (yet) acknowledged: whether they were received is unknown. */
  get inDoubt(): number {
    return this.#connections.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** From when a message fell due to its acknowledgement, of those acknowledged since the last {@link resetLatencies}. */
  get latencies(): Latencies {
    return this.#latencies;
  }

  resetLatencies(): void {
    this.#latencies = new Latencies();
  }

  /**
   * Opens all connections, or waits until those that were lost are open again.
   * @throws Error when one is refused, or when they are not all open within `withinMs`
   */
  async connect(withinMs = 30_000): Promise<void> {
    if (!this.#dialled) for (const connection of this.#connections) connection.dial(this.#options.host, this.#port);
    this.#dialled = true;
    await this.#until(() => this.#connections.every(({ open }) => open), withinMs, 'not all connections opened');
  }

  /** Where connections that have to be opened again find the broker from now on. */
  moveTo(port: number): void {
    this.#port = port;
  }

  /** Begins to publish, or goes on after {@link pause}. */
  run(): void {
    this.#running = true;
    const { rate } = this.#options;
    if (rate === null) {
      for (const connection of this.#connections) this.#fill(connection);
      return;
    }
    let last = performance.now();
    let owed = 0;
    this.#pacer = setInterval(() => {
      const now = performance.now();
      owed += ((now - last) * rate) / 1000;
      last = now;
      const count = Math.floor(owed);
      owed -= count;
      if (count > 0) this.#due.push({ at: now, count });
      this.#spread();
    }, PACE_MS);
  }

  /** Publishes nothing new. What is in flight is still waited for. */
  pause(): void {
    this.#running = false;
    clearInterval(this.#pacer);
    this.#due = [];
  }

  /** Resolves once everything that was sent is acknowledged. @throws Error after `withinMs`, or when a connection failed */
  async settled(withinMs = 30_000): Promise<void> {
    await this.#until(() => this.inDoubt === 0, withinMs, 'not everything was acknowledged');
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.pause();
    this.#closing = true;
    for (const connection of this.#connections) connection.close();
    await this.#until(() => this.#connections.every(({ open }) => !open), 5_000, 'not all connections closed');
  }

  #connection(feed: Feed): Connection {
    let retry = RETRY_FIRST_MS;
    const connection: Connection = new Connection(feed, this.#options.inFlight, {
      connected: () => {
        retry = RETRY_FIRST_MS;
        if (this.#running && this.#options.rate === null) this.#fill(connection);
      },
      acknowledged: (ms) => {
        this.#acknowledged++;
        this.#latencies.add(ms);
        if (this.#running && this.#options.rate === null) this.#wake(connection);
      },
      ended: (error) => {
        if (this.#closing) return;
        if (!this.#options.reconnect) this.#failure ??= error ?? new Error(`the connection of ${feed.user} was closed`);
        else {
          setTimeout(() => {
            if (!this.#closing) connection.dial(this.#options.host, this.#port);
          }, retry);
          retry = Math.min(RETRY_MOST_MS, retry * 2);
        }
      },
    });
    return connection;
  }

  /** Sends on behalf of all acknowledgements of one chunk at once. */
  #wake(connection: Connection): void {
    if (this.#woken.size === 0) {
      setImmediate(() => {
        for (const woken of this.#woken) if (this.#running) this.#fill(woken);
        this.#woken.clear();
      });
    }
    this.#woken.add(connection);
  }

  #fill(connection: Connection): void {
    if (connection.room > 0) connection.send(new Array(connection.room).fill(performance.now()));
  }

  /** Hands what is due to the connections in turn, as even as their room allows. */
  #spread(): void {
    let due = this.#due.reduce((sum, { count }) => sum + count, 0);
    const count = this.#connections.length;
    for (let tried = 0; tried < count && due > 0; tried++) {
      const connection = this.#connections[this.#turn++ % count] as Connection;
      const take = Math.min(connection.room, Math.ceil(due / (count - tried)));
      if (take <= 0) continue;
      connection.send(this.#takeDue(take));
      due -= take;
    }
  }

  #takeDue(count: number): number[] {
    const taken: number[] = [];
    while (taken.length < count) {
      const oldest = this.#due[0];
      if (oldest === undefined) break;
      taken.push(oldest.at);
      if (--oldest.count === 0) this.#due.shift();
    }
    return taken;
  }

  async #until(met: () => boolean, withinMs: number, otherwise: string): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!met()) {
      if (this.#failure !== null) throw this.#failure;
      if (performance.now() > deadline) throw new Error(`${otherwise} within ${withinMs} ms`);
      await sleep(2);
    }
  }
}
