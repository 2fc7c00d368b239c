import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Intake } from '../../src/broker/intake.ts';
import { readBlock } from '../../src/journal/block.ts';
import type { Store } from '../../src/kernel/store.ts';
import type { JournalRecord, Offset } from '../../src/model/record.ts';
import { Dice } from './dice.ts';
import { type FoundTable, readTables, withStore } from './remains.ts';
import { CrashTown } from './town.ts';
import { FreshTown } from './transitions.ts';

/*
 * A kill leaves of LMDB what another process sees of it at that instant. So this looks at a service in full flow hundreds
 * of times: each look is as good as a kill, and meets gaps between two transactions that a few kills would miss.
 */

const LOOKS = 200;
/** Commits of the rules that they must have been spread over. */
const COMMITS = 15;
const TABLES = ['rules.place', 'rules.occurrences', 'alerts', 'alerts.order', 'alerts.running'];

/** What stands in the store at one instant. */
interface Look {
  /** What the journal got since the look before. */
  fresh: readonly JournalRecord[];
  /** Samples that the gate counted as received and kept. */
  counted: number;
  tables: Record<string, FoundTable>;
}

/** Reads without a pause, so all of it is of one LMDB snapshot. */
function look(store: Store, from: Offset): Look {
  const fresh: JournalRecord[] = [];
  for (const { key, value } of store.bytes<Offset>('journal').entries({ start: from }))
    fresh.push(...readBlock(value, key));
  const kinds = Object.values(new Intake(store, new Set()).counts().kinds);
  const counted = kinds.reduce((sum, { received, rejected }) => sum + received - rejected, 0);
  return { fresh, counted, tables: readTables(store, TABLES) };
}

test('at every instant alerts and rules are of one record of the journal, and what is counted is what is there', async () => {
  const dice = new Dice(3);
  const town = new CrashTown(dice, null);
  await town.start();
  await town.register();
  await town.publishWhile(() =>
    withStore(town.dataDir, (store) =>
      FreshTown.with(async (afresh) => {
        const ahead: JournalRecord[] = [];
        const cursors = new Set<Offset>();
        let next: Offset = 1;
        let samples = 0;
        // A table that is opened begins a new snapshot: the first look opens them all, and says nothing.
        look(store, next);
        for (let looks = 0; looks < LOOKS || cursors.size < COMMITS; looks++) {
          const { fresh, counted, tables } = look(store, next);
          next += fresh.length;
          ahead.push(...fresh);
          samples += fresh.filter(({ type }) => type === 'sample').length;
          expect(counted).toBe(samples);

          const { cursor } = Object.values(tables['rules.place'] ?? {})[0] as { cursor: Offset };
          const isJudged = ahead.findIndex(({ offset }) => offset >= cursor);
          const judged = ahead.splice(0, isJudged < 0 ? ahead.length : isJudged);
          const wanted = await afresh.judge(judged);
          expect(tables).toEqual(readTables(wanted, TABLES));
          cursors.add(cursor);
          await sleep(dice.below(30));
        }
      }),
    ),
  );
});
