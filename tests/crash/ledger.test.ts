import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { encodeBlock, readBlock, readHeader } from '../../src/journal/block.ts';
import { Journal } from '../../src/journal/journal.ts';
import { JournalSettings } from '../../src/journal/settings.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import type { Store } from '../../src/kernel/store.ts';
import type { NewRecord, Offset } from '../../src/model/record.ts';
import { Dice } from './dice.ts';
import { withStore } from './remains.ts';
import { CrashTown } from './town.ts';

/** A town that was killed with samples in its journal that the history does not have, and how many those are. */
async function townWithPending(): Promise<{ town: CrashTown; pending: number; cursor: Offset }> {
  const town = new CrashTown(new Dice(2), null);
  await town.start({ killAt: 'history.commit.before' });
  await town.register();
  await town.publishWhile(async () => {
    await sleep(1_000);
    town.service.arm();
    expect(await town.service.ended()).toBe('SIGKILL');
  });
  const cursor = await historyCursor(town.dataDir);
  const pending = await withStore(town.dataDir, async (store) => {
    const journal = new Journal(store, systemClock, JournalSettings.parse({}), []);
    return Object.values(journal.countSamples(cursor)).reduce((sum, count) => sum + count, 0);
  });
  return { town, pending, cursor };
}

async function historyCursor(dataDir: string): Promise<Offset> {
  const instance = await DuckDBInstance.create(join(dataDir, 'history.duckdb'), { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const [row] = (await connection.runAndReadAll('SELECT cursor FROM progress')).getRowsJS();
  connection.closeSync();
  instance.closeSync();
  return Number(row?.[0]);
}

/** Takes one sample out of the newest append that has several, as no part of the service ever would; gives its offset. */
async function removeOneSample(store: Store): Promise<Offset> {
  const blocks = store.bytes<Offset>('journal');
  for (const { key, value } of blocks.entries({ reverse: true })) {
    const records = readBlock(value, key);
    const sample = records.findIndex(({ type }) => type === 'sample');
    if (sample < 0 || records.length < 2) continue;
    const { at, before } = readHeader(value);
    const rest: NewRecord[] = records.toSpliced(sample, 1).map(({ offset: _offset, at: _at, ...record }) => record);
    await store.transaction(() => blocks.put(key, encodeBlock(at, before, rest)));
    return key + sample;
  }
  throw new Error('no append with several samples');
}

test('the ledger balances after a crash that left samples pending', async () => {
  const { town, pending } = await townWithPending();
  expect(pending).toBeGreaterThan(100);
  await town.start();
  expect((await town.service.ledger()).balanced, 'just started').toBe(true);
  await town.service.drained();
  expect(await town.service.ledger()).toMatchObject({ balanced: true, pending: 0 });
});

test('the ledger does not balance once a pending sample was removed behind its back', async () => {
  const { town, cursor } = await townWithPending();
  expect(await withStore(town.dataDir, removeOneSample)).toBeGreaterThanOrEqual(cursor);
  await town.start();
  expect((await town.service.ledger()).balanced, 'just started').toBe(false);
  await town.service.drained();
  const ledger = await town.service.ledger();
  expect(ledger.balanced).toBe(false);
  expect(ledger.received - ledger.stored - ledger.duplicate - ledger.rejected - ledger.pending).toBe(1);
});
