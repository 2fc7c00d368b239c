import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { alertLatency } from './alert-latency.ts';
import { concentratorTown, mixedTown } from './big-town.ts';
import {
  type Cost,
  engineAlone,
  engineAndCheckpoint,
  Load,
  leaveCheckpoint,
  TICK_MS,
  withFolder,
} from './engine-load.ts';
import type { Restart } from './engine-restart.ts';
import { machine, rounded, verdict } from './figures.ts';

const TARGETS = { alertMs: 100, coreShare: 0.3, cpuPerMillion: 3, bytesPerDevice: 1_024, restartMs: 5_000 };
/** What share of the rate asked must be acknowledged for its latencies to mean anything. */
const KEPT_UP = 0.98;
const DEVICES = 10_000;
const RATE = 20_000;
const RULES = 50;
/** Ticks before what is counted: the compiler's. */
const WARM_UP = 4;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The shipped rules look back on seven days: then they remember all that they ever will of an hour. */
const WHOLE_MEMORY = 8 * 24;
/** From evening to morning, for as many devices as a restart has. */
const HALF_A_DAY = 12;
const PROFILES = '/tmp/townpulse-profiles';
/** As it is shipped. */
const RULEBOOK = readFileSync(join(packageRoot, 'seeds/lailong/rules.yaml'), 'utf8');

const NAME = 'name: { zh: 名, en: name }, severity: minor, kind: lighting-controller';
const RATIO = 'part: lamps lit, whole: lamps expected, target: 0.97, clear: 0.975, for: 10m';
/** A threshold that waits ten minutes and clears apart from where it begins, and three ratios. */
const FOUR_RULES = `
- { id: undervoltage, type: threshold, ${NAME}, when: voltage < 198, clear: voltage > 207, for: 10m }
- { id: rate-of-the-town, type: ratio, ${NAME}, ${RATIO}, groupBy: [town] }
- { id: rate-of-villages, type: ratio, ${NAME}, ${RATIO}, groupBy: [village] }
- { id: rate-of-roads, type: ratio, ${NAME}, ${RATIO}, groupBy: [road] }
`;

/** What the rules cost, and how soon they speak. A target that is missed makes the process end with exit code 1. */
export async function rulesBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '26000' },
      devices: { type: 'string', default: '100000' },
      only: { type: 'string' },
      'cpu-prof': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const [seconds, rate, devices] = [Number(values.seconds), Number(values.rate), Number(values.devices)];
  const only = values.only;
  if (!(seconds > 0 && rate > 0 && devices > 0) || !['alerts', 'engine', undefined].includes(only)) {
    console.error(
      'usage: npm run bench -- rules [--seconds N] [--rate N] [--devices N] [--only alerts|engine] [--cpu-prof] [--json FILE]',
    );
    process.exit(2);
  }
  if (values['cpu-prof']) mkdirSync(PROFILES, { recursive: true });
  const rows: Row[] = [];
  const result: Record<string, unknown> = { machine: machine(), seconds, rate, devices };
  const show = (...more: Row[]) => {
    for (const row of more) console.log(lineOf(row));
    rows.push(...more);
  };

  if (only !== 'alerts') {
    const alone = engineAlone(shippedRules(), WARM_UP, ticksOf(seconds));
    const whole = await engineAndCheckpoint(shippedRules(), WARM_UP, ticksOf(seconds));
    show(...rowsOfAll(alone, whole));
    const often = engineAlone(fourRules(10), WARM_UP, ticksOf(seconds * 10));
    const seldom = engineAlone(fourRules(300), WARM_UP, ticksOf(seconds * 100));
    show(...rowsOfFour(often, seldom));
    const [held, restart] = [await restarted(devices / 10, WHOLE_MEMORY), await restarted(devices, HALF_A_DAY)];
    show(...rowsOfRestart(held, restart));
    Object.assign(result, { shipped: { alone, whole }, four: { often, seldom }, held, restart });
  }
  if (only !== 'engine') {
    const load = { connections: 100, inFlight: 10, seconds };
    const latency = await alertLatency(load, rate, values['cpu-prof'] ? PROFILES : null);
    show(...rowsOfLatency(latency));
    Object.assign(result, { latency });
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  const missed = rows.filter(([, , said]) => said.startsWith('MISSED')).length;
  console.log(`\n${result.machine}\n${missed === 0 ? 'every target is met' : `${missed} targets are missed`}`);
}

type Row = [name: string, figure: string, target: string];

function lineOf([name, figure, target]: Row): string {
  return `${name.padEnd(64)} ${figure.padStart(16)}   ${target}`;
}

function shippedRules(): Load {
  return new Load(mixedTown({ devices: DEVICES, reportInterval: 1, faultLasts: 10_000 }), RULEBOOK, RATE);
}

/** Ten thousand concentrators that report every `interval` s. */
function fourRules(interval: number): Load {
  const town = concentratorTown({ devices: DEVICES, reportInterval: interval, faultLasts: 20 * MINUTE });
  return new Load(town, FOUR_RULES, DEVICES / interval);
}

function ticksOf(seconds: number): number {
  return Math.ceil((seconds * 1_000) / TICK_MS);
}

function rowsOfAll(alone: Cost, whole: Cost): Row[] {
  const rules = [...RULEBOOK.matchAll(/^- id:/gm)].length;
  if (rules < RULES) throw new Error(`the shipped rulebook has ${rules} rules only`);
  const load = `${rounded(DEVICES)} devices, ${rules} rules, ${rounded(alone.samples / alone.townSeconds)} samples/s`;
  const share = (cost: Cost) => cost.cpu / cost.townSeconds;
  const target = `< ${TARGETS.coreShare * 100} % of a core`;
  return [
    [`evaluations a second and core`, rounded(alone.evaluations / alone.cpu), ''],
    [`${load}: engine alone`, percent(share(alone)), verdict(share(alone), (one) => one < TARGETS.coreShare, target)],
    [
      `the same with checkpoint and alerts (${rounded(whole.transitions)} steps)`,
      percent(share(whole)),
      verdict(share(whole), (one) => one < TARGETS.coreShare, target),
    ],
  ];
}

function rowsOfFour(often: Cost, seldom: Cost): Row[] {
  return [[10, often] as const, [300, seldom] as const].map(([interval, cost]) => {
    const perMillion = (cost.cpu * 1e6) / cost.samples;
    return [
      `four rules, ${rounded(DEVICES)} devices every ${interval} s: CPU-s a million samples`,
      perMillion.toFixed(2),
      verdict(perMillion, (one) => one <= TARGETS.cpuPerMillion, `≤ ${TARGETS.cpuPerMillion}`),
    ];
  });
}

/** The rules' restart in a town of so many devices that have reported every hour for so many hours. */
async function restarted(devices: number, hours: number): Promise<Restart> {
  return withFolder(async (folder) => {
    const town = mixedTown({ devices, reportInterval: HOUR / 1_000, faultLasts: Infinity });
    await leaveCheckpoint(folder, new Load(town, RULEBOOK, (devices * 1_000) / HOUR, HOUR), hours);
    const script = join(packageRoot, 'tests/bench/engine-restart.ts');
    const command = ['--expose-gc', '--import', 'tsx', script, folder];
    return JSON.parse(execFileSync(process.execPath, command, { cwd: packageRoot, encoding: 'utf8' })) as Restart;
  });
}

function rowsOfRestart(held: Restart, restart: Restart): Row[] {
  const perDevice = held.bytes / held.devices;
  return [
    [
      `engine after ${WHOLE_MEMORY / 24} days, ${rounded(held.devices)} devices: bytes a device`,
      rounded(perDevice),
      verdict(perDevice, (one) => one <= TARGETS.bytesPerDevice, `≤ ${rounded(TARGETS.bytesPerDevice)}`),
    ],
    [
      `engine's restart, ${rounded(restart.devices)} devices, ${rounded(restart.bytes / restart.devices)} bytes each`,
      `${(restart.ms / 1_000).toFixed(2)} s`,
      verdict(restart.ms, (one) => one < TARGETS.restartMs, `< ${TARGETS.restartMs / 1_000} s`),
    ],
  ];
}

function rowsOfLatency({
  asked,
  rate,
  alerts,
  missing,
  p50,
  p99,
  look,
}: Awaited<ReturnType<typeof alertLatency>>): Row[] {
  return [
    [
      'half load, samples/s acknowledged',
      rounded(rate),
      verdict(rate, (one) => one >= asked * KEPT_UP, `≥ ${KEPT_UP} of the ${rounded(asked)} asked`),
    ],
    [`publish to alert (${alerts} of them, a look takes ${look.toFixed(1)} ms), p50`, `${p50.toFixed(1)} ms`, ''],
    [
      'publish to alert, p99',
      `${p99.toFixed(1)} ms`,
      verdict(p99, (one) => missing === 0 && one <= TARGETS.alertMs, `≤ ${TARGETS.alertMs} ms`),
    ],
    ...(missing === 0 ? [] : [['alerts that never showed', String(missing), 'MISSED (none)'] satisfies Row]),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
