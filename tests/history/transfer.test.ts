import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import type { HistoryBatch, HistoryRow, HistoryStore } from '../../src/history/port.ts';
import { HistorySettings } from '../../src/history/settings.ts';
import { historyStoreOf, transferTargetOf } from '../../src/history/stores.ts';
import { type TransferTarget, transfer, unfinishedTransfer } from '../../src/history/transfer.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { noPoint } from '../../src/kernel/points.ts';
import type { Store } from '../../src/kernel/store.ts';
import { Kind, type Kinds } from '../../src/model/kind.ts';
import type { SeriesPoint } from '../../src/model/series.ts';
import { SMALL_KINDS, SMALL_TOWN } from '../support/kinds.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';

const MEMORY = '64MiB';
const name = { zh: '名', en: 'name' };
/** Kinds as they once were: one is gone since, and so is a field. */
const OLD_KINDS: Kinds = new Map([
  ...SMALL_KINDS,
  [
    'rain-gauge',
    Kind.parse({ id: 'rain-gauge', name, reportInterval: 60, fields: { rain: { type: 'number', name } } }),
  ],
  [
    'water-pressure',
    {
      ...(SMALL_KINDS.get('water-pressure') as Kind),
      fields: { ...SMALL_KINDS.get('water-pressure')?.fields, tilt: { type: 'number' as const, unit: '°', name } },
    },
  ],
]);

function row(kind: string, device: string, ts: number, values: HistoryRow['values']): HistoryRow {
  return {
    ...{
      kind,
      device,
      ts,
      receivedAt: ts + 1,
      deviceTs: ts % 3 === 0 ? 7 : null,
      seq: ts % 5,
      area: 'village',
      road: null,
    },
    ...{ organisation: 'water-company', flags: ts % 3 === 0 ? ['clock'] : [], values },
  };
}

/** Three pages and a half of a kind, some of another, and of one that is gone. */
const ROWS: HistoryRow[] = [
  ...Array.from({ length: 1_750 }, (_, index) =>
    row('water-pressure', `WP-${index % 9}`, Math.floor(index / 9) * 10, { pressure: index / 1_000, tilt: 1 }),
  ),
  row('rain-gauge', 'RG-1', 5, { rain: 3 }),
  row('lighting-controller', 'LC-1', 5, { lampsLit: 3 }),
];
const COUNTS = { 'water-pressure': { stored: ROWS.length + 3, merged: 5, duplicate: 9, rejected: 1 } };
const EVENTS = Array.from({ length: 7 }, (_, index) => ({
  ...{ at: Math.floor(index / 3), what: 'device', by: 'li', detail: `{"n":${index}}` },
}));
const POINTS: SeriesPoint[] = Array.from({ length: 5 }, (_, index) => ({
  ...{ series: 'pressure_compliance', tags: { group: 'zone', id: 'Z-1' }, ts: index * 3_600_000 },
  fields: { valid: index, inBounds: 1, expected: 2, low: 0.5, high: null, rate: 1, coverage: 1, revision: index },
}));

async function filled(path: string): Promise<string> {
  const store = new DuckDbHistory(path, OLD_KINDS, MEMORY);
  await store.open();
  const batch: HistoryBatch = { cursor: 321, counts: COUNTS, inserts: ROWS, replacements: [], events: EVENTS };
  await store.commit(batch);
  await store.keep(POINTS);
  await store.close();
  return path;
}

/** Everything that a history holds. */
async function allOf(store: HistoryStore) {
  const state = await store.open();
  const rows: HistoryRow[] = [];
  for (const kind of [...store.kept().keys()].sort()) {
    for (let after: HistoryRow | undefined; ; ) {
      const query = { kind, from: -1e12, to: 1e15, limit: 1_000 };
      const page = await store.rows(after === undefined ? query : { ...query, after });
      rows.push(...page);
      after = page.at(-1);
      if (after === undefined || page.length < 1_000) break;
    }
  }
  const events = await store.events({ at: 0, count: 0 }, 1_000);
  const points = await store.series({ series: 'pressure_compliance', from: 0, to: 1e15, limit: 1_000 });
  await store.close();
  return { state, rows, events, points };
}

/** A target that ends everything, as a kill does, at the `at`th of its calls, before or after it was done. */
function killed(target: TransferTarget, at: number, when: 'before' | 'after'): TransferTarget {
  let calls = 0;
  const once = async <T>(run: () => Promise<T>): Promise<T> => {
    const isNow = calls++ === at;
    if (isNow && when === 'before') throw new Error('killed');
    const result = await run();
    if (isNow) throw new Error('killed');
    return result;
  };
  const { store } = target;
  const wrapped = Object.create(store) as HistoryStore;
  return {
    store: Object.assign(wrapped, {
      name: store.name,
      open: () => once(() => store.open()),
      close: () => store.close(),
      commit: (batch: HistoryBatch) => once(() => store.commit(batch)),
      keep: (points: readonly SeriesPoint[]) => once(() => store.keep(points)),
      rowsAt: store.rowsAt.bind(store),
      eventsEnd: store.eventsEnd.bind(store),
      count: store.count.bind(store),
      countBeside: store.countBeside.bind(store),
    }),
    begin: () => once(() => target.begin()),
    finish: () => once(() => target.finish()),
  };
}

const DUCKDB = HistorySettings.parse({ memory: MEMORY });

/** A town whose history lies elsewhere, and a way to copy it into its own. */
async function town() {
  const [dataDir, store] = [temporaryFolder(), await temporaryStore()];
  const source = await filled(join(temporaryFolder(), 'elsewhere.duckdb'));
  const parts = { dataDir, town: SMALL_TOWN, store, realClock: systemClock, point: noPoint };
  const copy = (more: { since?: number; change?: (target: TransferTarget) => TransferTarget; source?: string } = {}) =>
    transfer({
      source: Object.assign(new DuckDbHistory(more.source ?? source, SMALL_KINDS, MEMORY), { name: 'elsewhere' }),
      ...{ kinds: SMALL_KINDS, since: more.since ?? -1e12, store, page: 500 },
      targetOf: (kinds) => (more.change ?? ((same) => same))(transferTargetOf(DUCKDB, { ...parts, kinds })),
    });
  const arrived = () => historyStoreOf(DUCKDB, { ...parts, kinds: SMALL_KINDS });
  return { store: store as Store, dataDir, source, copy, arrived };
}

describe('a copied history', () => {
  it('is the same in all that it holds: rows, events, series, cursor, counts and newest', async () => {
    const { source, copy, arrived, store } = await town();
    const outcome = await copy();
    expect(outcome).toEqual({
      finished: true,
      kinds: [
        { kind: 'water-pressure', source: 1_750, target: 1_750 },
        { kind: 'lighting-controller', source: 1, target: 1 },
        { kind: 'rain-gauge', source: 1, target: 1 },
      ],
      beside: [
        { what: 'events', source: 7, target: 7 },
        { what: 'lighting_rate', source: 0, target: 0 },
        { what: 'pressure_compliance', source: 5, target: 5 },
        { what: 'ledger', source: 0, target: 0 },
        { what: 'alerts', source: 0, target: 0 },
      ],
      events: 7,
      points: 5,
    });
    const [before, after] = [await allOf(new DuckDbHistory(source, SMALL_KINDS, MEMORY)), await allOf(arrived())];
    expect(before.rows).toHaveLength(ROWS.length);
    expect(after).toEqual(before);
    expect(after.state).toMatchObject({ cursor: 321, counts: COUNTS });
    expect(after.events).toEqual(EVENTS);
    expect(after.points).toEqual(POINTS);
    expect(unfinishedTransfer(store)).toBe(null);
  });

  it('comes to the same after kills at any moment', { timeout: 120_000 }, async () => {
    const { source, copy, arrived, store } = await town();
    let kills = 0;
    for (let at = 0; ; at++) {
      // Each round goes one step further than the one before did, and is killed there twice.
      const before = await copy({
        change: (target) => killed(target, at % 4, at % 2 === 0 ? 'after' : 'before'),
      }).catch((error: Error) => error);
      if (!(before instanceof Error)) break;
      expect(before.message).toBe('killed');
      kills++;
      if (unfinishedTransfer(store) !== null) expect(arrived).toThrow('half a copy');
      if (kills > 60) throw new Error('it does not come to an end');
    }
    expect(kills).toBeGreaterThan(4);
    expect(await allOf(arrived())).toEqual(await allOf(new DuckDbHistory(source, SMALL_KINDS, MEMORY)));
  });

  it.each([
    [0, 'before'],
    [0, 'after'],
    [1, 'after'],
    [2, 'before'],
    [2, 'after'],
    [3, 'after'],
    [4, 'before'],
    [5, 'after'],
    [8, 'after'],
    [9, 'before'],
    [10, 'after'],
    [11, 'before'],
    [11, 'after'],
  ] as const)('comes to the same after one kill at step %i, %s it was done', { timeout: 30_000 }, async (at, when) => {
    const { source, copy, arrived } = await town();
    await expect(copy({ change: (target) => killed(target, at, when) })).rejects.toThrow('killed');
    await copy();
    expect(await allOf(arrived())).toEqual(await allOf(new DuckDbHistory(source, SMALL_KINDS, MEMORY)));
  });

  it('holds what was measured since an instant, where that is all that is wanted', async () => {
    const { copy, arrived } = await town();
    const since = 1_000;
    const outcome = await copy({ since });
    expect(outcome.finished).toBe(true);
    const { rows, state } = await allOf(arrived());
    expect(rows).toHaveLength(ROWS.filter(({ ts }) => ts >= since).length);
    expect(rows[0]?.ts).toBe(since);
    expect(state.counts).toEqual(COUNTS);
  });

  it('is made anew when the source has gone on since the copy was begun', async () => {
    const { source, copy, arrived } = await town();
    await expect(copy({ change: (target) => killed(target, 4, 'after') })).rejects.toThrow('killed');
    const running = new DuckDbHistory(source, SMALL_KINDS, MEMORY);
    await running.open();
    const late = row('water-pressure', 'WP-3', 11, { pressure: 9 });
    const corrected = { ...(ROWS[0] as HistoryRow), values: { pressure: -1 } };
    await running.commit({ cursor: 400, counts: COUNTS, inserts: [late], replacements: [corrected], events: [] });
    await running.close();
    await copy();
    expect(await allOf(arrived())).toEqual(await allOf(new DuckDbHistory(source, SMALL_KINDS, MEMORY)));
  });

  it('is not taken for the history while counts differ', async () => {
    const { copy, arrived } = await town();
    const outcome = await copy({
      change: ({ store, begin, finish }) => {
        const commit = store.commit.bind(store);
        let calls = 0;
        // The third page loses a row on its way.
        store.commit = (batch) => commit(++calls === 3 ? { ...batch, inserts: batch.inserts.slice(1) } : batch);
        return { store, begin, finish };
      },
    });
    expect(outcome.finished).toBe(false);
    expect(outcome.kinds[0]).toEqual({
      ...{ kind: 'water-pressure', source: 1_750, target: 1_750 - 1 },
    });
    expect(arrived).toThrow(
      'half a copy of the one in elsewhere: finish it with townpulse history copy --from elsewhere',
    );
  });

  it.each([
    [
      'a point of a series',
      'pressure_compliance',
      (store: HistoryStore) => {
        const keep = store.keep.bind(store);
        store.keep = (points) => keep(points.slice(1));
      },
    ],
    [
      'an event',
      'events',
      (store: HistoryStore) => {
        const [commit, end] = [store.commit.bind(store), store.eventsEnd.bind(store)];
        let isLost = false;
        store.commit = (batch) => {
          const events = isLost ? batch.events : batch.events.slice(1);
          if (batch.events.length > 0) isLost = true;
          return commit({ ...batch, events });
        };
        store.eventsEnd = async () => (isLost ? { at: EVENTS.at(-1)?.at ?? 0, count: 1 } : end());
      },
    ],
  ])('nor while %s is lost on the way', async (_what, what, lose) => {
    const { copy, arrived } = await town();
    const change = ({ store, begin, finish }: TransferTarget) => {
      lose(store);
      return { store, begin, finish };
    };
    const { finished, beside } = await copy({ change });
    expect(finished).toBe(false);
    expect(beside.filter(({ source, target }) => source !== target)).toEqual([
      { what, source: expect.any(Number), target: expect.any(Number) },
    ]);
    expect(arrived).toThrow('half a copy');
  });

  it('takes the place of an older one with all that belongs to it', async () => {
    const { source, copy, arrived, dataDir } = await town();
    await filled(join(dataDir, 'history.duckdb'));
    await copy({ since: 1_000 });
    expect((await allOf(arrived())).rows[0]?.ts).toBe(1_000);
    await copy();
    expect(await allOf(arrived())).toEqual(await allOf(new DuckDbHistory(source, SMALL_KINDS, MEMORY)));
  });
});
