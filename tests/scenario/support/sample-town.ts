import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Fleet } from '../../../simulators/fleet.ts';
import { loadInventory } from '../../../simulators/inventory.ts';
import { Simulator } from '../../../simulators/simulator.ts';
import { SimulatedTown } from '../../../simulators/town.ts';
import type { DemoParts } from '../../../src/app.ts';
import { systemClock, TrialClock } from '../../../src/kernel/clock.ts';
import type { Alert, AlertMove } from '../../../src/model/alert.ts';
import { DEVICES_FOLDER, MINUTE_MS, TOWN_FOLDER } from '../../simulators/support/town.ts';
import { LocalService } from './local-service.ts';

/** An alert with its moves, as `GET /alerts/{id}` gives it. */
export type AlertStory = Alert & { history: AlertMove[]; notifications: { outcome: string }[] };

/** A group's lighting rate, as `GET /lighting-rate/now` gives it. */
export interface LightingRate {
  id: string;
  dark: boolean;
  expected: number;
  lit: number;
  out: number;
  unknown: number;
  low: number | null;
  high: number | null;
  verdict: string;
}

const SEED = 1;
/** How far town time goes at a time; a tick falls into each. */
const STEP_MS = 60_000;
const GRACE_MS = 2_000;

/**
 * The sample town with every device simulated: the service, a real MQTT connection for each device, and a clock that goes on
 * only as the test lets it. Each step is taken when all that was said in the last one is acknowledged.
 */
export class SampleTown {
  readonly service: LocalService;
  readonly clock: TrialClock;
  readonly #simulator: Simulator;

  private constructor(service: LocalService, clock: TrialClock, simulator: Simulator) {
    this.service = service;
    this.clock = clock;
    this.#simulator = simulator;
  }

  /** Starts it, or only its devices of one kind, at an instant (ms) of town time; stops it when the running test ends. */
  static async start(at: number, only?: string): Promise<SampleTown> {
    const clock = new TrialClock(at);
    const simulated = new SimulatedTown(loadInventory(TOWN_FOLDER, DEVICES_FOLDER), { seed: SEED, clock, only });
    const service = await LocalService.start({ at, demo: deskOf(simulated) });
    onTestFinished(() => service.stop());
    const isLeftOut = (line: string) => only !== undefined && /^[A-Z]{2}-/.test(line) && line.split(',')[1] !== only;
    const lines = readFileSync(join(TOWN_FOLDER, 'devices.csv'), 'utf8').split('\n');
    const csv = lines.filter((line) => !isLeftOut(line)).join('\n');
    const { credentials } = await service.service.importDevices(
      { format: 'csv', text: csv, datum: 'wgs84' },
      'test',
      false,
    );
    const secrets = new Map(credentials.map(({ username, secret }) => [username, secret]));
    const own = new Map(simulated.connections.map((id) => [id, secrets.get(id) ?? '']));
    const fleet = new Fleet({ url: service.mqttUrl, secrets: own, seed: SEED, clock: systemClock });
    onTestFinished(async () => {
      await fleet.stop(GRACE_MS);
    });
    const simulator = new Simulator(simulated, fleet, own.keys(), at);
    await simulator.open();
    return new SampleTown(service, clock, simulator);
  }

  /** Now, ms of town time. */
  get now(): number {
    return this.clock.now();
  }

  /** Lets so many minutes of town time pass; then everything that was said in them is judged and stored. */
  pass(minutes: number): Promise<void> {
    return this.passTo(this.now + minutes * MINUTE_MS);
  }

  /** As {@link pass}, up to an instant (ms). */
  async passTo(end: number): Promise<void> {
    const trial = this.service.service.clock.trial;
    while (this.now < end) {
      this.clock.stepTo(Math.min(end, this.now + STEP_MS));
      trial?.stepTo(this.now);
      await this.#simulator.step(this.now);
    }
    await this.service.drained();
  }

  /** Switches a fault on, as the page does; gives its id. */
  async fault(fault: string, target: string, duration: string): Promise<string> {
    return (await this.service.api<{ id: string }>('/demo/faults', { fault, target, duration })).id;
  }

  /** Alerts by a query such as `state=open&rule=feeder-supply`. */
  async alerts(query = ''): Promise<Alert[]> {
    return (await this.service.api<{ items: Alert[] }>(`/alerts?limit=1000&${query}`)).items;
  }

  story(id: string): Promise<AlertStory> {
    return this.service.api(`/alerts/${id}`);
  }

  /** Ids of the lighting controllers of which nothing arrives, though it should. */
  async silent(): Promise<string[]> {
    const query = '/devices?kind=lighting-controller&verdict=silent&limit=1000';
    return (await this.service.api<{ items: { id: string }[] }>(query)).items.map(({ id }) => id);
  }

  /** How a group's lamps stand. */
  async rate(group: 'town' | 'feeder', id: string): Promise<LightingRate> {
    const { items } = await this.service.api<{ items: LightingRate[] }>(`/lighting-rate/now?group=${group}`);
    const found = items.find((item) => item.id === id);
    if (found === undefined) throw new Error(`no lighting rate of ${group} ${id}`);
    return found;
  }
}

/** The faults as the demo has them, without its history and its worker. */
function deskOf({ faults }: SimulatedTown): DemoParts {
  const shown = ({ id, fault, target, from, until }: ReturnType<typeof faults.start>) => ({
    ...{ id, fault, target, startedAt: from, endsAt: until },
  });
  return {
    officer: { id: 'test', name: 'test', role: 'duty-officer' },
    progress: () => 'ok',
    isMakingHistory: () => false,
    faults: {
      kinds: () => faults.kinds(),
      running: () => faults.list().map(shown),
      start: (fault, target, duration) => shown(faults.start({ fault, target, duration })),
      stop: (id) => faults.stop(id) !== undefined,
    },
  };
}
