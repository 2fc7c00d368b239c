import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { POINTS, type PointName } from '../../src/kernel/points.ts';
import { expectAMixedJournal } from './account.ts';
import { Dice } from './dice.ts';
import { CrashTown } from './town.ts';

/** How often the service is killed at a random instant. */
const ROUNDS = Number(process.env.TOWNPULSE_CRASH_ROUNDS ?? 20);
const SEED = Number(process.env.TOWNPULSE_CRASH_SEED ?? Date.now() % 1_000_000_000);

/** Under load an append and its acknowledgements come hundreds of times a second, commits a few times. */
const PASSES: Record<PointName, [from: number, to: number]> = {
  'append.before': [100, 400],
  'append.after': [100, 400],
  'ack.before': [100, 400],
  'ack.after': [100, 400],
  'history.commit.before': [4, 9],
  'history.commit.after': [4, 9],
  'rules.commit.before': [4, 40],
  'rules.commit.after': [4, 40],
};

test.each(POINTS)('a kill at %s loses and repeats nothing that was acknowledged', async (point) => {
  const dice = new Dice(SEED);
  const town = new CrashTown(dice);
  await town.register();
  const [from, to] = PASSES[point];
  await town.start(`${point}:${from + dice.below(to - from)}`);
  await town.publisher.connect();
  town.publisher.run();
  expect(await town.service.ended()).toBe('SIGKILL');
  town.publisher.pause();
  expect(town.publisher.acknowledged, `acknowledged before the kill, seed ${SEED}`).toBeGreaterThan(100);
  await town.account();
});

test(`${ROUNDS} kills at random instants lose and repeat nothing that was acknowledged`, async () => {
  const dice = new Dice(SEED + 1);
  const town = new CrashTown(dice);
  await town.register();
  for (let round = 1; round <= ROUNDS; round++) {
    await town.start();
    await town.publisher.connect();
    const before = town.publisher.acknowledged;
    town.publisher.run();
    await sleep(500 + dice.below(2_000));
    await town.service.kill();
    town.publisher.pause();
    expect(town.publisher.acknowledged - before, `round ${round}, seed ${SEED}`).toBeGreaterThan(1_000);
    const { ledger, remains } = await town.account();
    if (round === ROUNDS) expectAMixedJournal(remains.journal, ledger);
  }
});
