import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { type Service, startService } from '../app.ts';
import { loadSettings } from '../config/load.ts';
import { sleep, steadyClock } from '../kernel/clock.ts';
import { messageOf, TownError } from '../kernel/errors.ts';
import { createLogger, type Logger } from '../kernel/logger.ts';
import type { TrialRequest } from '../kernel/town-clock.ts';
import { startDemo } from './demo.ts';

interface Options {
  demo?: boolean;
  at?: string;
  speed?: string;
  dataDir?: string;
  town?: string;
  host?: string;
  httpPort?: string;
  mqttPort?: string;
}

/**
 * Left to itself V8 collects only when the heap has grown to about four times what lives in it: a town's service would hold
 * hundreds of MB of the dead. At twice, it costs no CPU that shows.
 */
const HEAP_GROWTH = '--heap-growing-percent=100';

/** How often a service that takes no readings yet is looked at, real ms. */
const LOOK_AGAIN_MS = 250;

/** `townpulse start` */
export function startCommand(): Command {
  return new Command('start')
    .description('runs the service')
    .option('--demo', 'the sample town, simulated, on 127.0.0.1, on a trial clock of its own')
    .option('--at <instant>', 'start on a trial clock at this instant, for trials and tests')
    .option('--speed <n>', 'town seconds per second of a trial clock, 1 to 60')
    .option('--data-dir <folder>', 'where all state lies (TOWNPULSE_DATA_DIR)')
    .option('--town <folder>', "the town's folder (TOWNPULSE_TOWN)")
    .option('--host <address>', 'what HTTP and MQTT bind to (TOWNPULSE_HOST)')
    .option('--http-port <port>', '0 takes a free one')
    .option('--mqtt-port <port>', '0 takes a free one')
    .addHelpText(
      'after',
      '\nExample:\n  $ townpulse start --at 2026-01-15T20:00:00+08:00 --speed 10 --data-dir /tmp/trial',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  setFlagsFromString(HEAP_GROWTH);
  const demo = options.demo === true;
  const env = process.env;
  const { settings } = loadSettings(env, {
    dataDir: options.dataDir ?? (demo && env.TOWNPULSE_DATA_DIR === undefined ? './data/demo' : undefined),
    town: options.town,
    host: demo ? '127.0.0.1' : options.host,
    'http.port': options.httpPort,
    'mqtt.port': options.mqttPort,
  });
  const log = createLogger(settings.logLevel);
  const { service, greeting } = demo
    ? await startDemo(settings, readSpeed(options.speed) ?? 10, log)
    : { service: await startService(settings, { trial: readTrial(options), log }), greeting: [] };
  // Before anybody is told that it runs: who hears it may stop it at once.
  const stopped = stopSignal();
  process.on('SIGHUP', () => void reload(service, log));
  if (await takesReadings(service, stopped, log)) {
    console.log(`ready http://${settings.host}:${service.httpPort} mqtt://${settings.host}:${service.mqttPort}`);
    for (const line of greeting) console.log(line);
  }
  await stopped;
  process.exit(await stop(service, log));
}

/** Waits until readings are taken, and says in the log what is in their way (P5); false when it is stopped before. */
async function takesReadings(service: Service, stopped: Promise<void>, log: Logger): Promise<boolean> {
  const waiting = new AbortController();
  void stopped.then(() => waiting.abort());
  let told: string | null = null;
  for (let reason = service.held(); reason !== null; reason = service.held()) {
    if (reason !== told) log.error({ reason }, 'it runs and is not ready: no reading can be taken');
    told = reason;
    await sleep(steadyClock, 'looks again whether it is ready', LOOK_AGAIN_MS, waiting.signal).catch(() => {});
    if (waiting.signal.aborted) return false;
  }
  return true;
}

/** SIGTERM and SIGINT stop in data order; a second one ends at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = () => {
      process.on('SIGINT', () => process.exit(1));
      process.on('SIGTERM', () => process.exit(1));
      resolve();
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
  });
}

async function reload(service: Service, log: Logger): Promise<void> {
  try {
    log.info({ ...(await service.reloadRules('SIGHUP')) }, 'the rulebook was read anew');
  } catch (error) {
    const problems = error instanceof TownError ? error.problems : [];
    log.error({ error: messageOf(error), problems }, 'the rulebook was not taken; the one in force stays');
  }
}

async function stop(service: Service, log: Logger): Promise<number> {
  const problems = await service.stop();
  for (const problem of problems)
    log.error({ error: problem.message, cause: String(problem.cause) }, 'not closed cleanly');
  return problems.length === 0 ? 0 : 1;
}

function readTrial(options: Options): TrialRequest | null {
  if (options.at === undefined && options.speed === undefined) return null;
  if (options.at === undefined)
    throw new TownError('config-invalid', '--speed goes with --at: a real clock has one speed');
  const at = Date.parse(options.at);
  if (Number.isNaN(at) || !/[zZ]|[+-]\d{2}:\d{2}$/.test(options.at)) {
    throw new TownError(
      'config-invalid',
      `--at ${options.at}: write an instant with its offset, such as 2026-01-15T20:00:00+08:00`,
    );
  }
  return { at, speed: readSpeed(options.speed) ?? 1 };
}

function readSpeed(text: string | undefined): number | null {
  if (text === undefined) return null;
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed < 1 || speed > 60)
    throw new TownError('config-invalid', `--speed ${text}: a number from 1 to 60`);
  return speed;
}
