import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { DuckDbHistory } from '../../../src/history/duckdb/store.ts';
import { Exporter } from '../../../src/history/export/exporter.ts';
import { type ImportOrder, importTable } from '../../../src/history/import/importer.ts';
import type { HistoryBatch, HistoryRow, HistoryStore } from '../../../src/history/port.ts';
import type { Onlooker } from '../../../src/history/writer.ts';
import type { TownError } from '../../../src/kernel/errors.ts';
import { SMALL_KINDS } from '../../support/kinds.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const KIND = 'water-pressure';
const NOW = Date.parse('2026-11-24T00:00:00Z');
const DEVICES = new Map([
  ['WP-1', KIND],
  ['WP-2', KIND],
  ['LC-1', 'lighting-controller'],
]);
const devices = {
  find: (id: string) => (DEVICES.has(id) ? { kind: DEVICES.get(id) as string } : undefined),
  at: (_id: string, ts: number) => ({
    ...{ area: ts < Date.parse('2021-01-01T00:00:00Z') ? 'old-place' : 'village', road: null },
    organisation: 'water-company',
  }),
};

class Town {
  readonly path = join(temporaryFolder(), 'history.duckdb');
  /** What the store throws at its commits, by number. */
  breakAt = Infinity;
  /** Whom the onlooker was told of, with the commits by then. */
  readonly told: { device: string; ts: number; cursor: number; commits: number }[] = [];

  async with<T>(use: (store: HistoryStore) => Promise<T>): Promise<T> {
    const store = new DuckDbHistory(this.path, SMALL_KINDS, '64MiB');
    await store.open();
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  commit(batch: Partial<HistoryBatch>): Promise<void> {
    const whole = { cursor: 9, counts: {}, inserts: [], replacements: [], events: [], ...batch };
    return this.with((store) => store.commit(whole));
  }

  import(text: string | { file: string }, more: Partial<ImportOrder> = {}) {
    const file = typeof text === 'string' ? join(temporaryFolder(), 'logger.csv') : text.file;
    if (typeof text === 'string') writeFileSync(file, text);
    const store = new DuckDbHistory(this.path, SMALL_KINDS, '64MiB');
    const commit = store.commit.bind(store);
    let commits = 0;
    store.commit = async (batch) => {
      await commit(batch);
      if (++commits === this.breakAt) throw new Error('killed');
    };
    const order = { file, columns: new Map(), offset: null, skip: null, dryRun: false, ...more };
    const onlooker: Onlooker = {
      touched: ({ inserts, replacements }, cursor) => {
        for (const { device, ts } of [...inserts, ...replacements]) this.told.push({ device, ts, cursor, commits });
      },
    };
    return importTable(order, {
      store,
      kinds: SMALL_KINDS,
      devices,
      onlookers: [onlooker],
      now: NOW,
      progress: () => {},
    });
  }

  rows(): Promise<HistoryRow[]> {
    return this.with((store) => store.rows({ kind: KIND, from: -1e15, to: 1e15, limit: 100_000 }));
  }

  async counts() {
    return this.with(async (store) => (await store.open()).counts[KIND]);
  }
}

function row(device: string, ts: string, values: HistoryRow['values']): HistoryRow {
  const at = Date.parse(ts);
  return {
    ...{
      kind: KIND,
      device,
      ts: at,
      receivedAt: at,
      deviceTs: null,
      seq: null,
      flags: [],
      area: 'village',
      road: null,
    },
    ...{ organisation: 'water-company', values },
  };
}

/** What is wrong with a file. */
async function problemsOf(text: string, more: Partial<ImportOrder> = {}): Promise<string[]> {
  const town = new Town();
  const error = await town.import(text, more).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'invalid' });
  expect(await town.rows(), 'and nothing of it is taken').toEqual([]);
  return (error as { problems: { path: string; message: string }[] }).problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('an import', () => {
  it('takes rows of any age, as of where the device was then, counted beside the ledger', async () => {
    const town = new Town();
    const outcome = await town.import(
      'device,ts,pressure,battery\nWP-1,2019-05-01T08:00:00+08:00,0.31,88\nWP-2,1735689600,0.3,\nWP-1,1735689600000,,77\n',
    );
    expect(outcome).toEqual({ kind: KIND, rows: 3, imported: 3, merged: 0, duplicate: 0, skipped: 0 });
    expect(
      (await town.rows()).map(({ device, ts, values, area, receivedAt }) => ({ device, ts, values, area, receivedAt })),
    ).toEqual([
      {
        ...{ device: 'WP-1', ts: Date.parse('2019-05-01T00:00:00Z'), values: { pressure: 0.31, battery: 88 } },
        ...{ area: 'old-place', receivedAt: NOW },
      },
      { device: 'WP-1', ts: 1_735_689_600_000, values: { battery: 77 }, area: 'village', receivedAt: NOW },
      { device: 'WP-2', ts: 1_735_689_600_000, values: { pressure: 0.3 }, area: 'village', receivedAt: NOW },
    ]);
    expect(await town.counts()).toEqual({ stored: 0, merged: 0, duplicate: 0, rejected: 0, imported: 3 });
  });

  it('holds P6 against the rows that are there, and leaves cursor and ledger alone', async () => {
    const town = new Town();
    const counts = { [KIND]: { stored: 2, merged: 0, duplicate: 5, rejected: 1 } };
    const there = [
      row('WP-1', '2026-01-01T00:00:00Z', { pressure: 0.3, battery: 50 }),
      row('WP-1', '2026-01-02T00:00:00Z', { pressure: 0.3 }),
    ];
    await town.commit({ cursor: 77, counts, inserts: there });
    const outcome = await town.import(
      'device,ts,pressure,battery\nWP-1,2026-01-01T00:00:00Z,0.3,\nWP-1,2026-01-02T00:00:00Z,0.4,60\nWP-1,2025-12-31T00:00:00Z,0.1,\n',
    );
    expect(outcome).toMatchObject({ imported: 1, merged: 1, duplicate: 1 });
    expect((await town.rows()).map(({ values, flags }) => [values, flags])).toEqual([
      [{ pressure: 0.1 }, ['late']],
      [{ pressure: 0.3, battery: 50 }, []],
      [{ pressure: 0.4, battery: 60 }, ['correction']],
    ]);
    // Before they are there: whoever makes figures of rows makes them again.
    expect(town.told).toEqual([
      { device: 'WP-1', ts: Date.parse('2025-12-31T00:00:00Z'), cursor: 77, commits: 0 },
      { device: 'WP-1', ts: Date.parse('2026-01-02T00:00:00Z'), cursor: 77, commits: 0 },
    ]);
    const state = await town.with((store) => store.open());
    expect([state.cursor, state.counts]).toEqual([77, { [KIND]: { ...counts[KIND], imported: 1 } }]);
  });

  it('comes to the same when it is made again after a kill on the way', async () => {
    const text = `device,ts,pressure\n${Array.from({ length: 12_000 }, (_, index) => `WP-${1 + (index % 2)},${1_600_000_000 + index},0.3`).join('\n')}\n`;
    const town = new Town();
    town.breakAt = 2;
    await expect(town.import(text)).rejects.toThrow('killed');
    expect(await town.counts()).toMatchObject({ imported: 10_000 });
    town.breakAt = Infinity;
    expect(await town.import(text)).toMatchObject({ imported: 2_000, duplicate: 10_000 });
    expect(await town.rows()).toHaveLength(12_000);
    expect(await town.counts()).toMatchObject({ imported: 12_000 });
  });

  it.each(['csv', 'parquet'] as const)('takes what an export wrote as %s: the same readings', async (format) => {
    const [from, to] = [new Town(), new Town()];
    const inserts = [
      { ...row('WP-1', '2020-01-01T00:00:00.123Z', { pressure: 0.1 + 0.2 }), seq: 7 },
      { ...row('WP-2', '2020-01-02T00:00:00Z', { battery: 3 }), deviceTs: 5, flags: ['clock' as const] },
    ];
    await from.commit({ inserts });
    const file = join(temporaryFolder(), `rows.${format}`);
    await from.with(async (store) => {
      const query = { kind: KIND, from: 0, to: NOW, format };
      const { stream } = await new Exporter(store, temporaryFolder(), 0).make(query, new AbortController().signal);
      await pipeline(stream, createWriteStream(file));
    });
    expect(await to.import({ file })).toMatchObject({ kind: KIND, rows: 2, imported: 2 });
    const told = ({ device, ts, values, seq, deviceTs, flags }: HistoryRow) => ({
      device,
      ts,
      values,
      seq,
      deviceTs,
      flags,
    });
    expect((await to.rows()).map(told)).toEqual((await from.rows()).map(told));
  });
});

describe('a file of a logger', () => {
  it('may have other names, units behind them, local times, and one device', async () => {
    const town = new Town();
    const text = '\uFEFF采集时间;Pressure (MPa);Akku;note\n2024/1/5 08:00:00;0.31;50;x\n';
    const columns = new Map([
      ['Akku', 'battery'],
      ['note', ''],
    ]);
    await town.import(text, { columns, device: 'WP-1', offset: 8 * 3_600_000 });
    expect((await town.rows()).map(({ device, ts, values }) => [device, ts, values])).toEqual([
      ['WP-1', Date.parse('2024-01-05T00:00:00Z'), { pressure: 0.31, battery: 50 }],
    ]);
  });

  it('is divided by what divides its header, so that a comma in a number is seen as one', async () => {
    expect(
      await problemsOf('# logger 7, hall 2\ndevice;ts;pressure;battery\nWP-1;2024-01-05T08:00:00Z;0,35;12,5\n'),
    ).toEqual([
      'line 3, pressure: "0,35" is no number: write 0.35',
      'line 3, battery: "12,5" is no number: write 12.5',
    ]);
  });

  it('is refused for the day numbers of Excel, which would lie in 1970', async () => {
    expect(await problemsOf('device,ts,pressure\nWP-1,44931.5,0.3\nWP-1,946684799,0.3\n')).toEqual([
      "line 2, ts: 44931.5 is before 2000 as an epoch; if it is a day's number of Excel, give its cells a date format",
      "line 3, ts: 946684799 is before 2000 as an epoch; if it is a day's number of Excel, give its cells a date format",
    ]);
  });

  it('is refused whole for one bad row, each thing named with its line and column', async () => {
    const lines = [
      'device,ts,pressure,battery',
      'WP-1,2024-01-05T08:00:00Z,0.3,50',
      'WP-9,2024-01-05T08:00:00Z,0.3,',
      'LC-1,2024-01-05T08:00:00Z,0.3,',
      'WP-1,2024-02-30T08:00:00Z,abc,',
      'WP-1,2024-01-05 08:00:00,99,',
      'WP-1,2027-01-05T08:00:00Z,0.3,',
      'WP-1,2024-01-05T08:00:00Z,,',
      'WP-1,2024-01-05T08:00:00Z,0.3',
    ];
    expect(await problemsOf(lines.join('\n'))).toEqual([
      'line 3, device: no device WP-9 is registered',
      'line 4, device: LC-1 is a lighting-controller, and this file is of water-pressure',
      'line 5, ts: "2024-02-30T08:00:00Z" is no day or time that there is',
      'line 5, pressure: "abc" is no number',
      'line 6, ts: "2024-01-05 08:00:00" has no offset: say --utc-offset +08:00',
      'line 6, pressure: 99 lies outside 0 to 2.5 MPa',
      'line 7, ts: lies in the future',
      'line 8: has no value of any field',
      'line 9: 3 cells, and the header has 4',
    ]);
  });

  it('is refused for a header that says what there is not', async () => {
    expect(await problemsOf('device,zeit,presure,pressure [kPa],Pressure\nWP-1,1,1,1,1\n')).toEqual([
      "line 1, zeit: a water-pressure has no field of this name; say --column 'zeit=FIELD' (pressure, battery), or --column 'zeit=' to leave it out",
      'line 1, presure: a water-pressure has no field of this name (did you mean pressure?)',
      'line 1, pressure [kPa]: is in kPa, and the history keeps MPa: convert it',
      'line 1, Pressure: is the same as pressure [kPa]',
      'line 1, ts: the column is missing: name one with --column NAME=ts',
    ]);
    expect(await problemsOf('')).toEqual(['file: it is empty']);
    expect(await problemsOf('device,ts,pressure\n')).toEqual(['file: it has a header, and no row']);
    expect(await problemsOf('device,ts\nX,1\n')).toEqual([
      'file: no device of its first 1000 rows is registered: register them, or say --kind',
    ]);
  });

  it('that is not UTF-8, or is no CSV, is named with what to do', async () => {
    const file = join(temporaryFolder(), 'gb.csv');
    writeFileSync(file, Buffer.from([0xc9, 0xe8, 0xb1, 0xb8, 0x2c, 0x74, 0x73, 0x0a]));
    await expect(new Town().import({ file })).rejects.toMatchObject({
      problems: [{ path: 'file', message: expect.stringContaining('is not UTF-8') }],
    });
    await expect(new Town().import({ file: '/nowhere/x.csv' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(new Town().import({ file: '/nowhere/x.parquet' })).rejects.toMatchObject({
      problems: [{ path: 'file', message: expect.stringContaining('no such file') }],
    });
  });

  it.each([
    ['no Parquet', 'device,ts,pressure\nWP-1,1600000000,0.3\n'],
    ['empty', ''],
    ['cut off', 'PAR1 and no more'],
  ])('that is called .parquet and is %s is named in words', async (_what, text) => {
    const file = join(temporaryFolder(), 'rows.parquet');
    writeFileSync(file, text);
    const error: unknown = await new Town().import({ file }).catch((thrown: unknown) => thrown);
    const { problems } = error as TownError;
    expect(problems).toEqual([
      { path: 'file', message: expect.stringMatching(/^is no Parquet file, or a broken one; write it again \(.+\)$/) },
    ]);
    expect(problems[0]?.message).not.toMatch(/LINE|read_parquet/);
  });

  it('gives its good rows where that is asked for, and its bad ones back with what is wrong', async () => {
    const town = new Town();
    const skipped: unknown[] = [];
    const skip = async (cells: readonly unknown[], problem: string) => void skipped.push([...cells, problem]);
    const text = 'device,ts,pressure\nWP-1,1600000000,0.3\nWP-9,1600000000,0.3\n';
    expect(await town.import(text, { skip })).toMatchObject({ rows: 2, imported: 1, skipped: 1 });
    expect(skipped).toEqual([
      ['device', 'ts', 'pressure', 'problem'],
      ['WP-9', '1600000000', '0.3', 'no device WP-9 is registered'],
    ]);
    expect(await town.rows()).toHaveLength(1);
  });

  it('is only looked at on a dry run', async () => {
    const town = new Town();
    expect(await town.import('device,ts,pressure\nWP-1,1600000000,0.3\n', { dryRun: true })).toMatchObject({
      ...{ rows: 1, imported: 0 },
    });
    expect(await town.rows()).toEqual([]);
  });
});
