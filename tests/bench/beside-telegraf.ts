import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { InfluxProcess } from '../support/influxdb.ts';
import { TELEGRAF_VERSION } from '../support/telegraf.ts';
import { type Burst, burst, kill, type Outcome, outage } from './carry.ts';
import { machine, median, rounded, verdict } from './figures.ts';
import { type StartPipeline, startTelegraf, startTownpulse } from './pipelines.ts';

const INFLUX = '2.7.12';
/** Samples a CPU-second, as a multiple of Telegraf's with its broker. */
const TARGET = 2.5;
const PROFILES = '/tmp/townpulse-profiles';

/** Both sides, Telegraf's first. */
const SIDES = { telegraf: startTelegraf, townpulse: startTownpulse } satisfies Record<string, StartPipeline>;
type Side = keyof typeof SIDES;

interface Loss extends Outcome {
  what: string;
  side: Side;
}

/**
 * What the service carries into an InfluxDB, at what cost, and what gets lost on the way, beside a mosquitto with a Telegraf
 * behind it. A target that is missed makes the process end with exit code 1. Method and figures: docs/performance.md.
 */
export async function besideTelegraf(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      samples: { type: 'string', default: '500000' },
      runs: { type: 'string', default: '3' },
      rate: { type: 'string', default: '2000' },
      outage: { type: 'string', default: '60' },
      only: { type: 'string' },
      'cpu-prof': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const [samples, runs, rate, seconds] = [values.samples, values.runs, values.rate, values.outage].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const parts = values.only === undefined ? ['speed', 'loss'] : [values.only];
  if (!(samples > 0 && runs > 0 && rate > 0 && seconds > 0) || !parts.every((part) => /^(speed|loss)$/.test(part))) {
    console.error(
      'usage: npm run bench -- influx [--samples N] [--runs N] [--rate N] [--outage SECONDS] [--only speed|loss] [--cpu-prof] [--json FILE]',
    );
    process.exit(2);
  }
  if (values['cpu-prof']) mkdirSync(PROFILES, { recursive: true });

  const bursts: Record<Side, Burst[]> = { telegraf: [], townpulse: [] };
  const losses: Loss[] = [];
  const loads = [loadavg()[0] as number];
  const server = await InfluxProcess.start(INFLUX);
  try {
    if (parts.includes('speed')) {
      for (let run = 1; run <= runs; run++) {
        // Taking turns, so that whatever else the machine does meets both.
        for (const [side, start] of sides()) {
          const figures = await burst(server, start, samples, values['cpu-prof'] ? PROFILES : null);
          bursts[side].push(figures);
          loads.push(loadavg()[0] as number);
          console.log(
            `run ${run}: ${side} ${rounded(figures.perSecond)} samples/s, ${cost(figures).toFixed(1)} CPU-s a million, ${rounded(figures.lost)} lost`,
          );
        }
      }
    }
    if (parts.includes('loss')) {
      const note = (side: Side, what: string, outcome: Outcome) => {
        losses.push({ side, what, ...outcome });
        loads.push(loadavg()[0] as number);
        const { acknowledged, stuck, lost } = outcome;
        const after = stuck > 0 ? `, and ${rounded(stuck)} came only after it was started anew by hand` : '';
        console.log(`${what}: ${side} lost ${rounded(lost)} of ${rounded(acknowledged)}${after}`);
      };
      for (const [side, start] of sides()) {
        note(side, `InfluxDB killed for ${seconds} s`, await outage(server, start, rate, seconds));
      }
      for (const names of [['telegraf'], ['mosquitto'], ['mosquitto', 'telegraf']]) {
        note('telegraf', `kill -9 of ${names.join(' and ')}`, await kill(server, startTelegraf, rate, names));
      }
      note('townpulse', 'kill -9 of townpulse', await kill(server, startTownpulse, rate, ['townpulse']));
    }
  } finally {
    await server.stop();
  }

  const summary = { telegraf: summaryOf(bursts.telegraf), townpulse: summaryOf(bursts.townpulse) };
  const ratio =
    summary.telegraf === null || summary.townpulse === null
      ? null
      : Number((summary.telegraf.cpuPerMillion / summary.townpulse.cpuPerMillion).toFixed(2));
  const result = {
    machine: machine(),
    load: { least: Math.min(...loads), most: Math.max(...loads) },
    telegraf: TELEGRAF_VERSION,
    influxdb: INFLUX,
    ...{ samples, runs, rate, outage: seconds },
    ratio,
    summary,
    losses,
    bursts,
  };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);

  console.log(`\n${result.machine}, load average ${loads.map((load) => load.toFixed(1)).join(' ')}`);
  console.log(`InfluxDB ${INFLUX}; Telegraf ${TELEGRAF_VERSION} behind mosquitto`);
  for (const [side, figures] of Object.entries(summary)) {
    if (figures === null) continue;
    const { perSecond, acknowledgedPerSecond, cpuPerMillion, cpuOfEach, influxCpuPerMillion } = figures;
    console.log(`\n${side}, a burst of ${rounded(samples)} samples, median of ${runs}`);
    row('samples/s in InfluxDB', rounded(perSecond));
    row('samples/s acknowledged', rounded(acknowledgedPerSecond));
    row('CPU-s a million samples, broker and writer', cpuPerMillion.toFixed(1));
    for (const [name, cpu] of Object.entries(cpuOfEach)) row(`  of ${name}`, cpu.toFixed(1));
    row('InfluxDB, CPU-s a million samples', influxCpuPerMillion.toFixed(1));
  }
  console.log('');
  const ours = [...bursts.townpulse, ...losses.filter(({ side }) => side === 'townpulse')].map(({ lost }) => lost);
  const lost = ours.length === 0 ? null : Math.max(...ours);
  row(
    'samples a CPU-second, ratio to Telegraf',
    String(ratio ?? 'not measured'),
    verdict(ratio, (x) => x >= TARGET, `≥ ${TARGET}`),
  );
  row(
    'townpulse, acknowledged and lost',
    lost === null ? 'not measured' : rounded(lost),
    verdict(lost, (x) => x === 0, '0'),
  );
}

function sides(): [Side, StartPipeline][] {
  return Object.entries(SIDES) as [Side, StartPipeline][];
}

/** CPU time of a pipeline's processes together, s for a million samples. */
function cost({ cpuPerMillion }: Burst): number {
  return Object.values(cpuPerMillion).reduce((sum, cpu) => sum + cpu, 0);
}

function summaryOf(bursts: readonly Burst[]) {
  const [first] = bursts;
  if (first === undefined) return null;
  const middle = (figure: (run: Burst) => number) => median(bursts.map(figure));
  return {
    perSecond: middle((run) => run.perSecond),
    acknowledgedPerSecond: middle((run) => run.acknowledgedPerSecond),
    cpuPerMillion: middle(cost),
    cpuOfEach: Object.fromEntries(
      Object.keys(first.cpuPerMillion).map((name) => [name, middle((run) => run.cpuPerMillion[name] ?? 0)]),
    ),
    influxCpuPerMillion: middle((run) => run.influxCpuPerMillion),
    lost: Math.max(...bursts.map(({ lost }) => lost)),
  };
}

function row(name: string, figure: string, target = ''): void {
  console.log(`${name.padEnd(46)} ${figure.padStart(14)}   ${target}`);
}
