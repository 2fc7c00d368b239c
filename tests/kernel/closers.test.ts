import { describe, expect, it } from 'vitest';
import { TrialClock } from '../../src/kernel/clock.ts';
import { Closers } from '../../src/kernel/closers.ts';

describe('closers', () => {
  it('release last in, first out, once, and go on past what fails', async () => {
    const closers = new Closers();
    const closed: string[] = [];
    closers.add('first', () => void closed.push('first'));
    closers.add('broken', () => Promise.reject(new Error('stuck')));
    closers.add('last', () => void closed.push('last'));
    const clock = new TrialClock(0);
    const problems = await closers.close(clock, 1_000);
    await closers.close(clock, 1_000);
    expect(closed).toEqual(['last', 'first']);
    expect(problems.map(({ message }) => message)).toEqual(['closing broken failed']);
  });

  it('do not wait for what never closes beyond the deadline', async () => {
    const closers = new Closers();
    const clock = new TrialClock(0);
    closers.add('stuck', () => new Promise(() => {}));
    const closing = closers.close(clock, 500);
    await Promise.resolve();
    clock.advance(500);
    expect((await closing).map(({ cause }) => String(cause))).toEqual(['Error: stuck did not close in time']);
  });
});
