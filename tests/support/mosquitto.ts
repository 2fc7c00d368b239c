import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended } from './child.ts';
import { freePort, reachable } from './port.ts';

const PROGRAMS = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/usr/local/sbin/mosquitto'];

/** A mosquitto of our own on 127.0.0.1 that lets anybody in and throws nothing away that waits for a subscriber. */
export class Mosquitto {
  readonly port: number;
  readonly #program: string;
  readonly #folder: string;
  #child: ChildProcess | null = null;

  private constructor(program: string, port: number) {
    this.#program = program;
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'townpulse-mosquitto-'));
  }

  /**
   * Starts one on a free port. With `saveEvery` (s) it writes what it holds to disk that often; otherwise never.
   * @throws Error when it is not installed, or does not listen
   */
  static async start(saveEvery: number | null = null): Promise<Mosquitto> {
    const program = PROGRAMS.find((path) => existsSync(path));
    if (program === undefined) throw new Error('mosquitto is not installed: run `npm run servers` first');
    const mosquitto = new Mosquitto(program, await freePort());
    mosquitto.#configure(saveEvery);
    try {
      await mosquitto.start();
      return mosquitto;
    } catch (error) {
      await mosquitto.stop();
      throw error;
    }
  }

  /** @throws Error while it does not run */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('mosquitto does not run');
    return this.#child.pid;
  }

  /** Starts the process again after `kill`, with what it had saved. */
  async start(): Promise<void> {
    const child = spawn(this.#program, ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' });
    this.#child = child;
    await reachable(this.port, child, 'mosquitto');
  }

  /** Resolves once a client has subscribed. @throws Error when it has not within 10 s */
  async subscribed(clientId: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!existsSync(this.#log) || !readFileSync(this.#log, 'utf8').includes(`: ${clientId} `)) {
      if (performance.now() > deadline) throw new Error(`${clientId} does not subscribe`);
      await sleep(20);
    }
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #log(): string {
    return join(this.#folder, 'subscriptions.log');
  }

  #configure(saveEvery: number | null): void {
    const settings = [
      `listener ${this.port} 127.0.0.1`,
      'allow_anonymous true',
      // With the defaults a burst that was acknowledged may be dropped behind the acknowledgement.
      'max_inflight_messages 0',
      'max_queued_messages 0',
      'set_tcp_nodelay true',
      `log_dest file ${this.#log}`,
      'log_type subscribe',
      ...(saveEvery === null
        ? ['persistence false']
        : ['persistence true', `persistence_location ${this.#folder}/`, `autosave_interval ${saveEvery}`]),
      // Started as root it would become this user, who may not write into the folder.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
    ];
    writeFileSync(join(this.#folder, 'mosquitto.conf'), `${settings.join('\n')}\n`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    child?.kill(signal);
    if (child !== null) await ended(child);
  }
}
