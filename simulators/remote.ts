import { Worker } from 'node:worker_threads';
import type { TrialClock } from '../src/kernel/clock.ts';
import { TownError } from '../src/kernel/errors.ts';
import type { Fault, FaultKind, FaultRequest } from './faults.ts';
import type { FleetTotals } from './fleet.ts';
import type {
  FaultAnswers,
  FaultCall,
  FromSimulator,
  PlainError,
  Port,
  StartMessage,
  ToSimulator,
} from './protocol.ts';

/** The service's clock, as the simulator moves it. */
type MovedClock = Pick<TrialClock, 'now' | 'stepTo' | 'run'>;

/** What a simulated town is started with, beside the clock's own time. */
export interface RemoteOptions extends Omit<StartMessage, 'type' | 'now'> {
  /** Town seconds per real second, once history is made. */
  speed: number;
}

interface Pending<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * The service's side of the protocol: starts a simulator at the other end of a port, steps the service's clock for it while
 * history is made, then lets the clock run, and passes faults on.
 */
export class RemoteSimulator {
  /** Resolves when the devices have connected, with what came of it; rejects when that failed. */
  readonly connected: Promise<{ connected: number; devices: number; refused: string[] }>;
  /** Resolves when history is made and the clock runs; rejects when the simulator failed before. */
  readonly caughtUp: Promise<void>;
  readonly #port: Port<FromSimulator, ToSimulator>;
  readonly #clock: MovedClock;
  readonly #options: RemoteOptions;
  readonly #began: number;
  readonly #calls = new Map<number, Pending<never>>();
  readonly #whenConnected: Pending<{ connected: number; devices: number; refused: string[] }>;
  readonly #whenCaughtUp: Pending<void>;
  readonly #whenStopped: Pending<FleetTotals>;
  readonly #stopped: Promise<FleetTotals>;
  #number = 0;
  #failure: { error: unknown } | null = null;

  constructor(port: Port<FromSimulator, ToSimulator>, clock: MovedClock, options: RemoteOptions) {
    this.#port = port;
    this.#clock = clock;
    this.#options = options;
    this.#began = clock.now();
    [this.connected, this.#whenConnected] = pending();
    [this.caughtUp, this.#whenCaughtUp] = pending();
    [this.#stopped, this.#whenStopped] = pending();
  }

  /** How much of the history is made, 0..1. */
  get progress(): number {
    const until = this.#options.backfillUntil ?? this.#began;
    return until <= this.#began ? 1 : Math.min(1, (this.#clock.now() - this.#began) / (until - this.#began));
  }

  start(): void {
    const { speed: _, ...start } = this.#options;
    this.#port.on('message', (message) => this.#hear(message));
    this.#port.postMessage({ type: 'start', now: this.#began, ...start });
  }

  /** Every kind of fault with its targets. */
  faultKinds(): Promise<FaultKind[]> {
    return this.#call({ do: 'kinds' });
  }

  /** Lets a fault begin. @throws TownError `invalid` or `conflict`, as {@link Faults.start} */
  startFault(request: FaultRequest): Promise<Fault> {
    return this.#call({ do: 'start', request });
  }

  /** Faults that are on. */
  listFaults(): Promise<Fault[]> {
    return this.#call({ do: 'list' });
  }

  /** Ends a fault. @throws TownError `not-found` */
  stopFault(id: string): Promise<Fault> {
    return this.#call({ do: 'stop', id });
  }

  /** Lets every device take its leave; resolves with what became of their messages. */
  stop(): Promise<FleetTotals> {
    this.#port.postMessage({ type: 'stop' });
    return this.#stopped;
  }

  /** Says to whoever waits that the simulator is gone. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#whenConnected.reject(error);
    this.#whenCaughtUp.reject(error);
    this.#whenStopped.reject(error);
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }

  #call<Call extends FaultCall>(call: Call): Promise<FaultAnswers[Call['do']]> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    const number = ++this.#number;
    const [answer, waiting] = pending<FaultAnswers[Call['do']]>();
    this.#calls.set(number, waiting as Pending<never>);
    this.#port.postMessage({ type: 'fault', number, call });
    return answer;
  }

  #hear(message: FromSimulator): void {
    switch (message.type) {
      case 'connected':
        return this.#whenConnected.resolve(message);
      case 'step':
        this.#clock.stepTo(message.to);
        return this.#port.postMessage({ type: 'now', now: this.#clock.now() });
      case 'caught-up':
        this.#clock.run(this.#options.speed);
        this.#port.postMessage({ type: 'run', now: this.#clock.now(), speed: this.#options.speed });
        return this.#whenCaughtUp.resolve();
      case 'fault-answer':
        return this.#settle(message.number, (call) => call.resolve(message.value as never));
      case 'fault-error':
        return this.#settle(message.number, (call) => call.reject(revived(message.error)));
      case 'failed':
        return this.fail(revived(message.error));
      case 'stopped':
        return this.#whenStopped.resolve(message.totals);
    }
  }

  #settle(number: number, settle: (call: Pending<never>) => void): void {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    if (call !== undefined) settle(call);
  }
}

/** A {@link RemoteSimulator} in a worker thread of its own; `terminate` ends the thread. */
export function simulatorInWorker(
  clock: MovedClock,
  options: RemoteOptions,
): { simulator: RemoteSimulator; terminate: () => Promise<void> } {
  const worker = openWorker();
  const simulator = new RemoteSimulator(worker, clock, options);
  worker.on('error', (error) => simulator.fail(error));
  worker.on('exit', () => simulator.fail(new TownError('unavailable', 'the simulated town has ended')));
  return {
    simulator,
    terminate: async () => {
      await worker.terminate();
    },
  };
}

/** Built, the worker is a file beside this one; from its sources it has to load its own loader first. */
function openWorker(): Worker {
  if (import.meta.url.endsWith('.js')) return new Worker(new URL('./worker.js', import.meta.url));
  const file = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then((tsx) => { tsx.register(); return import(${file}); })`, { eval: true });
}

/** A promise and what settles it. It counts as handled: whoever waits sees the rejection, and nobody has to wait. */
function pending<T>(): [Promise<T>, Pending<T>] {
  let settle: Pending<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return [promise, settle as Pending<T>];
}

function revived({ code, message, problems }: PlainError): TownError {
  return new TownError(code, message, { problems });
}
