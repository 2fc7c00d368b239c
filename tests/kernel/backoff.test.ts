import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/kernel/backoff.ts';

describe('Backoff', () => {
  it('doubles its waits up to a most, and begins again after a success', () => {
    const backoff = new Backoff(100, 500, () => 0.999_999);
    const next = () => Math.round(backoff.next());
    expect([next(), next(), next(), next(), next()]).toEqual([100, 200, 400, 500, 500]);
    backoff.reset();
    expect(next()).toBe(100);
  });

  it('leaves half of each wait to chance', () => {
    expect(new Backoff(100, 500, () => 0).next()).toBe(50);
  });
});
