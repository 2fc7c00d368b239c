import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { ended } from './child.ts';
import { ServiceClient, TOKEN } from './service-client.ts';

/** What Node is told where the service is deployed: in the image and in the unit. */
export const DEPLOYED_NODE_OPTIONS = '--max-semi-space-size=64';

/** How to start a service of its own process. */
export interface ServiceOptions {
  dataDir: string;
  /** `build`: what `npm run build` made; `sources`: with the hooks of tests/support/serve.ts. */
  from: 'build' | 'sources';
  /** Arguments of `townpulse start`, of a build. */
  args?: readonly string[];
  /** Environment besides the data directory, ports and token. */
  env?: Record<string, string>;
  /** Options of Node itself, such as `--cpu-prof`. */
  node?: readonly string[];
  /** A program and its arguments to run it under, such as strace; it must leave the child the pid that was started. */
  under?: readonly string[];
  /** How long it may take to be ready, ms. */
  withinMs?: number;
}

/** A running service as a process of its own. */
export class ServiceProcess extends ServiceClient {
  readonly #child: ChildProcess;
  readonly #output: () => string;

  private constructor(child: ChildProcess, httpPort: number, mqttPort: number, output: () => string) {
    super(httpPort, mqttPort);
    this.#child = child;
    this.#output = output;
  }

  /** Starts it on free ports and waits for its line. @throws Error with what it printed, when it ends before or is late */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const program =
      options.from === 'build'
        ? [join(packageRoot, 'dist/src/cli/main.js'), 'start', ...(options.args ?? [])]
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

  /** Lets it end itself at the point that `TOWNPULSE_TEST_KILL_AT` names, as it next passes it. */
  arm(): void {
    this.#child.kill('SIGUSR2');
  }

  /** Asks it to stop, gives it `ms` for that, and ends it at once where that was too short. */
  async stopOrKill(ms: number): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ms);
    await this.ended();
    clearTimeout(timer);
  }

  /** Asks it to stop and waits for it. @throws Error with what it printed, when it does not end well */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const how = await this.ended();
    if (how !== 0) throw new Error(`the service ended with ${how}:\n${this.output}`);
  }
}
