import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { everyMinute } from '../../src/kernel/minutes.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-03-01T10:00:30Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

it('wakes at the beginning of each minute, until it is stopped', async () => {
  const woken: string[] = [];
  const minutes = everyMinute('a test', () => woken.push(new Date().toISOString().slice(11, 19)));
  await vi.advanceTimersByTimeAsync(29_000);
  expect(woken).toEqual([]);
  await vi.advanceTimersByTimeAsync(121_000);
  expect(woken).toEqual(['10:01:00', '10:02:00', '10:03:00']);
  minutes.stop();
  minutes.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(woken).toHaveLength(3);
});
