import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FromSimulator, Port, ToSimulator } from '../../simulators/protocol.ts';
import { type RemoteOptions, RemoteSimulator, simulatorInWorker } from '../../simulators/remote.ts';
import { serveSimulator } from '../../simulators/serve.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { TownError } from '../../src/kernel/errors.ts';
import { freePort } from '../support/port.ts';
import { TestBroker } from './support/broker.ts';
import { DEVICES_FOLDER, local, MINUTE_MS, TOWN_FOLDER } from './support/town.ts';

const START = local('2026-11-22T20:00');
/** A point, a concentrator and a regulator, which speaks every minute. */
const SECRETS = { 'WP-0030': 'x', 'LC-F012': 'y', 'GR-01': 'z' };

/** The service's clock, which stands still in the real world and remembers what was done with it. */
class WatchedClock {
  readonly steps: number[] = [];
  readonly speeds: number[] = [];
  readonly #clock = new TrialClock(START, new TrialClock(0));
  onStep: () => void = () => {};

  now(): number {
    return this.#clock.now();
  }

  stepTo(instant: number): void {
    this.steps.push(instant);
    this.onStep();
    this.#clock.stepTo(instant);
  }

  run(speed: number): void {
    this.speeds.push(speed);
    this.#clock.run(speed);
  }
}

function optionsFor(url: string, more: Partial<RemoteOptions> = {}): RemoteOptions {
  return {
    ...{ url, townFolder: TOWN_FOLDER, devicesFolder: DEVICES_FOLDER, secrets: SECRETS, seed: 1 },
    ...{ backfillUntil: null, speed: 60, ...more },
  };
}

/** A simulator at the other end of a channel, as it is at the other end of a worker's. */
function remote(options: RemoteOptions): { simulator: RemoteSimulator; clock: WatchedClock } {
  const { port1, port2 } = new MessageChannel();
  const clock = new WatchedClock();
  serveSimulator(port2 as MessagePort & Port<ToSimulator, FromSimulator>);
  const simulator = new RemoteSimulator(port1 as MessagePort & Port<FromSimulator, ToSimulator>, clock, options);
  simulator.start();
  onTestFinished(async () => {
    await simulator.stop().catch(() => {});
    port1.close();
  });
  return { simulator, clock };
}

const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('making history', () => {
  it("steps the service's clock a minute at a time up to the end, then lets it run", async () => {
    const broker = await TestBroker.start();
    const backfillUntil = START + 10 * MINUTE_MS + 20_000;
    const { simulator, clock } = remote(optionsFor(broker.url, { backfillUntil }));
    expect(simulator.progress).toBe(0);
    await simulator.caughtUp;
    const minutes = Array.from({ length: 10 }, (_, minute) => START + (minute + 1) * MINUTE_MS);
    expect(clock.steps).toEqual([...minutes, backfillUntil]);
    expect(clock.speeds).toEqual([60]);
    expect(simulator.progress).toBe(1);
    expect(broker.heard.filter(({ user }) => user === 'GR-01').length).toBe(10);
    for (const { payload } of broker.heard) {
      expect(JSON.parse(payload).ts).toBeGreaterThan(START);
      expect(JSON.parse(payload).ts).toBeLessThanOrEqual(backfillUntil);
    }
  });

  it('takes each step only when the readings of the last one are acknowledged', async () => {
    const broker = await TestBroker.start();
    broker.acknowledges = false;
    const { simulator, clock } = remote(optionsFor(broker.url, { backfillUntil: START + 5 * MINUTE_MS }));
    await broker.until(() => broker.heard.length > 0);
    const steps = clock.steps.length;
    await turns();
    expect(clock.steps.length).toBe(steps);
    broker.release();
    await simulator.caughtUp;
    expect(clock.steps.length).toBe(5);
  });

  it('publishes nothing of a minute before the clock has come to its end', async () => {
    const broker = await TestBroker.start();
    const { simulator, clock } = remote(optionsFor(broker.url, { backfillUntil: START + 5 * MINUTE_MS }));
    const ahead: number[] = [];
    clock.onStep = () => {
      const newest = Math.max(...broker.heard.map(({ payload }) => Number(JSON.parse(payload).ts)));
      if (newest > clock.now()) ahead.push(newest);
    };
    await simulator.caughtUp;
    expect(ahead).toEqual([]);
  });

  it('is left out where there is none to make', async () => {
    const broker = await TestBroker.start();
    const { simulator, clock } = remote(optionsFor(broker.url));
    expect(simulator.progress).toBe(1);
    await simulator.caughtUp;
    expect(clock.steps).toEqual([]);
  });

  it('ends with a stop: no step is asked for after it', async () => {
    const broker = await TestBroker.start();
    broker.acknowledges = false;
    const { simulator, clock } = remote(optionsFor(broker.url, { backfillUntil: START + 60 * MINUTE_MS }));
    await broker.until(() => broker.heard.length > 0);
    const steps = clock.steps.length;
    const stopped = simulator.stop();
    broker.release();
    const totals = await stopped;
    await turns();
    expect(clock.steps.length).toBe(steps);
    expect(totals.outstanding).toBe(0);
    expect(totals.acknowledged).toBe(broker.heard.length);
  });
});

describe('a simulator at the other end of a channel', () => {
  it('speaks on by itself once the clock runs', async () => {
    const broker = await TestBroker.start();
    const { simulator } = remote(optionsFor(broker.url, { speed: 3_600 }));
    await simulator.caughtUp;
    await broker.until(() => broker.heard.filter(({ user }) => user === 'GR-01').length >= 3);
  });

  it('says how many connected, and whom the broker refused', async () => {
    const broker = await TestBroker.start();
    broker.refuses.set('GR-01', 4);
    const { simulator } = remote(optionsFor(broker.url));
    expect(await simulator.connected).toMatchObject({ connected: 2, refused: ['GR-01'], devices: 858 - 2 });
  });

  it('takes faults, lists them and ends them', async () => {
    const broker = await TestBroker.start();
    const { simulator } = remote(optionsFor(broker.url, { backfillUntil: START + MINUTE_MS }));
    await simulator.connected;
    const kinds = await simulator.faultKinds();
    expect(kinds.map(({ fault }) => fault)).toEqual([
      'feeder-outage',
      'concentrator-loss',
      'pressure-drop',
      'gas-leak',
    ]);
    for (const { targets } of kinds) expect(targets.length).toBeGreaterThan(0);
    await simulator.caughtUp;
    const fault = await simulator.startFault({ fault: 'feeder-outage', target: 'F-012', duration: 15 * MINUTE_MS });
    expect(fault.until - fault.from).toBe(15 * MINUTE_MS);
    expect(await simulator.listFaults()).toEqual([fault]);
    expect(await simulator.stopFault(fault.id)).toMatchObject({ id: fault.id });
    expect(await simulator.listFaults()).toEqual([]);
  });

  it('answers a wrong fault with the error that it is, and lives on', async () => {
    const broker = await TestBroker.start();
    const { simulator } = remote(optionsFor(broker.url));
    const ask = (fault: string, target: string) => simulator.startFault({ fault, target, duration: MINUTE_MS });
    await expect(ask('feeder-outage', 'F-12')).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('did you mean F-012?'),
      problems: [{ path: 'target' }],
    });
    await expect(ask('feeder-outrage', 'F-012')).rejects.toBeInstanceOf(TownError);
    await ask('feeder-outage', 'F-012');
    await expect(ask('feeder-outage', 'F-012')).rejects.toMatchObject({ code: 'conflict' });
    await expect(simulator.stopFault('fault-9')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('says so when it fails, and answers nothing but that from then on', async () => {
    const { simulator } = remote(optionsFor(`mqtt://127.0.0.1:${await freePort()}`));
    await expect(simulator.connected).rejects.toMatchObject({ code: 'unavailable' });
    await expect(simulator.caughtUp).rejects.toMatchObject({ code: 'unavailable' });
    await expect(simulator.listFaults()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(simulator.stop()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('names what is wrong with its files', async () => {
    const { simulator } = remote(optionsFor('mqtt://127.0.0.1:1', { townFolder: '/nowhere' }));
    await expect(simulator.connected).rejects.toMatchObject({ code: 'town-invalid' });
  });
});

describe('a simulator in a worker thread', () => {
  it('makes history from its sources, and says that it is gone when its thread ends', async () => {
    const broker = await TestBroker.start();
    const clock = new WatchedClock();
    const options = optionsFor(broker.url, { backfillUntil: START + 5 * MINUTE_MS });
    const { simulator, terminate } = simulatorInWorker(clock, options);
    onTestFinished(terminate);
    simulator.start();
    await simulator.caughtUp;
    expect(clock.steps.length).toBe(5);
    await terminate();
    await expect(simulator.listFaults()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(simulator.stop()).rejects.toMatchObject({ code: 'unavailable' });
  }, 30_000);
});
