import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machine, median, rounded, verdict } from './figures.ts';
import {
  type Load,
  mosquittoThroughput,
  serviceLatency,
  serviceMemory,
  serviceThroughput,
  type Throughput,
} from './measure.ts';

const TARGETS = { ratio: 0.35, p99: 50, residentMiB: 400 };
/** What share of the rate asked must be acknowledged for its latencies to mean anything. */
const KEPT_UP = 0.98;
const REGISTERED = 10_000;
const CONNECTED = 1_000;
const PROFILES = '/tmp/townpulse-profiles';
const MIB = 1024 ** 2;

/**
 * What the service takes on this machine beside what a bare mosquitto takes from the same publisher. A target that is missed
 * makes the process end with exit code 1. Method and figures: docs/performance.md.
 */
export async function besideMosquitto(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      runs: { type: 'string', default: '3' },
      connections: { type: 'string', default: '100' },
      'in-flight': { type: 'string', default: '10' },
      only: { type: 'string' },
      'cpu-prof': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const load: Load = {
    connections: Number(values.connections),
    inFlight: Number(values['in-flight']),
    seconds: Number(values.seconds),
  };
  const runs = Number(values.runs);
  const onlyService = values.only === 'service';
  if (!(load.seconds > 0 && runs > 0) || (values.only !== undefined && !onlyService)) {
    console.error('usage: npm run bench -- [--seconds N] [--runs N] [--only service] [--cpu-prof] [--json FILE]');
    process.exit(2);
  }
  if (values['cpu-prof']) mkdirSync(PROFILES, { recursive: true });

  const services: Throughput[] = [];
  const mosquittos: Throughput[] = [];
  for (let run = 1; run <= runs; run++) {
    // Taking turns, so that whatever else the machine does meets both.
    if (!onlyService) {
      const mosquitto = await mosquittoThroughput(load);
      mosquittos.push(mosquitto);
      console.log(`run ${run}: mosquitto ${rounded(mosquitto.perSecond)} messages/s`);
    }
    const service = await serviceThroughput(load, values['cpu-prof'] ? PROFILES : null);
    services.push(service);
    console.log(`run ${run}: townpulse ${rounded(service.perSecond)} samples/s`);
  }

  const perSecond = median(services.map((run) => run.perSecond));
  const latency = await serviceLatency(load, perSecond / 2);
  const resident = await serviceMemory(REGISTERED, CONNECTED, load.seconds);
  const bare = mosquittos.length === 0 ? null : median(mosquittos.map((run) => run.perSecond));

  const result = {
    machine: machine(),
    load: { ...load, runs },
    samplesPerSecond: Math.round(perSecond),
    mosquittoPerSecond: bare === null ? null : Math.round(bare),
    ratio: bare === null ? null : Number((perSecond / bare).toFixed(3)),
    cpuSecondsPerMillion: Number(median(services.map((run) => run.cpuPerMillion)).toFixed(1)),
    mosquittoCpuSecondsPerMillion:
      bare === null ? null : Number(median(mosquittos.map((run) => run.cpuPerMillion)).toFixed(1)),
    peakMiBAtFullLoad: Math.round(Math.max(...services.map((run) => run.peakBytes)) / MIB),
    latency: {
      asked: Math.round(latency.asked),
      rate: Math.round(latency.rate),
      p50Ms: Number(latency.p50.toFixed(2)),
      p99Ms: Number(latency.p99.toFixed(2)),
    },
    residentMiB: Math.round(resident / MIB),
    runs: { townpulse: services, mosquitto: mosquittos },
  };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);

  const rows: [string, string, string][] = [
    ['samples/s, through history and rules', rounded(perSecond), ''],
    ['mosquitto, messages/s acknowledged', bare === null ? 'not measured' : rounded(bare), ''],
    [
      'ratio to mosquitto',
      result.ratio === null ? 'not measured' : String(result.ratio),
      verdict(result.ratio, (ratio) => ratio >= TARGETS.ratio, `≥ ${TARGETS.ratio}`),
    ],
    ['CPU-s a million samples', String(result.cpuSecondsPerMillion), ''],
    ['mosquitto, CPU-s a million messages', String(result.mosquittoCpuSecondsPerMillion ?? 'not measured'), ''],
    [
      'half load, samples/s acknowledged',
      rounded(latency.rate),
      verdict(
        latency.rate,
        (rate) => rate >= latency.asked * KEPT_UP,
        `≥ ${KEPT_UP} of the ${rounded(latency.asked)} asked`,
      ),
    ],
    [`PUBACK p50 at ${rounded(latency.rate)}/s`, `${result.latency.p50Ms} ms`, ''],
    [
      `PUBACK p99 at ${rounded(latency.rate)}/s`,
      `${result.latency.p99Ms} ms`,
      verdict(latency.p99, (ms) => ms < TARGETS.p99, `< ${TARGETS.p99} ms`),
    ],
    [
      `RSS, ${rounded(REGISTERED)} registered, ${rounded(CONNECTED)} connected`,
      `${result.residentMiB} MiB`,
      verdict(result.residentMiB, (mib) => mib < TARGETS.residentMiB, `< ${TARGETS.residentMiB} MiB`),
    ],
    ['RSS at full load, the most', `${result.peakMiBAtFullLoad} MiB`, ''],
  ];
  console.log(
    `\n${result.machine}\n${load.connections} connections, ${load.inFlight} in flight, ${load.seconds} s, median of ${runs}\n`,
  );
  for (const [name, figure, target] of rows) console.log(`${name.padEnd(46)} ${figure.padStart(14)}   ${target}`);
}
