import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { FaultRequest } from '../../simulators/faults.ts';
import type { FleetTotals } from '../../simulators/fleet.ts';
import { type Inventory, loadInventory } from '../../simulators/inventory.ts';
import { readSecrets } from '../../simulators/secrets.ts';
import { simulate } from '../../simulators/standalone.ts';
import type { Told } from '../../simulators/told-time.ts';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { systemClock } from '../kernel/clock.ts';
import { TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import { parseDuration } from '../model/primitives.ts';
import { Client } from './client.ts';
import { SECRETS_FILE } from './demo.ts';

/** How long a fault lasts unless said, ms of town time. */
const FAULT_MS = 900_000;

interface Options {
  url?: string;
  secrets?: string;
  speed?: string;
  seed: string;
  for?: string;
  only?: string;
  fault: string[];
  town?: string;
  dataDir?: string;
}

/** `townpulse simulate` */
export function simulateCommand(): Command {
  const collect = (value: string, before: string[]) => [...before, value];
  return new Command('simulate')
    .description("lets a town's devices speak, simulated, to a service that runs")
    .option('--url <url>', 'the broker, mqtt://HOST:PORT (else as the settings say)')
    .option('--secrets <file>', `JSON, device id to secret (else ${SECRETS_FILE} of the data directory)`)
    .option('--speed <n>', "town seconds per second, from now on; else the service's own clock is followed")
    .option('--seed <n>', 'the same seed gives the same town', '1')
    .option('--for <duration>', 'how long, in town time, such as 2h; else until it is stopped')
    .option('--only <kind>', 'only devices of this kind')
    .option('--fault <fault>', 'FAULT:TARGET, with :DURATION if not 15m; repeat for more', collect, [])
    .option('--town <folder>', "the town's folder (TOWNPULSE_TOWN)")
    .option('--data-dir <folder>', 'the data directory of the service (TOWNPULSE_DATA_DIR)')
    .addHelpText(
      'after',
      `
With --url and no --speed, time is real time, unless --data-dir, TOWNPULSE_DATA_DIR or TOWNPULSE_URL says which service to ask.
Faults: feeder-outage, concentrator-loss, pressure-drop, gas-leak.

Example:
  $ townpulse simulate --only lighting-controller --fault feeder-outage:F-012:20m --for 2h`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { settings } = loadSettings(process.env, { dataDir: options.dataDir, town: options.town });
  const seed = readNumber('--seed', options.seed, Number.isSafeInteger, 'a whole number');
  const lasts = options.for === undefined ? null : readDuration('--for', options.for);
  const faults = options.fault.map(readFault);
  const url = options.url === undefined ? brokerOf(settings) : checkUrl(options.url);
  const inventory = loadInventory(settings.town, settings.devices);
  checkKind(options.only, inventory);
  const secrets = readSecrets(options.secrets ?? secretsFile(options, settings));

  const { told, ask } = await openTime(options);
  const end = new AbortController();
  const onSignal = () => {
    // A second signal ends at once.
    if (end.signal.aborted) process.exit(1);
    end.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const totals = await simulate({
    ...{ inventory, url, secrets, seed, faults, told, ask, lasts },
    only: options.only,
    clock: systemClock,
    print: (line) => console.log(line),
    signal: end.signal,
  });
  process.exitCode = conclude(totals);
}

/** Says what became of the messages; gives the exit code. */
function conclude({ published, acknowledged, lost, outstanding, refused }: FleetTotals): number {
  console.log(
    `published ${published}, acknowledged ${acknowledged}, lost with a device's power or memory ${lost}, unacknowledged ${outstanding}, refused devices ${refused.length}`,
  );
  return outstanding === 0 && refused.length === 0 ? 0 : 1;
}

/** The town's time: of its own where a speed is given, the machine's where only a broker is known, else the service's. */
async function openTime(options: Options): Promise<{ told: Told; ask: (() => Promise<Told>) | null }> {
  const { speed, url, dataDir } = options;
  if (speed !== undefined) {
    const perSecond = readNumber('--speed', speed, (value) => value > 0 && value <= 3_600, 'a number up to 3600');
    return { told: { now: systemClock.now(), speed: perSecond }, ask: null };
  }
  const { TOWNPULSE_URL, TOWNPULSE_DATA_DIR } = process.env;
  const isServiceKnown = (dataDir ?? TOWNPULSE_URL ?? TOWNPULSE_DATA_DIR) !== undefined;
  if (url !== undefined && !isServiceKnown) return { told: { now: systemClock.now(), speed: 1 }, ask: null };
  const client = findService(dataDir);
  const ask = async () => {
    const { now, speed: told } = await client.ask<{ now: string; speed: number }>('GET', '/clock');
    return { now: Date.parse(now), speed: told };
  };
  return { told: await ask(), ask };
}

/** The service whose time it is; `--url` of this command names a broker, so that the client's own advice would mislead. */
function findService(dataDir: string | undefined): Client {
  try {
    return new Client(dataDir === undefined ? {} : { dataDir });
  } catch (cause) {
    const advice = 'say which with --data-dir or TOWNPULSE_URL and TOWNPULSE_TOKEN, or give --url, or --speed';
    throw new TownError('config-invalid', `no service to ask the town's time of: ${advice}`, { cause });
  }
}

/** Where the service's secrets lie: the data directory that is named, else whichever of the usual two has them. */
function secretsFile({ dataDir }: Options, settings: Settings): string {
  const isNamed = dataDir !== undefined || process.env.TOWNPULSE_DATA_DIR !== undefined;
  const folders = isNamed ? [settings.dataDir] : [settings.dataDir, './data/demo'];
  const files = folders.map((folder) => join(folder, SECRETS_FILE));
  return files.find((file) => existsSync(file)) ?? join(settings.dataDir, SECRETS_FILE);
}

function brokerOf({ host, mqtt }: Settings): string {
  if (mqtt.port === 0)
    throw new TownError(
      'config-invalid',
      'mqtt.port is 0, any free one: give the one it got with --url mqtt://HOST:PORT',
    );
  // Whoever listens on every address is also reached on this one.
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `mqtt://${reached.includes(':') ? `[${reached}]` : reached}:${mqtt.port}`;
}

function checkUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : null;
  if (protocol === 'mqtt:' || protocol === 'mqtts:') return text;
  throw new TownError('config-invalid', `--url ${text}: write the broker's address as mqtt://HOST:PORT`);
}

function checkKind(kind: string | undefined, { devices }: Inventory): void {
  const kinds = [...new Set(devices.map((device) => device.kind))];
  if (kind === undefined || kinds.includes(kind)) return;
  throw new TownError(
    'config-invalid',
    `--only ${kind}: no device is of that kind${didYouMean(kind, kinds)}; there are ${kinds.join(', ')}`,
  );
}

/** `feeder-outage:F-012:15m` */
function readFault(text: string): FaultRequest {
  const [fault = '', target = '', duration, ...rest] = text.split(':');
  if (fault === '' || target === '' || rest.length > 0)
    throw new TownError('config-invalid', `--fault ${text}: write FAULT:TARGET or FAULT:TARGET:15m`);
  return { fault, target, duration: duration === undefined ? FAULT_MS : readDuration('--fault', duration) };
}

function readDuration(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms === 0)
    throw new TownError('config-invalid', `${option} ${text}: write a duration such as 90s, 15m or 2h`);
  return ms;
}

function readNumber(option: string, text: string, fits: (value: number) => boolean, advice: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && fits(value)) return value;
  throw new TownError('config-invalid', `${option} ${text}: write ${advice}`);
}
