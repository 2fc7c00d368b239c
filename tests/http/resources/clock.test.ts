import { expect, it } from 'vitest';
import { TrialClock } from '../../../src/kernel/clock.ts';
import { asking } from '../support/asking.ts';
import { MemoryTown, NOW } from '../support/town.ts';

it('a trial clock that stands says so', async () => {
  const { status, json } = await asking(new MemoryTown())('GET', '/api/v1/clock');
  expect(status).toBe(200);
  expect(json).toEqual({ now: '2026-11-23T12:31:05.000Z', trial: true, speed: 0, timeZone: 'Asia/Shanghai' });
});

it('a trial clock that runs tells its own time, and how fast it goes', async () => {
  const town = new MemoryTown();
  const clock = new TrialClock(NOW, town.realClock);
  clock.run(10);
  town.clock = { clock, trial: clock };
  town.realClock.advance(6_000);
  const { json } = await asking(town)('GET', '/api/v1/clock');
  expect(json).toMatchObject({ now: '2026-11-23T12:32:05.000Z', trial: true, speed: 10 });
});

it('the real clock is no trial, and its speed is 1', async () => {
  const town = new MemoryTown();
  town.clock = { clock: town.trial, trial: null };
  const { json } = await asking(town)('GET', '/api/v1/clock');
  expect(json).toMatchObject({ now: '2026-11-23T12:31:05.000Z', trial: false, speed: 1 });
});
