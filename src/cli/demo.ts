import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Inventory, loadInventory } from '../../simulators/inventory.ts';
import { type RemoteSimulator, simulatorInWorker } from '../../simulators/remote.ts';
import { SimulatedTown } from '../../simulators/town.ts';
import { type DemoParts, type Service, startService } from '../app.ts';
import type { Settings } from '../config/settings.ts';
import { messageOf, TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { Sun } from '../model/sun.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The demo begins so long before dusk, so that whoever starts it sees the lamps come on (CONTRACT.md §1). */
const BEFORE_DUSK_MS = 20 * MINUTE_MS;
const SEED = 1;
/** The device that the lines to paste speak for. */
const SHOWN_DEVICE = 'WP-0030';
/** Where the secrets of the simulated devices lie in the data directory: JSON, id to secret, mode 0600. */
export const SECRETS_FILE = 'simulator-secrets.json';

/** What a data directory remembers of its demo. */
interface DemoStart {
  /** History is made up to here, ms of town time. */
  makeHistoryUntil: number;
}

/** The sample town with its simulated devices, and the lines that a newcomer may paste. */
export interface Demo {
  service: Service;
  greeting: string[];
}

/** Starts the service on a trial clock, registers the sample devices, and lets them speak. */
export async function startDemo(settings: Settings, speed: number, log: Logger): Promise<Demo> {
  const inventory = loadInventory(settings.town, settings.devices);
  const { dataDir } = settings;
  const { makeHistoryUntil } = rememberedStart(dataDir) ?? { makeHistoryUntil: duskToday(inventory) - BEFORE_DUSK_MS };
  const desk = new Desk();
  const trial = { at: makeHistoryUntil - DAY_MS, speed };
  const service = await startService(settings, { trial, log, demo: desk });
  try {
    writeFileSync(join(dataDir, 'demo.json'), JSON.stringify({ makeHistoryUntil } satisfies DemoStart));
    const secrets = await registerDevices(service, settings, inventory);
    const { clock } = service;
    if (clock.trial === null) throw new Error('the demo runs on a trial clock');
    const { simulator, terminate } = simulatorInWorker(clock.trial, {
      url: `mqtt://${settings.host}:${service.mqttPort}`,
      ...{ townFolder: settings.town, devicesFolder: settings.devices, secrets, seed: SEED, speed },
      backfillUntil: makeHistoryUntil > clock.clock.now() ? makeHistoryUntil : null,
    });
    desk.take(simulator);
    simulator.start();
    follow(simulator, desk, log);
    return {
      service: {
        ...service,
        stop: async () => {
          const stopped = await settled(simulator.stop());
          await terminate();
          return [...stopped, ...(await service.stop())];
        },
      },
      greeting: greet(service, settings, secrets[SHOWN_DEVICE] ?? ''),
    };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** The faults of the simulated town, and how far its history is. */
class Desk implements DemoParts {
  readonly officer = { id: 'demo', name: '演示值班员 Demo duty officer', role: 'duty-officer' as const };
  failure: string | null = null;
  #simulator: RemoteSimulator | null = null;

  take(simulator: RemoteSimulator): void {
    this.#simulator = simulator;
  }

  progress(): string {
    if (this.failure !== null) return this.failure;
    const made = this.#simulator?.progress ?? 0;
    return made >= 1 ? 'ok' : `making 24 hours of history: ${Math.floor(made * 100)} %`;
  }

  isMakingHistory(): boolean {
    return (this.#simulator?.progress ?? 0) < 1;
  }

  readonly faults: DemoParts['faults'] = {
    kinds: () => this.#mustRun().faultKinds(),
    running: async () => (await this.#mustRun().listFaults()).map(shown),
    start: async (fault, target, duration) => shown(await this.#mustRun().startFault({ fault, target, duration })),
    stop: async (id) => {
      try {
        await this.#mustRun().stopFault(id);
        return true;
      } catch (error) {
        if (error instanceof TownError && error.code === 'not-found') return false;
        throw error;
      }
    },
  };

  #mustRun(): RemoteSimulator {
    if (this.#simulator === null) throw new TownError('unavailable', 'the simulated town is starting');
    if (this.failure !== null) throw new TownError('unavailable', this.failure);
    return this.#simulator;
  }
}

function shown({ id, fault, target, from, until }: Awaited<ReturnType<RemoteSimulator['startFault']>>) {
  return { id, fault, target, startedAt: from, endsAt: until };
}

/** Brings the sample devices in; gives the secrets of those that connect. One whose secret was lost gets another. */
async function registerDevices(
  service: Service,
  settings: Settings,
  inventory: Inventory,
): Promise<Record<string, string>> {
  const text = readFileSync(join(settings.town, 'devices.csv'), 'utf8');
  const file = join(settings.dataDir, SECRETS_FILE);
  const { credentials } = await service.importDevices({ format: 'csv', text, datum: 'wgs84' }, 'demo', false);
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
  const secrets = { ...kept, ...Object.fromEntries(credentials.map(({ username, secret }) => [username, secret])) };
  const { connections } = new SimulatedTown(inventory, { seed: SEED, clock: service.clock.clock });
  for (const id of connections) secrets[id] ??= await service.rotate(id);
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  chmodSync(file, 0o600);
  return secrets;
}

/** Says in the log how the simulated town gets on. */
function follow(simulator: RemoteSimulator, desk: Desk, log: Logger): void {
  const failed = (error: unknown) => {
    desk.failure = `the simulated town failed: ${messageOf(error)}`;
    log.error({ error: messageOf(error) }, 'the simulated town failed; the service runs on without it');
  };
  simulator.connected.then(({ connected, devices }) => {
    log.info({ connected, devices }, 'the simulated devices are connected');
  }, failed);
  simulator.caughtUp.then(() => log.info({}, 'the history is made; the town lives'), failed);
}

async function settled(stopping: Promise<unknown>): Promise<Error[]> {
  try {
    await stopping;
    return [];
  } catch (error) {
    return [new Error('the simulated town did not stop cleanly', { cause: error })];
  }
}

function rememberedStart(dataDir: string): DemoStart | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')) as DemoStart;
  } catch {
    return null;
  }
}

/** The sunset of today at the town, ms. */
function duskToday({ town }: Inventory): number {
  return new Sun(town.location).horizon(Date.now()).set;
}

function greet(service: Service, settings: Settings, secret: string): string[] {
  const { town, httpPort, mqttPort, tokenFile } = service;
  const { host } = settings;
  const topic = `${town.id}/water-pressure/${SHOWN_DEVICE}/telemetry`;
  const token = tokenFile === null ? '$TOWNPULSE_ADMIN_TOKEN' : `$(cat ${tokenFile})`;
  return [
    '',
    `${town.name.zh} ${town.name.en}: open http://${host}:${httpPort} · 用浏览器打开`,
    'Speak as one of its devices, then ask what it said · 以其中一台设备上报，再查询：',
    `  mosquitto_pub -h ${host} -p ${mqttPort} -q 1 -i paste -u ${SHOWN_DEVICE} -P ${secret} -t ${topic} -m '{"pressure":0.31}'`,
    `  curl -H "Authorization: Bearer ${token}" http://${host}:${httpPort}/api/v1/devices/${SHOWN_DEVICE}/latest`,
    '',
  ];
}
