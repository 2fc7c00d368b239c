import type { Clock } from './clock.ts';

/**
 * What must be released at the end, by name. Each part registers itself the moment it exists; `close` runs them last in,
 * first out, so that a failed start and a stop take the same way.
 */
export class Closers {
  readonly #entries: { name: string; close: () => Promise<void> | void }[] = [];
  #closing: Promise<Error[]> | null = null;

  /** Remembers how to release `name`. */
  add(name: string, close: () => Promise<void> | void): void {
    this.#entries.push({ name, close });
  }

  /**
   * Releases everything, each part with at most `deadlineMs` of real time for all together. Calling it again gives the
   * same promise. Resolves with what went wrong; never rejects.
   */
  close(clock: Clock, deadlineMs: number): Promise<Error[]> {
    this.#closing ??= this.#run(clock, clock.now() + deadlineMs);
    return this.#closing;
  }

  async #run(clock: Clock, deadline: number): Promise<Error[]> {
    const problems: Error[] = [];
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      const { name, close } = entry;
      let late = () => {};
      const timeout = new Promise<never>((_resolve, reject) => {
        late = () => reject(new Error(`${name} did not close in time`));
      });
      const timer = clock.after(`close ${name}`, Math.max(100, deadline - clock.now()), late);
      try {
        await Promise.race([Promise.resolve().then(close), timeout]);
      } catch (cause) {
        problems.push(new Error(`closing ${name} failed`, { cause }));
      } finally {
        timer.stop();
      }
    }
    return problems;
  }
}
