/** Run by doubt.test.ts as a process of its own: writes the samples of the crash test to the InfluxDB it is given. */
import { InfluxHistory } from '../../../src/history/influx/store.ts';
import { HistoryWriter } from '../../../src/history/writer.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import { openStore } from '../../../src/kernel/store.ts';
import { crashSamples } from '../../support/crash-samples.ts';
import { ListJournal } from '../../support/journal.ts';
import { SMALL_KINDS } from '../../support/kinds.ts';

const [, , folder = '', address = ''] = process.argv;
const journal = new ListJournal();
for (const sample of crashSamples()) journal.samples(1, sample);
const store = await openStore(folder);
const writer = new HistoryWriter(
  new InfluxHistory(JSON.parse(address), store, SMALL_KINDS, systemClock),
  journal,
  // Where a device is depends on the moment: what is written again keeps its place all the same.
  { at: () => ({ area: `area-${process.pid}`, road: null, organisation: 'water-company' }) },
  { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) },
  systemClock,
  createLogger('warn'),
);
await writer.start();
await writer.stop(60_000);
await store.close();
