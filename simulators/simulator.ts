import type { Clock, Timer } from '../src/kernel/clock.ts';
import type { Fleet } from './fleet.ts';
import type { SimulatedTown } from './town.ts';

/** How often a running simulation looks what is due, ms of town time. */
const LOOK_MS = 1_000;

/** Lets the devices of a town speak over their connections as town time goes on. */
export class Simulator {
  readonly #town: SimulatedTown;
  readonly #fleet: Fleet;
  /** The connections that are simulated: those that have a secret. */
  readonly #connections: ReadonlySet<string>;
  /** Everything up to this instant has been sent. */
  #sentUntil: number;
  #timer: Timer | null = null;

  /** Nothing before `from` (ms of town time) is sent. */
  constructor(town: SimulatedTown, fleet: Fleet, connections: Iterable<string>, from: number) {
    this.#town = town;
    this.#fleet = fleet;
    this.#connections = new Set(connections);
    this.#sentUntil = from;
  }

  /** Connects whoever can speak at the beginning. @throws TownError `unavailable` when there is no broker */
  open(): Promise<void> {
    return this.#fleet.open([...this.#connections].filter((id) => this.#town.isConnected(id, this.#sentUntil)));
  }

  /** Sends what is due up to `to`, and lets connections come and go as the town's power does. What is past is past. */
  advance(to: number): void {
    if (to <= this.#sentUntil) return;
    for (const { connection, topic, payload } of this.#town.reports(this.#sentUntil, to)) {
      if (this.#connections.has(connection)) this.#fleet.publish(connection, topic, payload);
    }
    for (const id of this.#connections) {
      if (this.#town.isConnected(id, to)) this.#fleet.join(id);
      else this.#fleet.leave(id);
    }
    this.#sentUntil = to;
  }

  /** As {@link advance}; resolves when all of it is acknowledged. */
  async step(to: number): Promise<void> {
    this.advance(to);
    await this.#fleet.idle();
  }

  /** Goes on by itself with `clock`, the town's. */
  run(clock: Clock): void {
    this.#timer = clock.every('simulated reports', LOOK_MS, () => this.advance(clock.now()));
  }

  /** Says nothing more. */
  pause(): void {
    this.#timer?.stop();
  }
}
