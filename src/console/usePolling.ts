import { useCallback, useEffect, useRef, useState } from 'react';
import { systemClock } from '../kernel/clock.ts';
import { type Poll, poll } from './poll.ts';

const USUAL_MS = 2_000;
const PATIENCE_MS = 6_000;

/** The newest value that could be read, since when (ms of this machine), and why the last try failed if it did. */
export interface Polled<T> {
  value: T | null;
  at: number | null;
  error: Error | null;
  /** Reads again at once. */
  refresh: () => void;
}

type Kept<T> = Omit<Polled<T>, 'refresh'>;

/** Reads every `everyMs` while the component stands. A failed try keeps the last value and tells the error beside it. */
export function usePolling<T>(read: (signal: AbortSignal) => Promise<T>, everyMs = USUAL_MS): Polled<T> {
  const [kept, setKept] = useState<Kept<T>>({ value: null, at: null, error: null });
  const running = useRef<Poll>(null);

  useEffect(() => {
    const started = poll(systemClock, { every: everyMs, retry: USUAL_MS, patience: PATIENCE_MS }, read, (outcome) => {
      setKept((before) =>
        'value' in outcome
          ? { value: outcome.value, at: systemClock.now(), error: null }
          : { ...before, error: asError(outcome.error) },
      );
    });
    running.current = started;
    return () => started.stop();
  }, [read, everyMs]);

  const refresh = useCallback(() => running.current?.again(), []);
  return { ...kept, refresh };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
