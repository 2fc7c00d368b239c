import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { Exporter, type ExportQuery } from '../../../src/history/export/exporter.ts';
import type { HistoryRow, HistoryStore, KeptFields, RowsQuery } from '../../../src/history/port.ts';
import { readParquet } from '../../support/parquet.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const KEPT: KeptFields = new Map([
  [
    'gas-meter',
    [
      { field: 'flow', type: 'number', unit: 'm³/h' },
      { field: 'tamper', type: 'boolean', unit: null },
      { field: 'seq', type: 'number', unit: null },
    ],
  ],
]);

function row(device: string, ts: number, more: Partial<HistoryRow> = {}): HistoryRow {
  return {
    ...{ kind: 'gas-meter', device, ts, receivedAt: ts + 250, deviceTs: null, seq: null, flags: [] },
    ...{ area: null, road: null, organisation: null, values: { flow: ts / 3 }, ...more },
  };
}

/** A store of rows that are there, in order, which knows how often it was asked. */
class ListedRows implements Pick<HistoryStore, 'rows' | 'kept'> {
  readonly #rows: readonly HistoryRow[];
  asked = 0;
  /** What the page of this number throws. */
  failAt = Infinity;

  constructor(rows: readonly HistoryRow[]) {
    this.#rows = rows;
  }

  async rows({ from, to, limit, after }: RowsQuery): Promise<HistoryRow[]> {
    if (++this.asked === this.failAt) throw new Error('the store broke down');
    const isLater = ({ ts, device }: HistoryRow) =>
      after === undefined || ts > after.ts || (ts === after.ts && device > after.device);
    return this.#rows.filter((each) => each.ts >= from && each.ts < to && isLater(each)).slice(0, limit);
  }

  kept = () => KEPT;
}

const ALL = { kind: 'gas-meter', from: 0, to: 1e15 };
const never = new AbortController().signal;

async function csv(store: ListedRows, query: Partial<ExportQuery> = {}): Promise<string> {
  const exporter = new Exporter(store, temporaryFolder(), 0);
  return text((await exporter.make({ ...ALL, format: 'csv', ...query }, never)).stream);
}

it('CSV has a header, RFC 3339 instants, nothing for null, and no byte-order mark', async () => {
  const place = { area: 'village', road: 'main-road', organisation: 'gas-company' };
  const values = { flow: 0.1 + 0.2, tamper: true, seq: 3 };
  const store = new ListedRows([
    row('GM-1', 1_767_225_600_123, { ...place, seq: 7, deviceTs: -5, flags: ['late', 'clock'], values }),
    row('GM-2', 1_767_225_600_123, { values: { flow: -1e-7, tamper: false } }),
  ]);
  expect(await csv(store)).toBe(
    [
      'device,ts,flow,tamper,seq_,receivedAt,deviceTs,seq,flags,area,road,organisation',
      'GM-1,2026-01-01T00:00:00.123Z,0.30000000000000004,true,3,2026-01-01T00:00:00.373Z,-5,7,clock late,village,main-road,gas-company',
      'GM-2,2026-01-01T00:00:00.123Z,-1e-7,false,,2026-01-01T00:00:00.373Z,,,,,,',
      '',
    ].join('\n'),
  );
});

it('CSV of nothing is a header', async () => {
  expect(await csv(new ListedRows([]))).toBe(
    'device,ts,flow,tamper,seq_,receivedAt,deviceTs,seq,flags,area,road,organisation\n',
  );
});

it.each([
  ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM', "'@SUM"],
  ['a,b', '"a,b"'],
  ['a\nb', '"a\nb"'],
  ['a-b', 'a-b'],
])('a text %j that another program wrote does no harm in a spreadsheet', async (area, cell) => {
  const [, line] = (await csv(new ListedRows([row('GM-1', 0, { area })]))).split(/\n(.*)/s);
  expect(line).toBe(`GM-1,1970-01-01T00:00:00.000Z,0,,,1970-01-01T00:00:00.250Z,,,,${cell},,\n`);
});

const MANY = Array.from({ length: 12_345 }, (_, index) => row(`GM-${index % 7}`, Math.floor(index / 7) * 1_000));

it('gives every row of the period once, over many pages, in both formats', async () => {
  const store = new ListedRows(MANY);
  const period = { from: 2_000, to: 1_700_000 };
  const wanted = MANY.filter(({ ts }) => ts >= period.from && ts < period.to);
  const lines = (await csv(store, period)).split('\n').slice(1, -1);
  expect(lines.map((line) => line.split(',').slice(0, 3))).toEqual(
    wanted.map(({ device, ts, values }) => [device, new Date(ts).toISOString(), String(values.flow)]),
  );
  expect(store.asked).toBe(3);

  const [folder, file] = [temporaryFolder(), join(temporaryFolder(), 'rows.parquet')];
  const { stream, bytes } = await new Exporter(store, folder, 0).make({ ...ALL, ...period, format: 'parquet' }, never);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  writeFileSync(file, Buffer.concat(chunks));
  expect(bytes).toBe(Buffer.concat(chunks).length);
  const table = await readParquet(file);
  expect(table.map(({ device, ts, flow }) => [device, (ts as Date).getTime(), flow])).toEqual(
    wanted.map(({ device, ts, values }) => [device, ts, values.flow]),
  );
  expect(existsSync(join(folder, 'export.partial')), 'what it was made of is gone').toBe(false);
});

it('Parquet has the types of the fields', async () => {
  const place = { area: 'village', road: null, organisation: 'gas-company' };
  const values = { flow: 0.1 + 0.2, tamper: true, seq: 3 };
  const store = new ListedRows([
    row('GM-1', 1_500, { ...place, seq: 7, deviceTs: -5, flags: ['late', 'clock'], values }),
  ]);
  const file = join(temporaryFolder(), 'rows.parquet');
  const { stream } = await new Exporter(store, temporaryFolder(), 0).make({ ...ALL, format: 'parquet' }, never);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  writeFileSync(file, Buffer.concat(chunks));
  expect(await readParquet(file)).toEqual([
    {
      ...{ device: 'GM-1', ts: new Date(1_500), flow: 0.1 + 0.2, tamper: true, seq_: 3, receivedAt: new Date(1_750) },
      ...{ deviceTs: -5n, seq: 7n, flags: 'clock late', ...place },
    },
  ]);
});

it.each(['csv', 'parquet'] as const)(
  '%s: a kind that nobody knows, and a store that is down, are said before anything is sent',
  async (format) => {
    const store = new ListedRows(MANY);
    const exporter = new Exporter(store, temporaryFolder(), 0);
    await expect(exporter.make({ ...ALL, kind: 'gas-metre', format }, never)).rejects.toMatchObject({
      code: 'invalid',
    });
    store.failAt = 1;
    await expect(exporter.make({ ...ALL, format }, never)).rejects.toThrow('broke down');
  },
);

it('CSV breaks off with an error where the store does, and never ends as if it were whole', async () => {
  const store = new ListedRows(MANY);
  store.failAt = 2;
  await expect(csv(store)).rejects.toThrow('the store broke down');
});

it('CSV reads no page before the one before it was taken, and none once the reader has gone', async () => {
  const store = new ListedRows(MANY);
  const { stream } = await new Exporter(store, temporaryFolder(), 0).make({ ...ALL, format: 'csv' }, never);
  for await (const chunk of stream) {
    expect(String(chunk)).toContain('device');
    break;
  }
  expect(store.asked).toBeLessThanOrEqual(2);
  expect(stream.destroyed).toBe(true);
});

it('Parquet stops when whoever asked has gone, and leaves nothing', async () => {
  const store = new ListedRows(MANY);
  const [folder, gone] = [temporaryFolder(), new AbortController()];
  const rows = store.rows.bind(store);
  store.rows = (query) => {
    gone.abort(new Error('gone'));
    return rows(query);
  };
  const exporter = new Exporter(store, folder, 0);
  await expect(exporter.make({ ...ALL, format: 'parquet' }, gone.signal)).rejects.toThrow('gone');
  expect(store.asked).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

it('makes one Parquet file at a time, and the next once that is sent or given up', async () => {
  const exporter = new Exporter(new ListedRows(MANY), temporaryFolder(), 0);
  const query = { ...ALL, format: 'parquet' } as const;
  const first = await exporter.make(query, never);
  await expect(exporter.make(query, never)).rejects.toMatchObject({ code: 'conflict' });
  first.stream.destroy();
  await new Promise((resolve) => first.stream.once('close', resolve));
  const second = await exporter.make(query, never);
  await pipeline(second.stream, async (source) => {
    for await (const _ of source);
  });
});

it('makes no Parquet file on the disk that readings need', async () => {
  const [folder, floor] = [temporaryFolder(), 1_000_000_000];
  const exporter = new Exporter(new ListedRows(MANY), folder, floor, () => floor + 1);
  const made = exporter.make({ ...ALL, format: 'parquet' }, never);
  await expect(made).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('953 MiB left') });
  expect(readdirSync(folder)).toEqual([]);
});
