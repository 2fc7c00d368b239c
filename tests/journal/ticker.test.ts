import { expect, it } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { TICK, Ticker, type TickSources } from '../../src/journal/ticker.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { temporaryStore } from '../support/temporary.ts';

const WELL = { historyLag: 0, backlog: 0, journalFull: 0, diskHeadroom: 9, lettersPurged: 0 };

/** What the journal holds after the tick of the start and so many more. */
async function ticks(state: TickSources['state'], more: number) {
  const clock = new TrialClock(1_000);
  const journal = new Journal(await temporaryStore(), clock, { maxBytes: 1e9, keep: 1e9, keepBytes: 1e9 }, []);
  const ticker = new Ticker(journal, clock, silentLogger, { paused: () => false, state });
  await ticker.start();
  for (let tick = 1; tick <= more; tick++) {
    clock.advance(TICK);
    await journal.arrived(0, tick + 1, new AbortController().signal);
  }
  await ticker.stop();
  return journal.read(0, 1, 100).map(({ offset: _offset, ...record }) => record);
}

it('a tick tells how the service does at that moment, where it is to be told', async () => {
  let lag = 0;
  const found = await ticks(() => (++lag === 2 ? null : { ...WELL, historyLag: lag }), 2);
  expect(found).toEqual([
    { type: 'tick', at: 1_000, away: 0, service: { ...WELL, historyLag: 1 } },
    { type: 'tick', at: 6_000, away: 0 },
    { type: 'tick', at: 11_000, away: 0, service: { ...WELL, historyLag: 3 } },
  ]);
});
