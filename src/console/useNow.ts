import { useEffect, useState } from 'react';
import { systemClock } from '../kernel/clock.ts';

/** This machine's time, ms, a second's step at a time. */
export function useNow(): number {
  const [now, setNow] = useState(() => systemClock.now());
  useEffect(() => {
    const ticking = systemClock.every('page', 1_000, () => setNow(systemClock.now()));
    return () => ticking.stop();
  }, []);
  return now;
}
