import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from '../support/child.ts';
import type { InfluxProcess } from '../support/influxdb.ts';
import { Publisher } from '../support/publisher.ts';
import { KIND, pressureFeed, pressurePoints } from './devices.ts';
import { cpuOf, type Pipeline, type StartPipeline } from './pipelines.ts';

const CONNECTIONS = 100;
/** Samples that are carried before the measured ones. */
const WARM_UP = 50_000;
/** What does not come for so long will not come any more, ms. */
const QUIET = 30_000;
const LOOK = 250;
/** So seldom that nothing is saved while the speed is measured. */
const SAVE_SELDOM = 1_800;
/** As often as mosquitto can. */
const SAVE_OFTEN = 1;
/** How long the load runs before and after what goes wrong, ms. */
const BEFORE = 10_000;
const AFTER = 5_000;
/** From a kill to the start that follows it, ms. */
const DEAD = 1_000;

/** What came of samples that were acknowledged. */
export interface Outcome {
  acknowledged: number;
  /** Came into InfluxDB only after the writer, which had come to a stand, was started anew by hand. */
  stuck: number;
  /** Acknowledged, and not in InfluxDB in the end. */
  lost: number;
}

/** One burst. */
export interface Burst extends Outcome {
  /** Samples in InfluxDB a second, from the first one sent to the last one found there. */
  perSecond: number;
  /** The same by the time until the last acknowledgement. */
  acknowledgedPerSecond: number;
  /** CPU time of each process until then, s for a million samples. */
  cpuPerMillion: Record<string, number>;
  /** The same of InfluxDB, the bench's own counting included. */
  influxCpuPerMillion: number;
}

/** Sends `samples` as fast as they are acknowledged, and follows them into InfluxDB. */
export function burst(
  server: InfluxProcess,
  start: StartPipeline,
  samples: number,
  profileTo: string | null,
): Promise<Burst> {
  return carried(server, start, { saveEvery: SAVE_SELDOM, rate: null, profileTo }, async (load) => {
    const { publisher, pipeline } = load;
    // The first seconds are the compiler's.
    await send(publisher, WARM_UP);
    await load.end();
    const already = publisher.acknowledged;
    const [cpuBefore, influxBefore, begun] = [cpuOf(pipeline), cpuSeconds(server.pid), performance.now()];
    await send(publisher, samples);
    const acknowledgedIn = performance.now() - begun;
    const { outcome, ended } = await load.end();
    const spent = Object.entries(cpuOf(pipeline)).map(([name, cpu]) => [name, cpu - (cpuBefore[name] ?? 0)] as const);
    const acknowledged = outcome.acknowledged - already;
    const perMillion = (seconds: number) => (seconds * 1e6) / acknowledged;
    return {
      ...{ acknowledged, stuck: outcome.stuck, lost: outcome.lost },
      perSecond: ((acknowledged - outcome.lost) * 1_000) / (ended - begun),
      acknowledgedPerSecond: (acknowledged * 1_000) / acknowledgedIn,
      cpuPerMillion: Object.fromEntries(spent.map(([name, seconds]) => [name, perMillion(seconds)])),
      influxCpuPerMillion: perMillion(cpuSeconds(server.pid) - influxBefore),
    };
  });
}

/** Sends so many more samples and waits for their acknowledgements. */
async function send(publisher: Publisher, samples: number): Promise<void> {
  const until = publisher.sent + samples;
  publisher.run();
  while (publisher.sent < until) await sleep(1);
  publisher.pause();
  await publisher.settled(120_000);
}

/** Sends at `rate` while InfluxDB is dead for `seconds`. */
export function outage(server: InfluxProcess, start: StartPipeline, rate: number, seconds: number): Promise<Outcome> {
  return mishap(server, start, rate, async () => {
    await server.kill();
    await sleep(seconds * 1_000);
    await server.start();
  });
}

/** Sends at `rate` while processes of the pipeline are killed and started again. */
export function kill(
  server: InfluxProcess,
  start: StartPipeline,
  rate: number,
  names: readonly string[],
): Promise<Outcome> {
  return mishap(server, start, rate, async ({ publisher, pipeline }) => {
    await pipeline.killAndStart(names, DEAD);
    publisher.moveTo(pipeline.mqttPort);
    await publisher.connect();
  });
}

interface Running {
  pipeline: Pipeline;
  publisher: Publisher;
  /** Waits until InfluxDB has all, or nothing more comes; and when that was, ms of performance.now(). */
  end(): Promise<{ outcome: Outcome; ended: number }>;
}

function mishap(
  server: InfluxProcess,
  start: StartPipeline,
  rate: number,
  happen: (load: Running) => Promise<void>,
): Promise<Outcome> {
  return carried(server, start, { saveEvery: SAVE_OFTEN, rate, profileTo: null }, async (load) => {
    load.publisher.run();
    await sleep(BEFORE);
    await happen(load);
    await sleep(AFTER);
    load.publisher.pause();
    await load.publisher.settled(120_000);
    return (await load.end()).outcome;
  });
}

/** A pipeline of its own into a bucket of its own, and its publisher, while `use` runs. */
async function carried<T>(
  server: InfluxProcess,
  start: StartPipeline,
  { saveEvery, rate, profileTo }: { saveEvery: number; rate: number | null; profileTo: string | null },
  use: (load: Running) => Promise<T>,
): Promise<T> {
  const to = await server.newBucket();
  const pipeline = await start({ to, devices: CONNECTIONS, saveEvery, profileTo });
  const options = { host: '127.0.0.1', port: pipeline.mqttPort, inFlight: rate === null ? 10 : 100, rate };
  // A connection ends only where the broker is killed.
  const publisher = new Publisher(
    { ...options, reconnect: rate !== null },
    pressurePoints(CONNECTIONS).map(pressureFeed),
  );
  try {
    await publisher.connect();
    return await use({
      pipeline,
      publisher,
      end: async () => {
        const { acknowledged } = publisher;
        const first = await gathered(server, to.bucket, acknowledged);
        let { points, lastGrown } = first;
        if (points < acknowledged && pipeline.restartWriter !== undefined) {
          await pipeline.restartWriter();
          ({ points, lastGrown } = await gathered(server, to.bucket, acknowledged));
        }
        const [stuck, lost] = [points - first.points, acknowledged - points];
        // Rules have to have passed the last sample, too.
        await pipeline.drained();
        return { outcome: { acknowledged, stuck, lost }, ended: lost === 0 ? performance.now() : lastGrown };
      },
    });
  } finally {
    await publisher.close().catch(() => {});
    await pipeline.stop();
    await server.dropBucket(to.bucket);
  }
}

/** Waits until a bucket holds `wanted` points, or has not grown for long; and when it last grew, ms of performance.now(). */
async function gathered(
  server: InfluxProcess,
  bucket: string,
  wanted: number,
): Promise<{ points: number; lastGrown: number }> {
  let points = 0;
  let lastGrown = performance.now();
  while (points < wanted && performance.now() - lastGrown < QUIET) {
    const [series] = await server.ask(`SELECT count("pressure") FROM "${KIND}"`, bucket);
    const found = Number(series?.values[0]?.[1] ?? 0);
    if (found > points) lastGrown = performance.now();
    points = found;
    if (points < wanted) await sleep(LOOK);
  }
  return { points, lastGrown };
}
