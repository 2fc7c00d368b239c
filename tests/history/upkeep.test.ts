import { expect, it, vi } from 'vitest';
import type { HistoryStore } from '../../src/history/port.ts';
import type { Horizons } from '../../src/history/rollups.ts';
import { HistoryUpkeep } from '../../src/history/upkeep.ts';
import type { WriterProgress } from '../../src/history/writer.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 5, 1);
const KEEP_ALL = { retention: {}, sealAfter: 7 * DAY };

/** A store that only tells what it is asked for; each kind of work has so many pieces. */
class Asked {
  readonly said: string[] = [];
  horizons: Horizons | null = null;
  pieces = 0;
  months = 0;
  /** How long a piece takes, and what goes wrong with it. */
  piece: () => void | Promise<void> = () => {};

  readonly store = {
    rollUp: async (until: number) => {
      this.said.push(`rollUp ${(until - NOW) / MINUTE}`);
      await this.piece();
      return this.pieces-- > 0;
    },
    drop: async (horizons: Horizons) => {
      this.said.push('drop');
      this.horizons = horizons;
    },
    seal: async (closed: number) => {
      this.said.push(`seal ${(closed - NOW) / DAY}`);
      return this.months-- > 0;
    },
  } as unknown as HistoryStore;
}

type Parts = { progress?: Partial<WriterProgress>; settings?: typeof KEEP_ALL & { retention: object } };

function upkeep(asked: Asked, { progress = {}, settings = KEEP_ALL }: Parts = {}) {
  const clocks = { clock: new TrialClock(NOW), realClock: new TrialClock(0) };
  const writer = { progress: () => ({ state: 'up', waitingSince: null, ...progress }) as WriterProgress };
  return { ...clocks, upkeep: new HistoryUpkeep(asked.store, writer, clocks, settings, silentLogger) };
}

it('rolls up what ended ten minutes ago, lets go, and seals, each until nothing is left', async () => {
  const asked = new Asked();
  asked.pieces = 2;
  asked.months = 1;
  const { upkeep: keeping, realClock } = upkeep(asked);
  realClock.run(1);
  await keeping.run();
  realClock.stop();
  expect(asked.said).toEqual(['rollUp -10', 'rollUp -10', 'rollUp -10', 'drop', 'seal -7', 'seal -7']);
});

it('goes no further than the writer has come', async () => {
  const asked = new Asked();
  const retention = { raw: 31 * DAY, fiveMinutes: 90 * DAY, day: 900 * DAY };
  const waitingSince = NOW - 3 * DAY;
  await upkeep(asked, { progress: { waitingSince }, settings: { ...KEEP_ALL, retention } }).upkeep.run();
  expect(asked.said).toEqual([`rollUp ${-3 * 24 * 60 - 10}`, 'drop', 'seal -10']);
  expect(asked.horizons).toEqual({
    raw: waitingSince - 31 * DAY,
    '5m': waitingSince - 90 * DAY,
    '1d': waitingSince - 900 * DAY,
  });
});

it('leaves a store alone that is down', async () => {
  const asked = new Asked();
  await upkeep(asked, { progress: { state: 'down' } }).upkeep.run();
  expect(asked.said).toEqual([]);
});

it('rests after a piece as long as the piece took, so that the writer has its turns', async () => {
  const asked = new Asked();
  asked.pieces = 1;
  const { upkeep: keeping, realClock } = upkeep(asked);
  asked.piece = () => realClock.advance(400);
  const run = keeping.run();
  await vi.waitFor(() => expect(asked.said).toEqual(['rollUp -10']));
  await new Promise(setImmediate);
  realClock.advance(399);
  await new Promise(setImmediate);
  expect(asked.said).toHaveLength(1);
  realClock.advance(1);
  await run;
  expect(asked.said).toHaveLength(4);
});

it('lets go and seals after a minute of rolling up, however much is left of that, as after an import of years', async () => {
  const asked = new Asked();
  asked.pieces = 1_000_000;
  const { upkeep: keeping, realClock } = upkeep(asked);
  asked.piece = () => realClock.advance(30_000);
  for (const done of [0, 3]) {
    const run = keeping.run();
    await vi.waitFor(() => expect(asked.said).toHaveLength(done + 1));
    await new Promise(setImmediate);
    realClock.advance(30_000);
    await run;
    expect(asked.said.slice(done)).toEqual(['rollUp -10', 'drop', 'seal -7']);
  }
});

it('does not begin anew while it is at it', async () => {
  const asked = new Asked();
  const { upkeep: keeping } = upkeep(asked);
  await Promise.all([keeping.run(), keeping.run()]);
  expect(asked.said).toHaveLength(3);
});

it('tries again after what went wrong, and a stop waits for the piece under way only', async () => {
  const asked = new Asked();
  asked.piece = () => {
    throw new Error('no disk');
  };
  const { upkeep: keeping } = upkeep(asked);
  await keeping.run();
  expect(asked.said).toEqual(['rollUp -10']);
  asked.piece = () => {};
  asked.pieces = 1_000_000;
  const run = keeping.run();
  await keeping.stop();
  await run;
  expect(asked.said.length).toBeLessThan(10);
  expect(asked.said).not.toContain('drop');
});

it('a stop leaves a piece that hangs to the closing of the store', async () => {
  const asked = new Asked();
  let end = () => {};
  asked.piece = () => new Promise<void>((resolve) => (end = resolve));
  asked.pieces = 1;
  const { upkeep: keeping, realClock } = upkeep(asked);
  const run = keeping.run();
  let isStopped = false;
  const stopping = keeping.stop().then(() => {
    isStopped = true;
  });
  realClock.advance(1_999);
  await new Promise(setImmediate);
  expect(isStopped).toBe(false);
  realClock.advance(1);
  await stopping;
  end();
  await run;
  expect(asked.said).toEqual(['rollUp -10']);
});

it('wakes each minute once it is started', async () => {
  vi.useFakeTimers({ now: Date.parse('2026-03-01T10:00:30Z') });
  try {
    const asked = new Asked();
    const { upkeep: keeping } = upkeep(asked);
    keeping.start();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(asked.said).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked.said).toContain('drop');
    await keeping.stop();
    asked.said.length = 0;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked.said).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});
