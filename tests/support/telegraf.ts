import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InfluxAddress } from '../../src/history/settings.ts';
import { ended } from './child.ts';

/** As whom it signs in at the broker. */
export const TELEGRAF_CLIENT = 'telegraf';
/** The Telegraf that the bench measures against; `npm run servers` builds it into the cache. */
export const TELEGRAF_VERSION = '1.37.2';

/** What a Telegraf is to carry from a broker to an InfluxDB 2.x. */
export interface TelegrafTask {
  mqttPort: number;
  /** Topic filter of three names and `telemetry`; the third name is the device. */
  topic: string;
  measurement: string;
  /** Numbers in the JSON of a message, beside `ts` (ms). */
  fields: readonly string[];
  to: InfluxAddress;
}

/** A Telegraf of our own, set up so that it loses as little as it can and is as fast as it can be. */
export class Telegraf {
  readonly #program: string;
  readonly #folder: string;
  #child: ChildProcess | null = null;
  #output = '';

  private constructor(program: string) {
    this.#program = program;
    this.#folder = mkdtempSync(join(tmpdir(), 'townpulse-telegraf-'));
  }

  /** Starts one. @throws Error when it is not in the cache, or does not connect */
  static async start(task: TelegrafTask): Promise<Telegraf> {
    const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
    const program = join(cache, 'townpulse/servers', `telegraf-${TELEGRAF_VERSION}`, 'telegraf');
    if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run servers\` first`);
    const telegraf = new Telegraf(program);
    writeFileSync(join(telegraf.#folder, 'telegraf.conf'), configuration(task));
    try {
      await telegraf.start();
      return telegraf;
    } catch (error) {
      await telegraf.stop();
      throw error;
    }
  }

  /** @throws Error while it does not run */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('telegraf does not run');
    return this.#child.pid;
  }

  /** What it said, the newest 100,000 letters. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process again after `kill`; resolves once it is connected, the moment before it subscribes. */
  async start(): Promise<void> {
    const child = spawn(this.#program, ['--config', join(this.#folder, 'telegraf.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.#folder },
    });
    this.#child = child;
    this.#output = '';
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-100_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadline = performance.now() + 30_000;
    while (!this.#output.includes('[inputs.mqtt_consumer] Connected')) {
      const isOver = child.exitCode !== null || child.signalCode !== null || performance.now() > deadline;
      if (isOver) throw new Error(`telegraf did not connect:\n${this.#output}`);
      await sleep(20);
    }
  }

  /** Ends it at once; what it had in memory is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops it in an orderly way and starts it again. */
  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.start();
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    child?.kill(signal);
    if (child !== null) await ended(child);
  }
}

function configuration({ mqttPort, topic, measurement, fields, to }: TelegrafTask): string {
  return `
[agent]
  # How soon it connects anew after a lost connection, too.
  interval = "1s"
  flush_interval = "1s"
  metric_batch_size = 10000
  metric_buffer_limit = 1000000
  omit_hostname = true

[[outputs.influxdb_v2]]
  urls = ["${to.url}"]
  token = "${to.token}"
  organization = "${to.org}"
  bucket = "${to.bucket}"
  content_encoding = "gzip"

[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:${mqttPort}"]
  topics = ["${topic}"]
  topic_tag = ""
  qos = 1
  # A message is acknowledged to the broker only once InfluxDB has it.
  persistent_session = true
  client_id = "${TELEGRAF_CLIENT}"
  max_undelivered_messages = 10000
  data_format = "json_v2"
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "${topic}"
    tags = "_/_/device/_"
  [[inputs.mqtt_consumer.json_v2]]
    measurement_name = "${measurement}"
    timestamp_path = "ts"
    timestamp_format = "unix_ms"
${fields.map((field) => `    [[inputs.mqtt_consumer.json_v2.field]]\n      path = "${field}"\n      type = "float"\n`).join('')}`;
}
