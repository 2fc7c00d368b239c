import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Ledger } from '../../src/model/ledger.ts';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { expectEverythingOnce } from './account.ts';
import type { Dice } from './dice.ts';
import { type Remains, readRemains } from './remains.ts';
import { ScriptedDevice } from './scripted-device.ts';

const CONNECTIONS = 60;
const SAMPLES_PER_SECOND = 5_000;
const KINDS = ['water-pressure', 'gas-meter', 'lighting-controller'];

/** A town under load whose service is killed, and what must be true of it afterwards. */
export class CrashTown {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'townpulse-crash-'));
  readonly devices: ScriptedDevice[];
  readonly publisher: Publisher;
  #service: ServiceProcess | null = null;

  constructor(dice: Dice) {
    this.devices = Array.from({ length: CONNECTIONS }, (_, number) => new ScriptedDevice(number, dice));
    const options = { host: '127.0.0.1', port: 0, inFlight: 40, rate: SAMPLES_PER_SECOND, reconnect: true };
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

  /** Starts the service for the first time, registers the devices, and stops it. */
  async register(): Promise<void> {
    await this.start();
    await this.service.register(this.devices.map(({ registration }) => registration));
    await this.service.stop();
  }

  /** Starts the service, which ends itself at `killAt` where that is said. */
  async start(killAt?: string): Promise<void> {
    const env: Record<string, string> = killAt === undefined ? {} : { TOWNPULSE_TEST_KILL_AT: killAt };
    this.#service = await ServiceProcess.start({ dataDir: this.dataDir, from: 'sources', env });
    this.publisher.moveTo(this.#service.mqttPort);
  }

  /** Starts it again, lets every device send what was never acknowledged, and waits until history and rules have it all. */
  async recover(): Promise<Ledger> {
    await this.start();
    await this.publisher.connect();
    await this.publisher.settled();
    await this.service.drained();
    return this.service.ledger();
  }

  /** Recovers, stops the service, and accounts for everything that was ever sent. */
  async account(): Promise<{ ledger: Ledger; remains: Remains }> {
    const ledger = await this.recover();
    await this.service.stop();
    const remains = await readRemains(this.dataDir, KINDS);
    expectEverythingOnce(this.devices, remains, ledger);
    return { ledger, remains };
  }
}
