import { expect, it } from 'vitest';
import { wallApart } from '../../src/decode/time.ts';

const HOUR = 3_600_000;

it('a wall clock is told only where it is more than an hour from the town', () => {
  const arrival = 10 * HOUR;
  expect([HOUR, -HOUR, 0].map((apart) => wallApart(arrival, arrival + apart))).toEqual([null, null, null]);
  expect(wallApart(arrival, arrival + HOUR + 1)).toBe(11 * HOUR + 1);
  expect(wallApart(arrival, arrival - HOUR - 1)).toBe(9 * HOUR - 1);
});
