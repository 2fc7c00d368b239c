import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { instant } from '../../src/model/primitives.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import type { ShownReplay } from '../../src/rules/replay/shown.ts';
import { cpuSeconds, residentBytes } from '../support/child.ts';
import { Publisher } from '../support/publisher.ts';
import { DEPLOYED_NODE_OPTIONS, ServiceProcess } from '../support/service.ts';
import { pressureFeed, pressurePoints } from './devices.ts';
import { machine, rounded, verdict } from './figures.ts';
import { makeTownHistory } from './town-history.ts';

/** s for 30 days; ms for 99 of 100 acknowledgements while a replay runs; of the rate asked so much must be acknowledged. */
const TARGETS = { seconds: 60, p99: 50, keptUp: 0.98 };
const CONNECTIONS = 100;
const PROFILES = '/tmp/townpulse-profiles';
const MIB = 1024 ** 2;
const DAY = 86_400_000;
/** The sample town's clock is eight hours ahead of UTC, all year. */
const OFFSET = 8 * 3_600_000;
/** What the store is given while the history is made. */
const MEMORY = '512MiB';

/** A replay as the service tells it, how long it took (s), and what the service took of the machine meanwhile. */
interface Ran {
  seconds: number;
  cpu: number;
  peakMiB: number;
  samples: number;
  alerts: number;
}

/** How acknowledgements came for a while. */
interface Served {
  rate: number;
  p50: number;
  p99: number;
  most: number;
}

/**
 * How long the service takes to replay a month of the sample town from its history, and what whoever reports meanwhile
 * feels of it. A target that is missed makes the process end with exit code 1. Method and figures: docs/performance.md.
 */
export async function replayTown(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      days: { type: 'string', default: '30' },
      rate: { type: 'string', default: '2000' },
      'cpu-prof': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const [days, rate] = [Number(values.days), Number(values.rate)];
  if (!(Number.isInteger(days) && days > 0 && rate > 0)) {
    console.error('usage: npm run bench -- replay [--days N] [--rate N] [--cpu-prof] [--json FILE]');
    process.exit(2);
  }
  if (values['cpu-prof']) mkdirSync(PROFILES, { recursive: true });
  const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-bench-'));
  const profile = values['cpu-prof'] ? ['--cpu-prof', `--cpu-prof-dir=${PROFILES}`] : [];
  const start = () =>
    ServiceProcess.start({ dataDir, from: 'build', node: [DEPLOYED_NODE_OPTIONS, ...profile], withinMs: 60_000 });
  try {
    const devices = pressurePoints(CONNECTIONS);
    const before = await start();
    await before.register(devices);
    await before.stop();
    const to = Math.floor((Date.now() + OFFSET) / DAY) * DAY - OFFSET;
    const from = to - days * DAY;
    const begun = performance.now();
    const rows = await makeHistory(dataDir, from - DAY, to);
    console.log(`${rounded(rows)} rows of ${days + 1} days made in ${seconds(begun)} s`);
    const service = await start();
    try {
      await report({ service, devices, from, to, rows, days, rate, json: values.json });
      await service.stop();
    } finally {
      if (service.running) await service.kill();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function report(about: {
  service: ServiceProcess;
  devices: ReturnType<typeof pressurePoints>;
  from: number;
  to: number;
  rows: number;
  days: number;
  rate: number;
  json: string | undefined;
}): Promise<void> {
  const { service, devices, from, to, rows, days, rate, json } = about;
  const alone = await replay(service, from, to);
  console.log(`alone: ${alone.seconds.toFixed(1)} s`);
  const options = { host: '127.0.0.1', port: service.mqttPort, inFlight: 10, rate, reconnect: false };
  const publisher = new Publisher(options, devices.map(pressureFeed));
  await publisher.connect();
  publisher.run();
  // The first seconds are the compiler's.
  await sleep(5_000);
  const quiet = await served(publisher, () => sleep(20_000));
  let ran: Ran | null = null;
  const busy = await served(publisher, async () => {
    ran = await replay(service, from, to);
  });
  publisher.pause();
  await publisher.settled();
  await publisher.close();
  const beside = ran as Ran | null;
  if (beside === null) throw new Error('no replay ran');
  if (beside.samples !== alone.samples) throw new Error(`${alone.samples} samples, then ${beside.samples}`);
  const result = { machine: machine(), days, rows, rate, alone, beside, quiet, busy };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  const isWhole = days >= 30;
  const p99 = (one: Served) => `${one.p99.toFixed(2)} ms`;
  const lines: [string, string, string][] = [
    [
      `replay of ${days} days and one to warm up`,
      `${alone.seconds.toFixed(1)} s`,
      isWhole ? verdict(alone.seconds, (s) => s < TARGETS.seconds, `< ${TARGETS.seconds} s`) : '',
    ],
    ['samples, and alerts that fired', `${rounded(alone.samples)}, ${alone.alerts}`, ''],
    ['samples/s', rounded(alone.samples / alone.seconds), ''],
    ['CPU-s', alone.cpu.toFixed(1), ''],
    ['RSS, the most', `${Math.round(alone.peakMiB)} MiB`, ''],
    [`beside ${rounded(rate)} samples/s`, `${beside.seconds.toFixed(1)} s`, ''],
    ['PUBACK p50 without and with', `${quiet.p50.toFixed(2)}, ${busy.p50.toFixed(2)} ms`, ''],
    ['PUBACK p99 without a replay', p99(quiet), ''],
    ['PUBACK p99 with one', p99(busy), verdict(busy.p99, (ms) => ms < TARGETS.p99, `< ${TARGETS.p99} ms`)],
    ['PUBACK, the slowest, without and with', `${quiet.most.toFixed(0)}, ${busy.most.toFixed(0)} ms`, ''],
    [
      'samples/s acknowledged with one',
      rounded(busy.rate),
      verdict(busy.rate, (one) => one >= rate * TARGETS.keptUp, `≥ ${TARGETS.keptUp} of those sent`),
    ],
  ];
  console.log(`\n${result.machine}\n`);
  for (const [name, figure, target] of lines) console.log(`${name.padEnd(46)} ${figure.padStart(18)}   ${target}`);
}

/**
 * Makes the history of the sample town, closed months in files. It counts as rolled up, without roll-ups: no replay reads
 * them, and to make them afterwards would disturb what is measured.
 */
async function makeHistory(dataDir: string, from: number, to: number): Promise<number> {
  const [town, folder] = [join(packageRoot, 'seeds/lailong'), join(packageRoot, 'devices')];
  const file = join(dataDir, 'history.duckdb');
  const store = new DuckDbHistory(file, loadKinds(folder), MEMORY, { origin: -OFFSET });
  const state = await store.open();
  try {
    const rulebook = readFileSync(join(town, 'rules.yaml'), 'utf8');
    const rows = await makeTownHistory(store, state, { town, kinds: folder, rulebook, from, to });
    while (await store.seal(to - 7 * DAY));
    await store.close();
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    await connection.run(`INSERT INTO rolled_up VALUES (${to})`);
    connection.closeSync();
    instance.closeSync();
    return rows;
  } finally {
    await store.close();
  }
}

/** Has the service replay a period by the rulebook of then, and waits for it. */
async function replay(service: ServiceProcess, from: number, to: number): Promise<Ran> {
  const [begun, cpu] = [performance.now(), cpuSeconds(service.pid)];
  let peak = 0;
  let job = await service.api<ShownReplay>('/rules/replay', { from: instant(from), to: instant(to) });
  while (job.state === 'running') {
    await sleep(100);
    peak = Math.max(peak, residentBytes(service.pid));
    job = await service.api<ShownReplay>(`/rules/replay/${job.id}`);
  }
  if (job.result === null) throw new Error(`the replay was ${job.state}: ${job.error}`);
  return {
    seconds: (performance.now() - begun) / 1_000,
    cpu: cpuSeconds(service.pid) - cpu,
    peakMiB: peak / MIB,
    samples: job.result.samples,
    alerts: job.result.total.would,
  };
}

/** How acknowledgements come while `work` goes on. */
async function served(publisher: Publisher, work: () => Promise<void>): Promise<Served> {
  publisher.resetLatencies();
  const [begun, before] = [performance.now(), publisher.acknowledged];
  await work();
  const { latencies } = publisher;
  const rate = ((publisher.acknowledged - before) * 1_000) / (performance.now() - begun);
  const [p50 = 0, p99 = 0, most = 0] = [0.5, 0.99, 1].map((share) => latencies.percentile(share));
  return { rate, p50, p99, most };
}

function seconds(begun: number): string {
  return ((performance.now() - begun) / 1_000).toFixed(0);
}
