import { type Clock, sleep, type Timer } from '../src/kernel/clock.ts';
import { TownError } from '../src/kernel/errors.ts';
import { Dice } from './dice.ts';
import { Link, type Outcome } from './link.ts';

/** How many handshakes are under way at a time: a storm that is over in seconds and drowns nobody. */
const HANDSHAKES = 50;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** How long the broker has to close its end of all connections. */
const GOODBYE_MS = 2_000;

/** Who connects where. */
export interface FleetOptions {
  /** `mqtt://HOST:PORT` */
  url: string;
  /** Device id -> its secret. */
  secrets: ReadonlyMap<string, string>;
  seed: number;
  /** Real time, for waiting before the next attempt. */
  clock: Clock;
}

/** What has become of the fleet's messages so far. */
export interface FleetTotals {
  connected: number;
  published: number;
  acknowledged: number;
  outstanding: number;
  /** Overwritten in a full memory, or gone with a device's power. */
  lost: number;
  /** Devices whose secret the broker did not take. */
  refused: string[];
}

interface Station {
  link: Link;
  /** `wanted`: it is connected, or on its way to be. */
  state: 'away' | 'wanted' | 'refused';
  /** How many attempts were made, so that the outcome of an older one is left alone. */
  dials: number;
  /** How many failed since it was last connected. */
  failures: number;
  wait: Timer | null;
}

/** A connection for each device, kept up with growing waits; each message goes out by QoS 1 under its own device's name. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #stations = new Map<string, Station>();
  readonly #queue: string[] = [];
  readonly #settled = new Set<() => void>();
  #handshakes = 0;
  #published = 0;
  #acknowledged = 0;
  #lost = 0;
  #isStopped = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    for (const [id, secret] of options.secrets) {
      const link = new Link(options.url, id, secret, {
        acknowledged: () => {
          this.#acknowledged++;
          this.#settle();
        },
        lost: (messages) => {
          this.#lost += messages;
          this.#settle();
        },
        dropped: () => this.#tryLater(id),
      });
      this.#stations.set(id, { link, state: 'away', dials: 0, failures: 0, wait: null });
    }
  }

  /**
   * Connects these devices: one first, then the others, {@link HANDSHAKES} at a time. Resolves when each has been tried.
   * @throws TownError `unavailable` when the first finds no broker
   */
  async open(ids: readonly string[]): Promise<void> {
    const [first, ...others] = ids;
    if (first === undefined) return;
    this.#station(first).state = 'wanted';
    const outcome = await this.#dial(first);
    if (outcome.is === 'failed') {
      this.#station(first).wait?.stop();
      const advice = 'is townpulse running there? Give the right address with --url';
      throw new TownError('unavailable', `no broker answers at ${this.#options.url} (${outcome.why}): ${advice}`);
    }
    for (const id of others) this.#enqueue(id);
    await this.#until(() => this.#queue.length === 0 && this.#handshakes === 0);
  }

  /** Lets a device connect that is away; one that was refused stays so. */
  join(id: string): void {
    if (this.#station(id).state === 'away') this.#enqueue(id);
  }

  /** Sends a message by QoS 1, as soon as the device is connected; nothing for one that was refused. */
  publish(id: string, topic: string, payload: string): void {
    const station = this.#station(id);
    if (station.state === 'refused') return;
    this.join(id);
    this.#published++;
    station.link.publish(topic, payload);
  }

  /** Lets a device lose its connection without a word, once what it has sent is acknowledged. */
  leave(id: string): void {
    const station = this.#station(id);
    if (station.state !== 'wanted') return;
    station.state = 'away';
    station.dials++;
    station.wait?.stop();
    station.link.leave();
  }

  /** Resolves when nothing is outstanding. */
  idle(): Promise<void> {
    return this.#until(() => this.#outstanding() === 0);
  }

  totals(): FleetTotals {
    const stations = [...this.#stations];
    return {
      connected: stations.filter(([, { link }]) => link.isUp).length,
      published: this.#published,
      acknowledged: this.#acknowledged,
      outstanding: this.#outstanding(),
      lost: this.#lost,
      refused: stations.filter(([, { state }]) => state === 'refused').map(([id]) => id),
    };
  }

  /** Waits up to `grace` ms for what is outstanding, then takes leave of the broker for all devices. */
  async stop(grace: number): Promise<FleetTotals> {
    await this.#atMost(grace, 'last acknowledgements', this.idle());
    const totals = this.totals();
    this.#isStopped = true;
    this.#queue.length = 0;
    const stations = [...this.#stations.values()];
    for (const { wait } of stations) wait?.stop();
    await this.#atMost(GOODBYE_MS, 'goodbyes', Promise.all(stations.map(({ link }) => link.close())));
    for (const { link } of stations) link.abandon();
    return totals;
  }

  /** Resolves when `work` is done, or after `ms`. */
  async #atMost(ms: number, name: string, work: Promise<unknown>): Promise<void> {
    const patience = new AbortController();
    await Promise.race([work, sleep(this.#options.clock, name, ms, patience.signal)]);
    patience.abort();
  }

  #station(id: string): Station {
    const station = this.#stations.get(id);
    if (station === undefined) throw new Error(`${id} has no connection in this fleet`);
    return station;
  }

  #outstanding(): number {
    return this.#published - this.#acknowledged - this.#lost;
  }

  #enqueue(id: string): void {
    if (this.#isStopped) return;
    this.#station(id).state = 'wanted';
    this.#queue.push(id);
    this.#dialNext();
  }

  #dialNext(): void {
    while (this.#handshakes < HANDSHAKES) {
      const id = this.#queue.shift();
      if (id === undefined) break;
      // Who has left while it stood in the queue stays away.
      if (this.#station(id).state === 'wanted') void this.#dial(id);
    }
    this.#settle();
  }

  async #dial(id: string): Promise<Outcome> {
    const station = this.#station(id);
    const dial = ++station.dials;
    this.#handshakes++;
    const outcome = await station.link.dial();
    this.#handshakes--;
    if (dial === station.dials) {
      if (outcome.is === 'refused') station.state = 'refused';
      else if (outcome.is === 'connected') station.failures = 0;
      else this.#tryLater(id);
    }
    this.#dialNext();
    return outcome;
  }

  /** Waits double from one second to thirty, each up to a half shorter, so that the fleet does not come back as one. */
  #tryLater(id: string): void {
    const station = this.#station(id);
    if (this.#isStopped || station.state !== 'wanted') return;
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** station.failures);
    const shorter = new Dice(this.#options.seed, id).fixed(`wait ${station.failures}`) / 2;
    station.failures++;
    station.wait = this.#options.clock.after(`${id} connects again`, longest * (1 - shorter), () => this.#enqueue(id));
  }

  #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#settled.delete(look);
        resolve();
      };
      this.#settled.add(look);
    });
  }

  #settle(): void {
    for (const look of this.#settled) look();
  }
}
