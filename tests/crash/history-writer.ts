/** Run by crash.test.ts as a process of its own: writes the samples to the file that it is given, telling each commit. */
import { writeSync } from 'node:fs';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import { HistoryWriter } from '../../src/history/writer.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { crashSamples } from '../support/crash-samples.ts';
import { ListJournal } from '../support/journal.ts';
import { SMALL_KINDS } from '../support/kinds.ts';

const journal = new ListJournal();
for (const sample of crashSamples()) journal.samples(1, sample);
const writer = new HistoryWriter(
  new DuckDbHistory(String(process.argv[2]), SMALL_KINDS, '64MiB'),
  journal,
  { at: () => ({ area: 'village', road: null, organisation: 'water-company' }) },
  { rejectedByStore: () => Promise.reject(new Error('nothing here is to be rejected')) },
  systemClock,
  createLogger('warn'),
  (name) => writeSync(1, `${name}\n`),
);
await writer.start();
await writer.stop(60_000);
