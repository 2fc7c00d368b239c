import { randomUUID } from 'node:crypto';
import { messageOf, TownError } from '../../kernel/errors.ts';
import type { ReplayRequest, ReplayResult, ReplayWatch } from './replay.ts';

/** A replay that was asked for. */
export interface ReplayJob {
  id: string;
  request: ReplayRequest;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  /** From 0 to 1. */
  progress: number;
  error: string | null;
  result: ReplayResult | null;
}

/** So many jobs are remembered. */
const KEPT = 20;

/** The replays of a running service, one at a time. */
export class Replays {
  readonly #run: (request: ReplayRequest, watch: ReplayWatch) => Promise<ReplayResult>;
  readonly #jobs = new Map<string, ReplayJob>();
  #running: { job: ReplayJob; abort: AbortController; ended: Promise<void> } | null = null;

  constructor(run: (request: ReplayRequest, watch: ReplayWatch) => Promise<ReplayResult>) {
    this.#run = run;
  }

  /** Begins a replay. @throws TownError `conflict` while another one runs */
  start(request: ReplayRequest): ReplayJob {
    if (this.#running !== null)
      throw new TownError(
        'conflict',
        `the replay ${this.#running.job.id} is running: wait for it, or call it off by DELETE`,
      );
    const job: ReplayJob = { id: randomUUID(), request, state: 'running', progress: 0, error: null, result: null };
    this.#jobs.set(job.id, job);
    for (const id of [...this.#jobs.keys()].slice(0, -KEPT)) this.#jobs.delete(id);
    const abort = new AbortController();
    this.#running = { job, abort, ended: this.#finish(job, abort) };
    return job;
  }

  find(id: string): ReplayJob | undefined {
    return this.#jobs.get(id);
  }

  /** Calls a replay off; one that is over stays as it is. */
  async cancel(id: string): Promise<ReplayJob | undefined> {
    if (this.#running?.job.id === id) await this.stop();
    return this.#jobs.get(id);
  }

  /** Calls off what runs. */
  async stop(): Promise<void> {
    this.#running?.abort.abort(new Error('called off'));
    await this.#running?.ended;
  }

  async #finish(job: ReplayJob, { signal }: AbortController): Promise<void> {
    try {
      const progress = (share: number) => {
        job.progress = share;
      };
      job.result = await Promise.resolve().then(() => this.#run(job.request, { progress, signal }));
      job.state = 'done';
      job.progress = 1;
    } catch (error) {
      job.state = signal.aborted ? 'cancelled' : 'failed';
      job.error = messageOf(error);
    } finally {
      this.#running = null;
    }
  }
}
