/**
 * Time comes in by the door: whoever needs it is handed a {@link Clock}. Two are in use side by side, the town's (arrival
 * times, ticks, calendar; the {@link systemClock} or a {@link TrialClock}) and the machine's (time-outs, back-off, how long
 * something took; always the {@link steadyClock}).
 */
export interface Clock {
  /** Milliseconds since 1970 on this clock. */
  now(): number;
  /** Calls `run` once, `ms` of this clock from now. `name` says what is waited for, in diagnostics. */
  after(name: string, ms: number, run: () => void): Timer;
  /** Calls `run` every `ms` of this clock; periods that were missed are not made up for. */
  every(name: string, ms: number, run: () => void): Timer;
}

/** A timer that can be called off; calling it off twice is once. */
export interface Timer {
  stop(): void;
}

/** The machine's own clock, which somebody may set, also back. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (_name, ms, run) => {
    const handle = setTimeout(run, ms);
    return { stop: () => clearTimeout(handle) };
  },
  every: (_name, ms, run) => {
    const handle = setInterval(run, ms);
    return { stop: () => clearInterval(handle) };
  },
};

/** The machine's time as it passes, whatever its clock is set to: for durations, and for nothing that is shown or kept. */
export const steadyClock: Clock = { ...systemClock, now: () => performance.timeOrigin + performance.now() };

/** Resolves after `ms` of `clock`, or rejects with the signal's reason when that is aborted first. */
export function sleep(clock: Clock, name: string, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.stop();
      reject(signal?.reason);
    };
    const timer = clock.after(name, ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Resolves once `running` has ended, however it did, and after `ms` of `clock` at the latest. */
export async function atMost(clock: Clock, name: string, ms: number, running: Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.after(name, ms, resolve);
    const ended = () => {
      timer.stop();
      resolve();
    };
    running.then(ended, ended);
  });
}

interface Waiting {
  due: number;
  period: number | null;
  run: () => void;
}

/**
 * A clock of its own, for trials and tests. It stands still until it is stepped, advanced, or set to run at a speed; its
 * timers fire in the order of their due times, at this clock's time. It never goes back.
 */
export class TrialClock implements Clock {
  #now: number;
  #speed = 0;
  #anchor: { real: number; town: number } | null = null;
  #wake: Timer | null = null;
  readonly #waiting = new Set<Waiting>();
  readonly #real: Clock;

  constructor(start: number, real: Clock = steadyClock) {
    this.#now = start;
    this.#real = real;
  }

  /** Town seconds per real second; 0 while it stands. */
  get speed(): number {
    return this.#speed;
  }

  now(): number {
    if (this.#anchor !== null) {
      const running = this.#anchor.town + Math.floor((this.#real.now() - this.#anchor.real) * this.#speed);
      this.#now = Math.max(this.#now, running);
    }
    return this.#now;
  }

  after(_name: string, ms: number, run: () => void): Timer {
    return this.#wait({ due: this.now() + ms, period: null, run });
  }

  every(_name: string, ms: number, run: () => void): Timer {
    return this.#wait({ due: this.now() + ms, period: ms, run });
  }

  /** Lets the clock run, `speed` town seconds per real second. */
  run(speed: number): void {
    this.#now = this.now();
    this.#speed = speed;
    this.#anchor = { real: this.#real.now(), town: this.#now };
    this.#arm();
  }

  /** Jumps to `instant`: what fell due on the way fires once each, in order of due time, seeing `instant` as now. */
  stepTo(instant: number): void {
    this.#now = Math.max(this.now(), instant);
    if (this.#anchor !== null) this.#anchor = { real: this.#real.now(), town: this.#now };
    this.#fireDue();
  }

  /** Goes on by `ms`, stopping at every due time on the way, so that each timer sees its own moment. */
  advance(ms: number): void {
    const end = this.now() + ms;
    for (;;) {
      const next = this.#next();
      if (next === null || next.due > end) break;
      this.stepTo(next.due);
    }
    this.stepTo(end);
  }

  /** Stops running and forgets every timer. */
  stop(): void {
    this.#now = this.now();
    this.#anchor = null;
    this.#speed = 0;
    this.#wake?.stop();
    this.#waiting.clear();
  }

  #wait(entry: Waiting): Timer {
    this.#waiting.add(entry);
    this.#arm();
    return { stop: () => this.#waiting.delete(entry) };
  }

  #next(): Waiting | null {
    let next: Waiting | null = null;
    for (const entry of this.#waiting) if (next === null || entry.due < next.due) next = entry;
    return next;
  }

  #fireDue(): void {
    const due = [...this.#waiting].filter((entry) => entry.due <= this.#now).sort((a, b) => a.due - b.due);
    for (const entry of due) {
      if (!this.#waiting.has(entry)) continue;
      if (entry.period === null) this.#waiting.delete(entry);
      else entry.due += entry.period * (Math.floor((this.#now - entry.due) / entry.period) + 1);
      entry.run();
    }
    this.#arm();
  }

  #arm(): void {
    this.#wake?.stop();
    this.#wake = null;
    const next = this.#next();
    if (this.#anchor === null || next === null) return;
    const realMs = Math.max(0, Math.ceil((next.due - this.now()) / this.#speed));
    this.#wake = this.#real.after('trial clock', realMs, () => {
      this.now();
      this.#fireDue();
    });
  }
}
