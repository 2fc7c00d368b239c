import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/kernel/package-root.ts';
import type { Ledger } from '../../src/model/ledger.ts';
import { ended } from './child.ts';

/** How to start a service of its own process. */
export interface ServiceOptions {
  dataDir: string;
  /** `build`: what `npm run build` made; `sources`: with the hooks of tests/support/serve.ts. */
  from: 'build' | 'sources';
  /** Environment besides the data directory, ports and token. */
  env?: Record<string, string>;
  /** Options of Node itself, such as `--cpu-prof`. */
  node?: readonly string[];
  /** A program and its arguments to run it under, such as strace; it must leave the child the pid that was started. */
  under?: readonly string[];
  /** How long it may take to be ready, ms. */
  withinMs?: number;
}

/** A device to register, with the secret that it will sign in with. */
export interface TestDevice {
  id: string;
  kind: string;
  area: string;
  organisation: string;
  secret: string;
  [more: string]: unknown;
}

const TOKEN = 'the-token-of-the-tests';

/** A running service, seen from outside. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly #output: () => string;

  private constructor(child: ChildProcess, httpPort: number, mqttPort: number, output: () => string) {
    this.#child = child;
    this.httpPort = httpPort;
    this.mqttPort = mqttPort;
    this.#output = output;
  }

  /** Starts it on free ports and waits for its line. @throws Error with what it printed, when it ends before or is late */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const program =
      options.from === 'build'
        ? [join(packageRoot, 'dist/src/cli/main.js'), 'start']
        : ['--import', 'tsx', join(packageRoot, 'tests/support/serve.ts')];
    const command = [...(options.under ?? []), process.execPath, ...(options.node ?? []), ...program];
    const child = spawn(command[0] as string, command.slice(1), {
      cwd: packageRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TOWNPULSE_DATA_DIR: options.dataDir,
        TOWNPULSE_HTTP_PORT: '0',
        TOWNPULSE_MQTT_PORT: '0',
        TOWNPULSE_ADMIN_TOKEN: TOKEN,
        TOWNPULSE_LOG_LEVEL: 'warn',
        ...options.env,
      },
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-100_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const ready = await new Promise<RegExpExecArray | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), options.withinMs ?? 30_000);
      const settle = (match: RegExpExecArray | null) => {
        clearTimeout(timer);
        resolve(match);
      };
      child.stdout?.on('data', () => {
        const match = /^ready http:\/\/[^:]+:(\d+) mqtt:\/\/[^:]+:(\d+)$/m.exec(output);
        if (match !== null) settle(match);
      });
      child.once('exit', () => settle(null));
      child.once('error', (error) => {
        output += error.message;
        settle(null);
      });
    });
    if (ready === null) {
      child.kill('SIGKILL');
      throw new Error(`the service did not become ready:\n${output}`);
    }
    return new ServiceProcess(child, Number(ready[1]), Number(ready[2]), () => output);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** What it printed, the newest 100,000 letters. */
  get output(): string {
    return this.#output();
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with how it ended. */
  ended(): Promise<number | NodeJS.Signals> {
    return ended(this.#child);
  }

  /** Ends it at once, whatever it is doing. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended();
  }

  /** Asks it to stop and waits for it. @throws Error with what it printed, when it does not end well */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const how = await this.ended();
    if (how !== 0) throw new Error(`the service ended with ${how}:\n${this.output}`);
  }

  /** Asks `/api/v1` for JSON. @throws Error on any answer but 2xx */
  async api<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/api/v1${path}`, {
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 2_000)}`);
    return JSON.parse(text) as T;
  }

  ledger(): Promise<Ledger> {
    return this.api('/ledger');
  }

  /** Brings devices into the registry; those that are there already stay as they are. */
  async register(devices: readonly TestDevice[]): Promise<void> {
    await this.api('/devices/import', { format: 'json', text: JSON.stringify(devices) });
  }

  /** The service's figures by name, without those that have labels. */
  async metrics(): Promise<Map<string, number>> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/metrics`);
    const figures = new Map<string, number>();
    for (const line of (await response.text()).split('\n')) {
      const match = /^(\w+) (\S+)$/.exec(line);
      if (match !== null) figures.set(match[1] as string, Number(match[2]));
    }
    return figures;
  }

  /**
   * Resolves once history and rules have passed everything that the journal holds.
   * @throws Error after `withinMs`, saying how far they are
   */
  async drained(withinMs = 120_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const figures = await this.metrics();
      const end = figures.get('townpulse_journal_end_offset');
      const history = figures.get('townpulse_history_cursor_offset');
      const rules = figures.get('townpulse_rules_cursor_offset');
      if (end === undefined || history === undefined || rules === undefined) {
        throw new Error('the service does not tell its journal, history and rules offsets');
      }
      if (history >= end && rules >= end) return;
      if (performance.now() > deadline) {
        throw new Error(`not drained within ${withinMs} ms: journal ${end}, history ${history}, rules ${rules}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
