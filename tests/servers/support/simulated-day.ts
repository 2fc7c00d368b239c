import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultRequest } from '../../../simulators/faults.ts';
import { Fleet } from '../../../simulators/fleet.ts';
import { loadInventory } from '../../../simulators/inventory.ts';
import { Simulator } from '../../../simulators/simulator.ts';
import { SimulatedTown } from '../../../simulators/town.ts';
import type { InfluxAddress } from '../../../src/history/settings.ts';
import { systemClock, TrialClock } from '../../../src/kernel/clock.ts';
import { LocalService } from '../../scenario/support/local-service.ts';
import { DEVICES_FOLDER, HOUR_MS, MINUTE_MS, TOWN_FOLDER } from '../../simulators/support/town.ts';
import { influxEnvironment } from '../../support/influxdb.ts';

/** What is simulated, and when. */
export interface Day {
  /** From here on, for a day; ms. */
  from: number;
  /** The devices of the sample town that are there. */
  devices: RegExp;
  /** What goes wrong; `delay` counts from the day's beginning. */
  faults: readonly FaultRequest[];
}

const SEED = 1;
const GRACE_MS = 2_000;

/**
 * Lets a part of the sample town live for a day, with the whole service and an InfluxDB for its history, and stops it.
 * Resolves with the day's end, ms, when the InfluxDB holds everything.
 */
export async function liveThroughDay(address: InfluxAddress, { from, devices, faults }: Day): Promise<number> {
  const end = from + 24 * HOUR_MS;
  const { town, devices: all } = loadInventory(TOWN_FOLDER, DEVICES_FOLDER);
  const clock = new TrialClock(from);
  const inventory = { town, devices: all.filter(({ id }) => devices.test(id)) };
  const simulated = new SimulatedTown(inventory, { seed: SEED, clock });
  for (const fault of faults) simulated.faults.start(fault);

  const service = await LocalService.start({ at: from, env: influxEnvironment(address) });
  try {
    const lines = readFileSync(join(TOWN_FOLDER, 'devices.csv'), 'utf8').split('\n');
    const isThere = (line: string) => !/^[A-Z]{2}-/.test(line) || devices.test(line.slice(0, line.indexOf(',')));
    const text = lines.filter(isThere).join('\n');
    const { credentials } = await service.service.importDevices({ format: 'csv', text, datum: 'wgs84' }, 'test', false);
    const secrets = new Map(credentials.map(({ username, secret }) => [username, secret]));
    const own = new Map(simulated.connections.map((id) => [id, secrets.get(id) ?? '']));
    const fleet = new Fleet({ url: service.mqttUrl, secrets: own, seed: SEED, clock: systemClock });
    try {
      const simulator = new Simulator(simulated, fleet, own.keys(), from);
      await simulator.open();
      while (clock.now() < end) {
        clock.stepTo(clock.now() + MINUTE_MS);
        service.service.clock.trial?.stepTo(clock.now());
        await simulator.step(clock.now());
      }
      await service.drained();
    } finally {
      await fleet.stop(GRACE_MS);
    }
  } finally {
    await service.stop();
  }
  return end;
}
