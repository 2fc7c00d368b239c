/*
 * npx tsx tests/bench/influx-drain.ts [--samples 16000000] [--devices 5000] [--server 2.7.12] [--json FILE]
 *
 * How long a backlog takes to drain into a real InfluxDB, and what it costs. The samples are made up as they are read: a
 * small city's devices of five kinds, one sample each in turn, two in a hundred late or sent again.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { InfluxHistory } from '../../src/history/influx/store.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { openStore } from '../../src/kernel/store.ts';
import type { JournalReader, JournalRecord, Offset } from '../../src/model/record.ts';
import type { Value } from '../../src/model/sample.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { cpuSeconds, residentBytes } from '../support/child.ts';
import { InfluxProcess, type InfluxVersion } from '../support/influxdb.ts';

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '1000000' },
    devices: { type: 'string', default: '5000' },
    server: { type: 'string', default: '2.7.12' },
    json: { type: 'string' },
  },
});
const [samples, devices] = [Number(values.samples), Number(values.devices)];
const kinds = loadKinds(join(packageRoot, 'devices'));
const names = [...kinds.keys()];
const MINUTE = 60_000;
const START = Date.now() - Math.ceil(samples / devices) * MINUTE;

/** A journal that is not kept: a record is made from its offset whenever it is read. */
class GeneratedJournal implements JournalReader {
  end(): Offset {
    return samples + 1;
  }

  read(_partition: number, from: Offset, limit: number): readonly JournalRecord[] {
    const count = Math.max(0, Math.min(limit, samples + 1 - from));
    return Array.from({ length: count }, (_, index) => record(from + index));
  }

  arrivalOf(_partition: number, from: Offset): number | null {
    return from > samples ? null : record(from).at;
  }

  arrived(): Promise<void> {
    return Promise.resolve();
  }

  commit(): void {}
}

function record(offset: Offset): JournalRecord {
  const index = offset - 1;
  const number = index % devices;
  const round = Math.floor(index / devices);
  // One in a hundred tells of two hours ago, one repeats what it said a round ago.
  const dice = (number + round * 37) % 100;
  const told = dice === 7 ? round - 120.5 : dice === 42 ? round - 1 : round;
  const kind = names[number % names.length] as string;
  const found: Record<string, Value> = {};
  for (const [name, { type, range }] of Object.entries(kinds.get(kind)?.fields ?? {})) {
    const [low, high] = range ?? [0, 100];
    const phase = ((number * 31 + told * 7) % 1_000) / 1_000;
    found[name] = type === 'boolean' ? false : Math.round((low + (high - low) * phase) * 1_000) / 1_000;
  }
  const ts = START + told * MINUTE;
  return {
    type: 'sample',
    offset,
    at: START + round * MINUTE,
    sample: { device: `D-${number}`, kind, ts, values: found, seq: Math.abs(Math.round(told)) },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'townpulse-drain-'));
const server = await InfluxProcess.start(values.server as InfluxVersion);
try {
  const address = await server.newBucket();
  const store = await openStore(folder);
  const where = (device: string) => ({ area: `area-${device.length}`, road: null, organisation: 'utility' });
  const writer = new HistoryWriter(
    new InfluxHistory(address, store, kinds, systemClock),
    new GeneratedJournal(),
    { at: where },
    { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) },
    systemClock,
    createLogger('warn'),
  );
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const [begun, cpu, serverCpu] = [performance.now(), process.cpuUsage(), cpuSeconds(server.pid)];
  await writer.start();
  for (let told = 0; writer.progress().cursor <= samples; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { cursor } = writer.progress();
    if (cursor - told < 1_000_000) continue;
    told = cursor;
    console.log(`${cursor - 1} samples, ${Math.round((cursor - 1) / ((performance.now() - begun) / 1_000))}/s`);
  }
  const seconds = (performance.now() - begun) / 1_000;
  const used = process.cpuUsage(cpu);
  const { counts } = writer.progress();
  await writer.stop(10_000);
  const sum = { stored: 0, merged: 0, duplicate: 0 };
  for (const count of Object.values(counts)) {
    sum.stored += count.stored;
    sum.merged += count.merged;
    sum.duplicate += count.duplicate;
  }
  let points = 0;
  for (const kind of names) points += await server.points(address.bucket, kind);
  const result = {
    server: values.server,
    ...{ samples, devices, ...sum, points, pointsAgree: points === sum.stored - sum.merged },
    seconds: Math.round(seconds),
    samplesPerSecond: Math.round(samples / seconds),
    // Making the samples up is counted in.
    cpuSecondsPerMillion: Number(((used.user + used.system) / samples).toFixed(1)),
    serverCpuSecondsPerMillion: Number((((cpuSeconds(server.pid) - serverCpu) * 1e6) / samples).toFixed(1)),
    eventLoopDelayMs: { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
    residentMiB: Math.round(residentBytes(process.pid) / 1024 ** 2),
  };
  console.log(JSON.stringify(result, null, 2));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  await store.close();
  if (!result.pointsAgree) process.exitCode = 1;
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
