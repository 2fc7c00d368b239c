import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { InfluxHistory } from '../../../src/history/influx/store.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { SMALL_KINDS } from '../../support/kinds.ts';
import { temporaryFolder, temporaryStore } from '../../support/temporary.ts';

it('what lies on a server is not copied: it tells where it stands, also while the server is down', async () => {
  const store = await temporaryStore();
  const counts = { 'water-pressure': { stored: 3, merged: 1, duplicate: 2, rejected: 0 } };
  const standing = { cursor: 7, counts, events: { at: 0, count: 0 } };
  await store.transaction(() => store.table<string, object>('history.influx').put('now', standing));
  const nowhere = { url: 'http://127.0.0.1:1', bucket: 'none', timeout: 1 };
  const into = temporaryFolder();
  const copy = await new InfluxHistory(nowhere, store, SMALL_KINDS, systemClock).copyTo(into);
  expect(copy).toEqual({ cursor: 7, counts, rows: null });
  expect(readdirSync(into)).toEqual([]);
});
