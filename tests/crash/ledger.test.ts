import { expect, test } from 'vitest';
import { encodeBlock, readBlock, readHeader } from '../../src/journal/block.ts';
import type { Store } from '../../src/kernel/store.ts';
import type { NewRecord, Offset } from '../../src/model/record.ts';
import { Dice } from './dice.ts';
import { withStore } from './remains.ts';
import { CrashTown } from './town.ts';

/** A town that was killed with samples in its journal that the history does not have. */
async function townWithPending(): Promise<CrashTown> {
  const town = new CrashTown(new Dice(2));
  await town.register();
  await town.start('history.commit.before:5');
  await town.publisher.connect();
  town.publisher.run();
  expect(await town.service.ended()).toBe('SIGKILL');
  town.publisher.pause();
  return town;
}

/** Takes one sample out of the newest append that has several, as no part of the service ever would. */
async function removeOneSample(store: Store): Promise<void> {
  const blocks = store.bytes<Offset>('journal');
  for (const { key, value } of blocks.entries({ reverse: true })) {
    const records = readBlock(value, key);
    const sample = records.findIndex(({ type }) => type === 'sample');
    if (sample < 0 || records.length < 2) continue;
    const { at, before } = readHeader(value);
    const rest: NewRecord[] = records.toSpliced(sample, 1).map(({ offset: _offset, at: _at, ...record }) => record);
    await store.transaction(() => blocks.put(key, encodeBlock(at, before, rest)));
    return;
  }
  throw new Error('no append with several samples');
}

test('the ledger balances after a crash that left samples pending', async () => {
  const town = await townWithPending();
  await town.start();
  await town.service.drained();
  expect((await town.service.ledger()).balanced).toBe(true);
});

test('the ledger does not balance once a pending sample was removed behind its back', async () => {
  const town = await townWithPending();
  await withStore(town.dataDir, removeOneSample);
  await town.start();
  await town.service.drained();
  const ledger = await town.service.ledger();
  expect(ledger.balanced).toBe(false);
  expect(ledger.received - ledger.stored - ledger.duplicate - ledger.rejected - ledger.pending).toBe(1);
});
