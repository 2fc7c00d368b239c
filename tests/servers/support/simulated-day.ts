import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultRequest } from '../../../simulators/faults.ts';
import { Fleet } from '../../../simulators/fleet.ts';
import { loadInventory } from '../../../simulators/inventory.ts';
import { Simulator } from '../../../simulators/simulator.ts';
import { SimulatedTown } from '../../../simulators/town.ts';
import type { Settings } from '../../../src/config/settings.ts';
import { historyStoreOf } from '../../../src/history/stores.ts';
import { systemClock, TrialClock } from '../../../src/kernel/clock.ts';
import { noPoint } from '../../../src/kernel/points.ts';
import { openStore } from '../../../src/kernel/store.ts';
import type { Town } from '../../../src/model/town.ts';
import { loadKinds } from '../../../src/registry/kinds.ts';
import { LocalService } from '../../scenario/support/local-service.ts';
import { DEVICES_FOLDER, HOUR_MS, MINUTE_MS, TOWN_FOLDER } from '../../simulators/support/town.ts';
import { type BucketAddress, type InfluxProcess, influxEnvironment } from '../../support/influxdb.ts';

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
const PATIENCE_MS = 60_000;

/**
 * Lets a part of the sample town live for a day, with the whole service and an InfluxDB for its history, and stops it.
 * Resolves with the day's end, ms, when the InfluxDB holds everything: readings, their roll-ups, and the series of figures.
 */
export async function liveThroughDay(influx: InfluxProcess, bucket: BucketAddress, day: Day): Promise<number> {
  const { from, devices, faults } = day;
  const end = from + 24 * HOUR_MS;
  const { town, devices: all } = loadInventory(TOWN_FOLDER, DEVICES_FOLDER);
  const clock = new TrialClock(from);
  const inventory = { town, devices: all.filter(({ id }) => devices.test(id)) };
  const simulated = new SimulatedTown(inventory, { seed: SEED, clock });
  for (const fault of faults) simulated.faults.start(fault);

  const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-day-'));
  try {
    const service = await LocalService.start({ at: from, dataDir, env: influxEnvironment(bucket) });
    try {
      const fleet = await fleetOf(service, simulated, devices);
      try {
        const simulator = new Simulator(simulated, fleet, simulated.connections, from);
        await simulator.open();
        while (clock.now() < end) {
          clock.stepTo(clock.now() + MINUTE_MS);
          service.service.clock.trial?.stepTo(clock.now());
          await simulator.step(clock.now());
        }
        await service.drained();
        await figured(influx, bucket.bucket, end);
      } finally {
        await fleet.stop(GRACE_MS);
      }
    } finally {
      await service.stop();
    }
    await rollUp(service.settings, town, end);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  return end;
}

/** Registers the devices; gives the fleet of their connections. */
async function fleetOf({ service, mqttUrl }: LocalService, town: SimulatedTown, devices: RegExp): Promise<Fleet> {
  const lines = readFileSync(join(TOWN_FOLDER, 'devices.csv'), 'utf8').split('\n');
  const isThere = (line: string) => !/^[A-Z]{2}-/.test(line) || devices.test(line.slice(0, line.indexOf(',')));
  const text = lines.filter(isThere).join('\n');
  const { credentials } = await service.importDevices({ format: 'csv', text, datum: 'wgs84' }, 'test', false);
  const secrets = new Map(credentials.map(({ username, secret }) => [username, secret]));
  const own = new Map(town.connections.map((id) => [id, secrets.get(id) ?? '']));
  return new Fleet({ url: mqttUrl, secrets: own, seed: SEED, clock: systemClock });
}

/** Rolls up what the day left: the service's own upkeep looks for it once in a minute of real time. */
async function rollUp({ dataDir, history, devices }: Settings, town: Town, end: number): Promise<void> {
  const store = await openStore(dataDir, { sync: false });
  const parts = { dataDir, kinds: loadKinds(devices), town, store, realClock: systemClock, point: noPoint };
  const readings = historyStoreOf(history, parts);
  try {
    await readings.open();
    while (await readings.rollUp(end));
  } finally {
    await readings.close();
    await store.close();
  }
}

/** What each series is looked for by, and how long before the end (ms) its newest point may stand. */
const SERIES: readonly [series: string, field: string, before: number][] = [
  ['lighting_rate', 'expected', 10 * MINUTE_MS],
  ['pressure_compliance', 'expected', 2 * HOUR_MS],
  ['ledger', 'received', 2 * MINUTE_MS],
  ['alerts', 'open', HOUR_MS],
];

/** Resolves once the series reach to the end; they are written at a pace of their own. @throws Error when they do not */
async function figured(influx: InfluxProcess, bucket: string, end: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (const [series, field, before] of SERIES) {
    for (;;) {
      const [answer] = await influx.ask(`SELECT last("${field}") FROM "${series}"`, bucket);
      const newest = Number(answer?.values[0]?.[0] ?? 0);
      if (newest >= end - before) break;
      if (performance.now() > deadline) throw new Error(`${series} ends at ${newest}, and the day at ${end}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
