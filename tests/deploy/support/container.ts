import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ended } from '../../support/child.ts';

/** What a container is made of. */
export interface ContainerParts {
  /** The tree that deploy/assemble.sh made. */
  image: string;
  /** The folder of the Node program. */
  node: string;
  data: string;
  secrets: string;
  town: string;
  /** All of its environment. */
  env: Record<string, string>;
}

/** Why no container can be made here; null where one can. */
export const noContainer =
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
    ? null
    : 'needs Linux and the right to mount, for a file system of its own';

/** A command that runs as a container of docker-compose.yml would. */
export class Container {
  readonly #child: ChildProcess;
  out = '';
  err = '';

  constructor({ image, node, data, secrets, town, env }: ContainerParts, command: readonly string[]) {
    const script = join(import.meta.dirname, 'container.sh');
    const words = ['--mount', '--propagation', 'private', 'sh', script, image, node, data, secrets, town, ...command];
    this.#child = spawn('unshare', words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...env },
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.out += chunk.toString('latin1');
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.err += chunk.toString();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves once it has printed `text`. @throws Error with what it said when it ends before, or after `withinMs` */
  async says(text: string, withinMs = 60_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!this.out.includes(text)) {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`it ended with ${exitCode}:\n${this.out}${this.err}`);
      if (performance.now() > deadline) throw new Error(`it does not say ${text}:\n${this.out}${this.err}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Stops it as `docker stop` does; resolves with how it ended. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.#child.kill('SIGTERM');
    return ended(this.#child);
  }

  /** Ends it, if it runs, whatever it is doing. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await ended(this.#child);
  }

  /** Resolves with its exit code, once it has ended by itself. */
  async ended(): Promise<number | NodeJS.Signals> {
    const how = await ended(this.#child);
    // Its output may be read after its end.
    await Promise.all([this.#child.stdout, this.#child.stderr].map((stream) => closed(stream)));
    return how;
  }
}

function closed(stream: NodeJS.ReadableStream | null): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null || (stream as { closed?: boolean }).closed === true) resolve();
    else stream.once('close', () => resolve());
  });
}
