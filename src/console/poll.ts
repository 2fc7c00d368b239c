import type { Clock, Timer } from '../kernel/clock.ts';

/** What one round of polling came to. */
export type Outcome<T> = { value: T } | { error: unknown };

/** How often to read, ms of the clock. */
export interface Pace {
  /** From the start of a round that succeeded to the start of the next. */
  every: number;
  /** The same after one that failed, where that is sooner. */
  retry: number;
  /** A round that takes longer is given up and counts as failed. */
  patience: number;
}

/** A running poll. */
export interface Poll {
  /** Reads at once, giving up the round under way. */
  again(): void;
  /** Ends it; an answer that is still under way is given up and told to nobody. */
  stop(): void;
}

/** Reads now and then at the `pace`, never twice at once: a slow answer puts the next round off. */
export function poll<T>(
  clock: Clock,
  pace: Pace,
  read: (signal: AbortSignal) => Promise<T>,
  settle: (outcome: Outcome<T>) => void,
): Poll {
  let round: AbortController | null = null;
  let next: Timer | null = null;

  async function run(): Promise<void> {
    const mine = new AbortController();
    round = mine;
    const began = clock.now();
    const patience = clock.after('answer', pace.patience, () => mine.abort());
    const outcome = await read(mine.signal).then(
      (value): Outcome<T> => ({ value }),
      (error: unknown): Outcome<T> => ({ error }),
    );
    patience.stop();
    if (round !== mine) return;
    settle(outcome);
    const wait = 'value' in outcome ? pace.every : Math.min(pace.every, pace.retry);
    next = clock.after('next round', Math.max(0, wait - (clock.now() - began)), () => void run());
  }

  function giveUp(): void {
    next?.stop();
    const given = round;
    round = null;
    given?.abort();
  }

  void run();
  return {
    again: () => {
      giveUp();
      void run();
    },
    stop: giveUp,
  };
}
