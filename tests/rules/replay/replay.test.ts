import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AlertBook } from '../../../src/alerts/book.ts';
import { DuckDbHistory } from '../../../src/history/duckdb/store.ts';
import type { JournalRecord } from '../../../src/model/record.ts';
import { Engine } from '../../../src/rules/engine.ts';
import { type ReplaySources, replayPeriod } from '../../../src/rules/replay/replay.ts';
import { Replays } from '../../../src/rules/replay/replays.ts';
import { shownReplay } from '../../../src/rules/replay/shown.ts';
import { versionOf } from '../../../src/rules/rulebook.ts';
import { temporaryFolder, temporaryStore } from '../../support/temporary.ts';
import { local, Timeline } from '../support/timeline.ts';
import { concentrator, KINDS, pressurePoint } from '../support/town.ts';
import { keptFrom, PastHistory } from './past.ts';

/** A thread takes its time to start where others use the machine too. */
const SLOW = { timeout: 60_000 };
const RULES = `- { id: low, type: threshold, kind: water-pressure, name: { zh: 低, en: Low }, when: pressure < 0.2, for: 10m, severity: major }
`;
const BOTH = `${RULES}- { id: feeder, type: threshold, kind: lighting-controller, name: { zh: 停电, en: Outage }, when: voltage < 50, for: 60s, severity: critical }
- { id: silent, type: silence, kind: lighting-controller, name: { zh: 失联, en: Silent }, after: 3 intervals, severity: info }
- { id: point-silent, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 3 intervals, severity: info }
`;
const at = (time: string) => local(`2026-11-22T${time}`);

/** A morning: pressure is low from 08:30 to 09:00, and middling from 10:00 on. */
function morning(): readonly JournalRecord[] {
  const town = new Timeline('2026-11-22T08:00', RULES, [pressurePoint('WP-1')]);
  town.at('08:00:10').keepsReporting('WP-1', { pressure: 0.4 });
  town.at('08:30:10').keepsReporting('WP-1', { pressure: 0.1 });
  town.at('09:00:10').keepsReporting('WP-1', { pressure: 0.4 });
  town.at('10:00:10').keepsReporting('WP-1', { pressure: 0.25 });
  return town.at('11:00').records;
}

/** The alerts that a running service made of a journal. */
async function recorded(records: readonly JournalRecord[]): Promise<AlertBook> {
  const store = await temporaryStore();
  const alerts = new AlertBook(store);
  const engine = new Engine(KINDS, (transition) => void alerts.take([transition]));
  await store.transaction(() => {
    for (const record of records) engine.feed(record);
  });
  return alerts;
}

async function sources(journalFrom: number): Promise<ReplaySources> {
  const records = morning();
  return {
    journal: keptFrom(records, journalFrom),
    history: new PastHistory(records),
    alerts: await recorded(records),
  };
}
const WATCH = { progress: () => {}, signal: new AbortController().signal };
const book = (text: string) => ({ text, version: versionOf(text) });
const period = { from: at('08:00'), to: at('11:00') };

describe('a replay', () => {
  it('of what the journal has, by the rulebook of then, differs in nothing', SLOW, async () => {
    const shares: number[] = [];
    const watch = { ...WATCH, progress: (share: number) => shares.push(share) };
    const result = await replayPeriod({ ...period, rulebook: null }, await sources(0), KINDS, watch);
    expect(result).toMatchObject({ exactFrom: at('08:00'), alerts: [], total: { was: 1, would: 1 } });
    expect(result.samples).toBe(morning().filter(({ type }) => type === 'sample').length);
    expect(shares.at(-1)).toBe(1);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  });

  it('by another rulebook tells what would have been', SLOW, async () => {
    const stricter = book(RULES.replace('0.2,', '0.3,').replace('10m', '5m'));
    const { alerts, total } = await replayPeriod({ ...period, rulebook: stricter }, await sources(0), KINDS, WATCH);
    expect(total).toEqual({ was: 1, would: 2, fired: 1, missed: 0, earlier: 1, later: 0 });
    expect(alerts.map(({ difference, was, would }) => [difference, was, would])).toEqual([
      ['earlier', at('08:40:10'), at('08:35:10')],
      ['fired', null, at('10:05:10')],
    ]);
    const laxer = book(RULES.replace('0.2,', '0.05,'));
    const missed = await replayPeriod({ ...period, rulebook: laxer }, await sources(0), KINDS, WATCH);
    expect(missed.total).toEqual({ was: 1, would: 0, fired: 0, missed: 1, earlier: 0, later: 0 });
  });

  it('takes from the history what the journal has no more, goes over into the journal, and says so', SLOW, async () => {
    const half = await replayPeriod({ ...period, rulebook: null }, await sources(at('08:45')), KINDS, WATCH);
    expect(half).toMatchObject({ exactFrom: at('08:45'), alerts: [], total: { was: 1, would: 1 } });
    // Each sample once, whichever of the two it came from.
    expect(half.samples).toBe(morning().filter(({ type }) => type === 'sample').length);
    const gone = await replayPeriod(
      { ...period, rulebook: null },
      await sources(Number.POSITIVE_INFINITY),
      KINDS,
      WATCH,
    );
    expect(gone).toMatchObject({ exactFrom: null, alerts: [], total: { was: 1, would: 1 } });
    expect(gone.samples).toBe(morning().filter(({ type }) => type === 'sample').length);
  });

  it(
    'is the same by files that the store writes for the thread, whatever the kinds, and leaves none behind',
    SLOW,
    async () => {
      const town = new Timeline('2026-11-22T16:00', BOTH, [pressurePoint('WP-1'), concentrator('LC-1')]);
      town
        .at('16:00:10')
        .keepsReporting('WP-1', { pressure: 0.4 })
        .keepsReporting('LC-1', { lampsLit: 0, voltage: 230 });
      town
        .at('18:30:10')
        .keepsReporting('WP-1', { pressure: 0.1 })
        .keepsReporting('LC-1', { lampsLit: 10, voltage: 0 });
      const { records } = town.at('22:00');
      const past = new PastHistory(records);
      const all = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10_000 };
      const rows = [
        ...(await past.rows({ kind: 'water-pressure', ...all })),
        ...(await past.rows({ kind: 'lighting-controller', ...all })),
      ];
      const store = new DuckDbHistory(join(temporaryFolder(), 'history.duckdb'), KINDS, '64MiB');
      await store.open();
      const where = { seq: null, flags: [], area: null, road: null, organisation: null };
      const inserts = rows.map((row) => ({ ...where, ...row }));
      const events = (await past.events({ at: 0, count: 0 }, 100)).map((event) => ({ ...event }));
      await store.commit({ cursor: 2, counts: {}, inserts, replacements: [], events });
      const folder = temporaryFolder();
      vi.stubEnv('TMPDIR', folder);
      onTestFinished(() => void vi.unstubAllEnvs());
      const request = { from: at('16:00'), to: at('22:00'), rulebook: null };
      const none = { journal: keptFrom(records, Number.POSITIVE_INFINITY), alerts: { fired: () => [] } };
      const byPages = await replayPeriod(request, { ...none, history: past }, KINDS, WATCH);
      const byFiles = await replayPeriod(request, { ...none, history: store }, KINDS, WATCH);
      await store.close();
      // Were the kinds fed one after the other, one of them would be silent meanwhile.
      expect(Object.keys(byPages.byRule).sort()).toEqual(['feeder', 'low']);
      expect(byFiles).toEqual(byPages);
      expect(byFiles.samples).toBe(rows.length);
      // What compiles the thread's sources keeps some as well.
      expect(readdirSync(folder).filter((name) => name.startsWith('townpulse'))).toEqual([]);
    },
  );

  it('ends when it is called off, and with the reason when what it reads from fails', SLOW, async () => {
    const abort = new AbortController();
    const from = await sources(Number.POSITIVE_INFINITY);
    const history = {
      ...from.history,
      events: from.history.events.bind(from.history),
      rows: async () => abort.abort(new Error('enough')) as never,
    };
    const running = replayPeriod({ ...period, rulebook: null }, { ...from, history }, KINDS, {
      ...WATCH,
      signal: abort.signal,
    });
    await expect(running).rejects.toThrow();
    const down = { ...history, rows: () => Promise.reject(new Error('the history is down')) };
    await expect(replayPeriod({ ...period, rulebook: null }, { ...from, history: down }, KINDS, WATCH)).rejects.toThrow(
      'the history is down',
    );
  });
});

describe('the replays of a service', () => {
  const request = { ...period, rulebook: null };
  const settled = async (replays: Replays, id: string) => {
    while (replays.find(id)?.state === 'running') await new Promise(setImmediate);
    return replays.find(id);
  };

  it('are jobs, one at a time: running, done, failed, or called off', async () => {
    let finish: (result: never) => void = () => {};
    const replays = new Replays(
      (_request, { progress, signal }) =>
        new Promise((resolve, reject) => {
          progress(0.5);
          finish = resolve;
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const first = replays.start(request);
    expect(() => replays.start(request)).toThrow(expect.objectContaining({ code: 'conflict' }));
    await new Promise(setImmediate);
    expect(shownReplay(first)).toMatchObject({ state: 'running', progress: 0.5, result: null, rulebook: null });
    finish({} as never);
    expect(await settled(replays, first.id)).toMatchObject({ state: 'done', progress: 1, error: null });
    const second = replays.start(request);
    await new Promise(setImmediate);
    expect(await replays.cancel(second.id)).toMatchObject({ state: 'cancelled', error: 'called off' });
    expect(await replays.cancel('nothing')).toBeUndefined();
    const failing = new Replays(() => {
      throw new Error('no disk');
    });
    const third = failing.start(request);
    expect(await settled(failing, third.id)).toMatchObject({ state: 'failed', error: 'no disk' });
    expect(failing.start(request).state).toBe('running');
  });

  it('are remembered, the newest twenty', async () => {
    const replays = new Replays(() => Promise.reject(new Error('no')));
    const ids: string[] = [];
    for (let count = 0; count < 22; count++) {
      const { id } = replays.start(request);
      ids.push(id);
      await settled(replays, id);
    }
    expect(ids.map((id) => replays.find(id) !== undefined)).toEqual([false, false, ...new Array(20).fill(true)]);
  });
});
