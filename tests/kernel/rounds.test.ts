import { describe, expect, it } from 'vitest';
import { TrialClock } from '../../src/kernel/clock.ts';
import type { Logger } from '../../src/kernel/logger.ts';
import { Rounds } from '../../src/kernel/rounds.ts';

/** Rounds that a test lets end, and what they said. */
function set() {
  const clock = new TrialClock(0);
  const said: string[] = [];
  const say = (level: string) => (_fields: object, text: string) => void said.push(`${level} ${text}`);
  const log = { info: say('info'), warn: say('warn') } as unknown as Logger;
  const under: { end: () => void; fail: (error: Error) => void }[] = [];
  const round = () =>
    new Promise<void>((resolve, reject) => {
      under.push({ end: resolve, fail: reject });
    });
  const words = { fails: 'it waits', works: 'it goes on' };
  const rounds = new Rounds({ name: 'work', words, round }, clock, log);
  return { clock, said, under, rounds };
}

describe('rounds', () => {
  it('are done every five seconds, one at a time', async () => {
    const { clock, under, rounds } = set();
    rounds.start();
    clock.advance(4_999);
    expect(under).toHaveLength(0);
    clock.advance(1);
    clock.advance(20_000);
    expect(under).toHaveLength(1);
    const same = rounds.run();
    under[0]?.end();
    await same;
    clock.advance(5_000);
    expect(under).toHaveLength(2);
  });

  it('that fail are told once, and again when they work', async () => {
    const { said, under, rounds } = set();
    for (const fails of [false, true, true, false, false]) {
      const running = rounds.run();
      const last = under.at(-1);
      if (fails) last?.fail(new Error('down'));
      else last?.end();
      await running;
    }
    expect(said).toEqual(['warn it waits', 'info it goes on']);
  });

  it('are free unless somebody holds them, however many do', () => {
    const { rounds } = set();
    const [first, second] = [rounds.hold(), rounds.hold()];
    first();
    expect(rounds.isFree).toBe(false);
    second();
    expect(rounds.isFree).toBe(true);
  });

  it('stop when the one under way is through, or after two seconds; what fails then is not told', async () => {
    const { clock, said, under, rounds } = set();
    const running = rounds.run();
    let isStopped = false;
    const stopping = rounds.stop().then(() => {
      isStopped = true;
    });
    expect([rounds.isFree, rounds.stopped]).toEqual([false, true]);
    clock.advance(1_999);
    await new Promise(setImmediate);
    expect(isStopped).toBe(false);
    clock.advance(1);
    await stopping;
    under[0]?.fail(new Error('too late'));
    await running;
    expect(said).toEqual([]);
  });
});
