import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Ledger } from '../../src/model/ledger.ts';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { expectEverythingOnce } from './account.ts';
import { Dice } from './dice.ts';
import { type FoundRow, readRemains } from './remains.ts';
import { ScriptedDevice } from './scripted-device.ts';
import { expectWhatAFreshEngineFinds } from './transitions.ts';

const CONNECTIONS = 60;
/** Each holds a sample or more. */
const MESSAGES_PER_SECOND = 5_000;

/** How a {@link CrashTown} starts its service. */
interface Start {
  /** The point at which it ends itself, once it is armed. */
  killAt?: string;
  /** …a turn of the event loop later. */
  isLate?: boolean;
  /** What to run it under. */
  under?: readonly string[];
}

/** A history that does not lie in the data directory. */
export interface HistoryElsewhere {
  /** What tells the service of it. */
  env: Record<string, string>;
  rows(): Promise<FoundRow[]>;
}

/** What a service took meanwhile. */
export interface Taken {
  /** Samples acknowledged. */
  samples: number;
  seconds: number;
}

/** A data directory whose devices are registered, and that has no reading yet: what many towns can begin on. */
export async function makeTemplate(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-crash-template-'));
  const service = await ServiceProcess.start({ dataDir, from: 'sources' });
  await service.register(devicesOf(new Dice(0)).map(({ registration }) => registration));
  await service.stop();
  return dataDir;
}

/** A town under load whose service is killed, and what must be true of it afterwards. */
export class CrashTown {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'townpulse-crash-'));
  readonly devices: ScriptedDevice[];
  readonly publisher: Publisher;
  readonly #history: HistoryElsewhere | null;
  #service: ServiceProcess | null = null;

  /** A town of its own for the running test; on a copy of `template`, or on nothing. */
  constructor(dice: Dice, template: string | null, history: HistoryElsewhere | null = null) {
    this.#history = history;
    if (template !== null) cpSync(template, this.dataDir, { recursive: true });
    this.devices = devicesOf(dice);
    const options = { host: '127.0.0.1', port: 0, inFlight: 40, rate: MESSAGES_PER_SECOND, reconnect: true };
    this.publisher = new Publisher(options, this.devices);
    onTestFinished(async () => {
      await this.publisher.close();
      await this.#service?.kill();
      rmSync(this.dataDir, { recursive: true, force: true });
    });
  }

  get service(): ServiceProcess {
    if (this.#service === null) throw new Error('the service was not started');
    return this.#service;
  }

  async register(): Promise<void> {
    await this.service.register(this.devices.map(({ registration }) => registration));
  }

  async start({ killAt, isLate = false, under }: Start = {}): Promise<void> {
    this.#service = await ServiceProcess.start({
      dataDir: this.dataDir,
      from: 'sources',
      env: {
        ...this.#history?.env,
        ...(killAt === undefined ? {} : { TOWNPULSE_TEST_KILL_AT: killAt }),
        ...(isLate ? { TOWNPULSE_TEST_KILL_LATE: '1' } : {}),
      },
      ...(under === undefined ? {} : { under }),
    });
    this.publisher.moveTo(this.#service.mqttPort);
  }

  /** Publishes while `meanwhile` runs, which mostly sees to the end of the service. */
  async publishWhile(meanwhile: () => Promise<unknown>): Promise<Taken> {
    await this.publisher.connect();
    const before = this.#acknowledged();
    const begun = performance.now();
    this.publisher.run();
    await meanwhile();
    const seconds = (performance.now() - begun) / 1_000;
    this.publisher.pause();
    return { samples: this.#acknowledged() - before, seconds };
  }

  /** Starts it again, lets every device send what was never acknowledged, and waits until history and rules have it all. */
  async recover(): Promise<Ledger> {
    await this.start();
    await this.publisher.connect();
    await this.publisher.settled();
    await this.service.drained();
    return this.service.ledger();
  }

  /** Recovers, stops the service, and accounts for everything that was ever sent, and for all that came of it. */
  async account(): Promise<void> {
    const ledger = await this.recover();
    await this.service.stop();
    const remains = await readRemains(this.dataDir, this.#history?.rows);
    expectEverythingOnce(this.devices, remains, ledger);
    await expectWhatAFreshEngineFinds(remains);
  }

  #acknowledged(): number {
    return this.devices.reduce((sum, device) => sum + device.samplesAcknowledged, 0);
  }
}

function devicesOf(dice: Dice): ScriptedDevice[] {
  return Array.from({ length: CONNECTIONS }, (_, number) => new ScriptedDevice(number, dice));
}
