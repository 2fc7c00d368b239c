import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InfluxAddress } from '../../src/history/settings.ts';
import { telemetryTopic } from '../../src/model/topic.ts';
import { cpuSeconds } from '../support/child.ts';
import { influxEnvironment } from '../support/influxdb.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { DEPLOYED_NODE_OPTIONS, ServiceProcess } from '../support/service.ts';
import { TELEGRAF_CLIENT, Telegraf } from '../support/telegraf.ts';
import { KIND, pressurePoints, TOWN } from './devices.ts';

/** What takes samples by MQTT and carries them into an InfluxDB: a broker and a writer. */
export interface Pipeline {
  /** Where publishers find it; it may move with a restart. */
  readonly mqttPort: number;
  /** The processes it consists of, by name. */
  readonly processes: Readonly<Record<string, { pid: number }>>;
  /** Ends processes at once, all at the same time, and starts them again `after` ms later. */
  killAndStart(names: readonly string[], after: number): Promise<void>;
  /** Starts the writer anew in an orderly way, where that is a process that may come to a stand. */
  restartWriter?(): Promise<void>;
  /** Resolves once nothing is left to do but what InfluxDB has to; for who cannot tell, at once. */
  drained(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** How a pipeline is set up. */
export interface PipelineOptions {
  to: InfluxAddress;
  /** How many devices will publish. */
  devices: number;
  /** How often a broker that acknowledges without writing to disk saves what it holds, s. */
  saveEvery: number;
  /** Where Townpulse leaves a CPU profile, if at all. */
  profileTo?: string | null;
}

/** Starts a pipeline that waits for samples. */
export type StartPipeline = (options: PipelineOptions) => Promise<Pipeline>;

/** Townpulse: broker, journal, rules and writer in one process. */
export const startTownpulse: StartPipeline = async ({ to, devices, profileTo }) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-bench-'));
  const node = profileTo == null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`];
  const env = { ...influxEnvironment(to), NODE_OPTIONS: DEPLOYED_NODE_OPTIONS };
  const start = () => ServiceProcess.start({ dataDir, from: 'build', node, env });
  let service = await start();
  const pipeline: Pipeline = {
    get mqttPort() {
      return service.mqttPort;
    },
    get processes() {
      return { townpulse: service };
    },
    killAndStart: async (_names, after) => {
      await service.kill();
      await new Promise((resolve) => setTimeout(resolve, after));
      service = await start();
    },
    drained: async () => {
      await service.drained();
      const ledger = await service.ledger();
      if (!ledger.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
    },
    stop: async () => {
      await service.stopOrKill(30_000);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  try {
    await service.register(pressurePoints(devices));
    return pipeline;
  } catch (error) {
    await pipeline.stop();
    throw error;
  }
};

/** Mosquitto, and behind it Telegraf. */
export const startTelegraf: StartPipeline = async ({ to, saveEvery }) => {
  const mosquitto = await Mosquitto.start(saveEvery);
  const task = {
    mqttPort: mosquitto.port,
    topic: telemetryTopic(TOWN, KIND, '+'),
    measurement: KIND,
    fields: ['pressure', 'flow', 'battery'],
    to,
  };
  let telegraf: Telegraf;
  try {
    telegraf = await Telegraf.start(task);
    await mosquitto.subscribed(TELEGRAF_CLIENT);
  } catch (error) {
    await mosquitto.stop();
    throw error;
  }
  const processes = { mosquitto, telegraf };
  return {
    mqttPort: mosquitto.port,
    processes,
    killAndStart: async (names, after) => {
      const killed = Object.entries(processes).filter(([name]) => names.includes(name));
      await Promise.all(killed.map(([, process]) => process.kill()));
      await new Promise((resolve) => setTimeout(resolve, after));
      // In this order: Telegraf ends when it finds no broker at its start.
      for (const [, process] of killed) await process.start();
    },
    restartWriter: () => telegraf.restart(),
    drained: () => Promise.resolve(),
    stop: async () => {
      await telegraf.stop();
      await mosquitto.stop();
    },
  };
};

/** CPU time that each process of a pipeline has taken, s. */
export function cpuOf({ processes }: Pipeline): Record<string, number> {
  return Object.fromEntries(Object.entries(processes).map(([name, { pid }]) => [name, cpuSeconds(pid)]));
}
