import { describe, expect, it } from 'vitest';
import { ToldTime } from '../../simulators/told-time.ts';
import { TrialClock } from '../../src/kernel/clock.ts';

describe('told time', () => {
  it('goes on by itself at the speed it was told', () => {
    const real = new TrialClock(0);
    const time = new ToldTime(real, { now: 1_000_000, speed: 10 });
    real.advance(250);
    expect(time.now()).toBe(1_002_500);
  });

  it('stands while it is told that it stands', () => {
    const real = new TrialClock(0);
    const time = new ToldTime(real, { now: 1_000_000, speed: 0 });
    real.advance(60_000);
    expect(time.now()).toBe(1_000_000);
  });

  it('follows wherever it is told, ahead and back', () => {
    const real = new TrialClock(0);
    const time = new ToldTime(real, { now: 1_000_000, speed: 1 });
    real.advance(5_000);
    time.tell({ now: 9_000_000, speed: 2 });
    real.advance(1_000);
    expect(time.now()).toBe(9_002_000);
    time.tell({ now: 500, speed: 1 });
    expect(time.now()).toBe(500);
  });
});
