import { connect, type Socket } from 'node:net';
import { AnswerReader, connectPacket, DISCONNECT, type Publish, publishPackets, text } from './mqtt-packets.ts';

/** What one connection signs in with and publishes. */
export interface Feed {
  clientId: string;
  user: string;
  secret: string;
  topic: string;
  /** The next message, ASCII text; asked for when it can be sent at once. */
  next(): string;
  /** Message `index` (0 for the first that `next` gave) was acknowledged. */
  acknowledged?(index: number): void;
  /** Message `index` is sent once more: its connection ended before it was acknowledged. */
  sentAgain?(index: number): void;
}

interface Flight extends Publish {
  index: number;
  /** Since when it waits for its acknowledgement, ms of performance.now(). */
  since: number;
}

/** What a connection tells its publisher. */
export interface ConnectionEvents {
  connected(): void;
  /** A message was acknowledged, `ms` after it was due. */
  acknowledged(ms: number): void;
  /** The connection is gone; `error` where it was refused or broke the protocol. */
  ended(error: Error | null): void;
}

/**
 * One MQTT connection that publishes its feed by QoS 1. What was in flight when it ended is sent again first, in order, as
 * soon as it is open again.
 */
export class Connection {
  readonly #feed: Feed;
  readonly #topic: Buffer;
  readonly #inFlight: number;
  readonly #events: ConnectionEvents;
  /** In the order of sending, by packet id. */
  #flights = new Map<number, Flight>();
  #socket: Socket | null = null;
  #open = false;
  #nextId = 1;
  #sent = 0;

  constructor(feed: Feed, inFlight: number, events: ConnectionEvents) {
    this.#feed = feed;
    this.#topic = text(feed.topic);
    this.#inFlight = inFlight;
    this.#events = events;
  }

  /** Different messages that were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Messages that were sent and not acknowledged. */
  get waiting(): number {
    return this.#flights.size;
  }

  get open(): boolean {
    return this.#open;
  }

  /** How many messages may be sent now. */
  get room(): number {
    return this.#open ? this.#inFlight - this.#flights.size : 0;
  }

  /** Opens the connection; its events tell how that went. */
  dial(host: string, port: number): void {
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    let problem: Error | null = null;
    const reader = new AnswerReader({
      connected: (code) => {
        if (code === 0) this.#opened();
        else problem = new Error(`${this.#feed.user} was refused with CONNACK code ${code}`);
      },
      acknowledged: (id) => this.#acknowledged(id),
    });
    socket.on('connect', () => socket.write(connectPacket(this.#feed.clientId, this.#feed.user, this.#feed.secret)));
    socket.on('data', (chunk) => {
      try {
        reader.read(chunk);
      } catch (error) {
        problem = error as Error;
        socket.destroy();
      }
    });
    // The close that follows tells it.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#open = false;
      this.#socket = null;
      this.#events.ended(problem);
    });
  }

  /** Sends the feed's next messages, one for each instant (ms) at which one fell due. No more than there is room for. */
  send(dues: readonly number[]): void {
    const packets: Flight[] = [];
    for (const since of dues) {
      const flight = { id: this.#freeId(), payload: this.#feed.next(), again: false, index: this.#sent++, since };
      this.#flights.set(flight.id, flight);
      packets.push(flight);
    }
    this.#socket?.write(publishPackets(this.#topic, packets));
  }

  /** Says goodbye; a broker that still owes acknowledgements might not hear it, and is left without a word. */
  close(): void {
    if (this.#open && this.#flights.size === 0) this.#socket?.end(DISCONNECT);
    else this.#socket?.destroy();
  }

  #opened(): void {
    this.#open = true;
    const again = [...this.#flights.values()];
    for (const flight of again) {
      flight.again = true;
      this.#feed.sentAgain?.(flight.index);
    }
    if (again.length > 0) this.#socket?.write(publishPackets(this.#topic, again));
    this.#events.connected();
  }

  #acknowledged(id: number): void {
    const flight = this.#flights.get(id);
    if (flight === undefined) throw new Error(`${this.#feed.user}: packet ${id} was acknowledged and is not in flight`);
    const [oldest] = this.#flights.keys();
    // [MQTT-4.6.0-2]
    if (id !== oldest) throw new Error(`${this.#feed.user}: packet ${id} was acknowledged before packet ${oldest}`);
    this.#flights.delete(id);
    this.#feed.acknowledged?.(flight.index);
    this.#events.acknowledged(performance.now() - flight.since);
  }

  #freeId(): number {
    do this.#nextId = (this.#nextId % 65_535) + 1;
    while (this.#flights.has(this.#nextId));
    return this.#nextId;
  }
}
