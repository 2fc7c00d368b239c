import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { POINTS } from '../../src/kernel/points.ts';
import { Dice } from './dice.ts';
import { killedAtCall } from './strace.ts';
import { CrashTown, makeTemplate, type Taken } from './town.ts';

/** How often the service is killed at a random instant. */
const ROUNDS = Number(process.env.TOWNPULSE_CRASH_ROUNDS ?? 20);
/** On a busy machine a round takes six times as long. */
const TIMEOUT = 120_000 + ROUNDS * 60_000;
const SEED = Number(process.env.TOWNPULSE_CRASH_SEED ?? Date.now() % 1_000_000_000);
/** What the issue asks of the load; the machine may be busy with something else for a while. */
const SAMPLES_PER_SECOND = 5_000;

let template = '';
const loads: Taken[] = [];

beforeAll(async () => {
  console.log(`the dice of this run: TOWNPULSE_CRASH_SEED=${SEED}`);
  template = await makeTemplate();
});
afterAll(() => {
  rmSync(template, { recursive: true, force: true });
  const [slowest = Number.NaN] = loads.map((taken) => rateOf([taken])).sort((a, b) => a - b);
  const [mean, least] = [rateOf(loads), slowest].map(Math.round);
  console.log(`${mean} samples/s acknowledged in the mean of ${loads.length} runs, ${least} in the slowest`);
});

/** Samples acknowledged a second. */
function rateOf(all: readonly Taken[]): number {
  const sum = (figure: (taken: Taken) => number) => all.reduce((total, taken) => total + figure(taken), 0);
  return sum(({ samples }) => samples) / sum(({ seconds }) => seconds);
}

test.each(POINTS)('a kill at %s loses and repeats nothing that was acknowledged', async (point) => {
  const dice = new Dice(SEED + POINTS.indexOf(point));
  const town = new CrashTown(dice, template);
  // aedes writes acknowledgements at the end of the turn: a kill within it cannot see one that came too soon.
  await town.start({ killAt: point, isLate: point === 'ack.after' || dice.cast() < 0.5 });
  const taken = await town.publishWhile(async () => {
    await sleep(1_500 + dice.below(500));
    town.service.arm();
    expect(await town.service.ended()).toBe('SIGKILL');
  });
  loads.push(taken);
  await town.account();
});

test(`${ROUNDS} kills at random instants, one after the other, lose and repeat nothing that was acknowledged`, {
  timeout: TIMEOUT,
}, async () => {
  const dice = new Dice(SEED + 11);
  const town = new CrashTown(dice, template);
  const taken: Taken[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    await town.start();
    const inFlow = town.publishWhile(async () => {
      await sleep(500 + dice.below(1_000));
      expect((await town.service.ledger()).balanced, 'in full flow').toBe(true);
      await sleep(dice.below(1_000));
      if (dice.cast() < 0.25) await town.service.stopOrKill(dice.below(100));
      else await town.service.kill();
    });
    taken.push(await inFlow);
    if (dice.cast() < 0.25) {
      await town.start();
      expect((await town.service.ledger()).balanced, 'just started').toBe(true);
      await town.publishWhile(async () => {
        await sleep(dice.below(300));
        await town.service.kill();
      });
    }
    await town.account();
  }
  loads.push(...taken);
  expect(rateOf(taken), 'the load that the machine bore').toBeGreaterThan(SAMPLES_PER_SECOND * 0.8);
});

// What LMDB and DuckDB make of one commit are several calls: a kill between them must leave all of it or nothing.
test.each([
  ['pwrite64', 200, 800],
  ['fdatasync', 50, 150],
  ['fsync', 3, 6],
])(
  'a kill at %s under load loses and repeats nothing that was acknowledged',
  { timeout: TIMEOUT },
  async (call, from, to) => {
    const dice = new Dice(SEED + 12);
    const town = new CrashTown(dice, template);
    for (let left = Math.ceil(ROUNDS / 7); left > 0; left--) {
      await town.start({ under: killedAtCall(call, from + dice.below(to - from)) });
      await town.publishWhile(async () => expect(await town.service.ended()).toBe('SIGKILL'));
      await town.account();
    }
  },
);

test('kills during the very first starts leave a data directory that starts', async () => {
  const dice = new Dice(SEED + 13);
  const town = new CrashTown(dice, null);
  // A first start makes the one more than 80 times on one thread, the other 28 times.
  const unborn =
    dice.cast() < 0.5 ? killedAtCall('pwrite64', 1 + dice.below(60)) : killedAtCall('fdatasync', 1 + dice.below(20));
  for (const under of [unborn, killedAtCall('fdatasync', 1), killedAtCall('fsync', 1)])
    await expect(town.start({ under })).rejects.toThrow('did not become ready');
  await town.start();
  await town.register();
  const taken = await town.publishWhile(async () => {
    await sleep(1_500);
    await town.service.kill();
  });
  loads.push(taken);
  await town.account();
});
