import { onTestFinished } from 'vitest';
import { Broker } from '../../../src/broker/broker.ts';
import { Gate } from '../../../src/broker/gate.ts';
import { RefusedLog } from '../../../src/broker/refused.ts';
import { TrialClock } from '../../../src/kernel/clock.ts';
import { silentLogger } from '../../../src/kernel/logger.ts';
import type { Sample } from '../../../src/model/sample.ts';
import { Peer } from './peer.ts';

interface KnownDevice {
  kind: string;
  gateway: string | null;
  secret: string;
  retired?: true;
}

/** A broker with its gate on a free port; who is who, and the journal behind it, are the test's. */
export class Door {
  readonly clock = new TrialClock(1_000);
  /** Who may come in. */
  readonly devices = new Map<string, KnownDevice>([
    ['WP-1', { kind: 'water-pressure', gateway: null, secret: 'the-secret-of-WP-1' }],
    ['WP-2', { kind: 'water-pressure', gateway: null, secret: 'the-secret-of-WP-2' }],
    ['LC-1', { kind: 'lighting-controller', gateway: null, secret: 'the-secret-of-LC-1' }],
    ['LC-1-1', { kind: 'lighting-controller', gateway: 'LC-1', secret: 'the-secret-of-LC-1-1' }],
    ['OLD', { kind: 'water-pressure', gateway: null, secret: 'the-secret-of-OLD', retired: true }],
  ]);
  /** What is in the journal, as `publisher for device: payload`. */
  readonly journal: string[] = [];
  full = false;
  readonly refused = new RefusedLog(this.clock, () => {});
  readonly gate: Gate;
  readonly broker: Broker;
  #port = 0;
  #hold: Promise<void> | null = null;

  private constructor(port: number) {
    this.gate = new Gate(
      {
        decode: ({ publisher, device, kind, payload }) => {
          const values = { [`${publisher} for ${device}: ${payload}`]: true };
          return { samples: [{ device, kind, ts: 1, values }], rejected: [], fields: [], unknown: [] };
        },
      },
      {
        held: () => (this.full ? 'the journal is full' : null),
        append: async (records: readonly { sample: Sample }[], alongside: (appended: { at: number }) => void) => {
          await this.#hold;
          alongside({ at: 1 });
          this.journal.push(...records.flatMap(({ sample }) => Object.keys(sample.values)));
        },
      },
      { count: () => {}, keep: () => {} },
      this.clock,
      silentLogger,
    );
    const directory = {
      authenticate: (id: string, secret: Buffer) => {
        const device = this.devices.get(id);
        if (device === undefined) return 'unknown-device' as const;
        if (device.secret !== secret.toString()) return 'wrong-secret' as const;
        return device.retired === true ? ('retired' as const) : ('ok' as const);
      },
      find: (id: string) => this.devices.get(id),
    };
    const options = { town: 'lailong', host: '127.0.0.1', port };
    this.broker = new Broker(options, directory, this.gate, this.refused, silentLogger);
  }

  /** Open until the running test ends. */
  static async open(port = 0): Promise<Door> {
    const door = new Door(port);
    door.#port = await door.broker.listen();
    onTestFinished(() => door.broker.stop());
    return door;
  }

  get port(): number {
    return this.#port;
  }

  /** Holds what comes back from being synced until the test lets it go. */
  hold(): () => void {
    let release = () => {};
    this.#hold = new Promise((resolve) => {
      release = resolve;
    });
    return () => {
      this.#hold = null;
      release();
    };
  }

  knock(): Promise<Peer> {
    return Peer.open(this.port);
  }

  /** A connection that has signed in as a device. */
  async signIn(id: string, fields: Parameters<Peer['connect']>[0] = {}): Promise<Peer> {
    const peer = await this.knock();
    const code = await peer.connect({ username: id, password: Buffer.from(`the-secret-of-${id}`), ...fields });
    if (code !== 0) throw new Error(`${id} was not let in: ${code}`);
    return peer;
  }

  /** The list of the refused, newest first, as `id reason`. */
  turnedAway(): string[] {
    return this.refused.list().map(({ id, reason }) => `${id} ${reason}`);
  }
}

/** The topic that a device of the door publishes on. */
export const topicOf = (id: string): string =>
  `lailong/${id.startsWith('LC') ? 'lighting-controller' : 'water-pressure'}/${id}/telemetry`;
