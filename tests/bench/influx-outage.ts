/*
 * npx tsc && npx tsx tests/bench/influx-outage.ts [--rate 3000] [--outage 60] [--server 2.7.12] [--json FILE]
 *
 * What devices feel of an outage of the InfluxDB: how long acknowledgements take before it, while it lasts, and while the
 * backlog drains beside live samples; and how long that takes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { InfluxProcess, type InfluxVersion, influxEnvironment } from '../support/influxdb.ts';
import { Publisher } from '../support/publisher.ts';
import { ServiceProcess } from '../support/service.ts';
import { pressureFeed, pressurePoints } from './devices.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '3000' },
    outage: { type: 'string', default: '60' },
    server: { type: 'string', default: '2.7.12' },
    json: { type: 'string' },
  },
});
const [rate, outage] = [Number(values.rate), Number(values.outage)];

const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-outage-'));
const server = await InfluxProcess.start(values.server as InfluxVersion);
const address = await server.newBucket();
const service = await ServiceProcess.start({ dataDir, from: 'build', env: influxEnvironment(address) });
try {
  const devices = pressurePoints(100);
  await service.register(devices);
  const options = { host: '127.0.0.1', port: service.mqttPort, inFlight: 100, rate, reconnect: false };
  const publisher = new Publisher(options, devices.map(pressureFeed));
  await publisher.connect();
  publisher.run();
  const latency = async (during: () => Promise<unknown>) => {
    publisher.resetLatencies();
    const [begun, before] = [performance.now(), publisher.acknowledged];
    await during();
    const seconds = (performance.now() - begun) / 1_000;
    const { latencies, acknowledged } = publisher;
    return {
      seconds: Math.round(seconds * 10) / 10,
      acknowledgedPerSecond: Math.round((acknowledged - before) / seconds),
      p50Ms: Math.round(latencies.percentile(0.5) * 10) / 10,
      p99Ms: Math.round(latencies.percentile(0.99) * 10) / 10,
    };
  };
  await sleep(5_000);
  const up = await latency(() => sleep(20_000));
  await server.kill();
  const down = await latency(() => sleep(outage * 1_000));
  const backlog = (await service.ledger()).pending;
  await server.start();
  const draining = await latency(async () => {
    // Under load there is always something that came just now.
    while ((await service.ledger()).pending > rate) await sleep(100);
  });
  publisher.pause();
  await publisher.settled();
  await service.drained();
  const { received, stored, merged, balanced } = await service.ledger();
  const points = await server.points(address.bucket, 'water-pressure');
  const figures = { server: values.server, rate, up, down, backlog, draining, received, points };
  const result = {
    ...figures,
    nothingLost: balanced && received === publisher.acknowledged && points === stored - merged,
  };
  console.log(JSON.stringify(result, null, 2));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  await publisher.close();
  await service.stop();
  if (!result.nothingLost) process.exitCode = 1;
} finally {
  if (service.running) await service.kill();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
