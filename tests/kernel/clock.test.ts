import { describe, expect, it, vi } from 'vitest';
import { sleep, steadyClock, TrialClock } from '../../src/kernel/clock.ts';

describe('the steady clock', () => {
  it('goes on where the machine’s clock is set back', () => {
    const before = steadyClock.now();
    const now = Date.now();
    const set = vi.spyOn(Date, 'now').mockReturnValue(now - 3_600_000);
    const after = steadyClock.now();
    set.mockRestore();
    expect(after).toBeGreaterThanOrEqual(before);
    expect(after - before).toBeLessThan(60_000);
  });
});

describe('the trial clock', () => {
  it('stands until it is moved', () => {
    const clock = new TrialClock(1_000);
    expect(clock.now()).toBe(1_000);
    clock.advance(500);
    expect(clock.now()).toBe(1_500);
  });

  it('never goes back', () => {
    const clock = new TrialClock(1_000);
    clock.stepTo(400);
    expect(clock.now()).toBe(1_000);
  });

  it('lets each timer see its own moment when it advances', () => {
    const clock = new TrialClock(0);
    const seen: string[] = [];
    clock.every('five', 5, () => seen.push(`every ${clock.now()}`));
    clock.after('seven', 7, () => seen.push(`after ${clock.now()}`));
    clock.advance(12);
    expect(seen).toEqual(['every 5', 'after 7', 'every 10']);
  });

  it('fires a repeated timer once for all the periods that a step jumps over', () => {
    const clock = new TrialClock(0);
    const seen: number[] = [];
    clock.every('five', 5, () => seen.push(clock.now()));
    clock.stepTo(23);
    clock.stepTo(24);
    clock.stepTo(25);
    expect(seen).toEqual([23, 25]);
  });

  it('forgets a timer that was stopped, also by another one of the same step', () => {
    const clock = new TrialClock(0);
    const seen: string[] = [];
    const second = clock.after('second', 2, () => seen.push('second'));
    clock.after('first', 1, () => second.stop());
    clock.stepTo(3);
    expect(seen).toEqual([]);
  });

  it('runs at its speed, by the machine clock it is given', () => {
    const machine = new TrialClock(50_000);
    const clock = new TrialClock(0, machine);
    const seen: number[] = [];
    clock.run(10);
    clock.after('due', 1_000, () => seen.push(clock.now()));
    machine.advance(99);
    expect([clock.now(), seen]).toEqual([990, []]);
    machine.advance(1);
    expect([clock.now(), seen]).toEqual([1_000, [1_000]]);
  });

  it('wakes a sleeper at its time, and at once when it is called off', async () => {
    const clock = new TrialClock(0);
    const slept = sleep(clock, 'nap', 10);
    clock.advance(10);
    await slept;
    const abort = new AbortController();
    const calledOff = sleep(clock, 'nap', 10, abort.signal);
    abort.abort(new Error('enough'));
    await expect(calledOff).rejects.toThrow('enough');
  });
});
