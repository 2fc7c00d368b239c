import { describe, expect, it } from 'vitest';
import { eventLines, LineWriter } from '../../../src/history/influx/lines.ts';
import { type HistoryRow, RefusedByStore } from '../../../src/history/port.ts';

const WRITER = new LineWriter(
  new Map([
    [
      'smart pole',
      [
        { field: 'pm25', type: 'number' as const, unit: null },
        { field: 'doorOpen', type: 'boolean' as const, unit: null },
        { field: 'seq', type: 'number' as const, unit: null },
      ],
    ],
  ]),
);

function row(more: Partial<HistoryRow>): HistoryRow {
  return {
    ...{ kind: 'smart pole', device: 'SP-1', ts: 1_767_225_600_123, receivedAt: 1_767_225_601_000, deviceTs: null },
    ...{ seq: null, flags: [], area: null, road: null, organisation: null, values: { pm25: 3 }, ...more },
  };
}

const lines = async (...rows: Partial<HistoryRow>[]) => (await WRITER.encode(rows.map(row), false)).bodies.join('');

describe('a row as a line', () => {
  it('is its kind, its tags in the order that the server sorts them, its fields, its time', async () => {
    const place = { area: 'village', road: 'main-road', organisation: 'urban-management' };
    expect(await lines({ ...place, values: { pm25: 35.5, doorOpen: false } })).toBe(
      'smart\\ pole,area=village,device=SP-1,organisation=urban-management,road=main-road ' +
        'receivedAt=1767225601000i,pm25=35.5,doorOpen=false 1767225600123\n',
    );
  });

  it('has no tag that has no value', async () => {
    expect(await lines({ road: 'R,1 =x' })).toMatch(/^smart\\ pole,device=SP-1,road=R\\,1\\ \\=x receivedAt/);
  });

  it.each([
    [0.1 + 0.2, '0.30000000000000004'],
    [5, '5'],
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.797e308, '1.797e+308'],
    [2 ** 53 - 1, '9007199254740991'],
  ])('writes %d as a float to the last bit', async (value, text) => {
    expect(await lines({ values: { pm25: value } })).toContain(`,pm25=${text} `);
    expect(Number(text)).toBe(value + 0);
  });

  it('names what the device said of itself, and its flags, only where there are any', async () => {
    expect(await lines({ deviceTs: -5, seq: 7, flags: ['clock', 'late'] })).toContain(
      ',pm25=3,deviceTs=-5i,seq=7i,flags="clock,late" ',
    );
    expect(await lines({})).not.toMatch(/deviceTs|seq|flags/);
  });

  it('overwrites the flags of an earlier try, also with none', async () => {
    expect((await WRITER.encode([row({})], true)).bodies[0]).toContain(',flags="" ');
  });

  it('keeps a metric apart from a field of its own that bears the same name', async () => {
    expect(await lines({ seq: 7, values: { seq: 1.5 } })).toContain(',seq_=1.5,seq=7i ');
  });

  it('follows a device that moves, row by row', async () => {
    const text = await lines({ area: 'a' }, { area: 'b' }, { area: null }, { area: 'a' });
    const areas = text.matchAll(/pole,(?:area=(\w),)?device/g);
    expect([...areas].map(([, area]) => area)).toEqual(['a', 'b', undefined, 'a']);
  });

  it('is refused where it would be bent or lost', async () => {
    for (const wrong of [
      { kind: 'no-such-kind' },
      { values: { colour: 3 } },
      { values: { pm25: true } },
      { values: { pm25: Number.POSITIVE_INFINITY } },
      { seq: 1.5 },
      { ts: Number.NaN },
      { area: 'a\\' },
      { area: 'a\nsmart\\ pole,device=SP-2 pm25=1' },
    ]) {
      await expect(lines(wrong), JSON.stringify(wrong)).rejects.toBeInstanceOf(RefusedByStore);
    }
  });
});

describe('the rows of a batch', () => {
  it('are cut into bodies of whole lines, none of them much over 384 KiB', async () => {
    const rows = Array.from({ length: 20_000 }, (_, ts) => row({ ts }));
    const { bodies } = await WRITER.encode(rows, false);
    expect(bodies.length).toBeGreaterThan(2);
    for (const body of bodies) {
      expect(body.length).toBeLessThan(385 * 1024);
      expect(body.endsWith('\n')).toBe(true);
    }
    expect(bodies.join('').split('\n').length - 1).toBe(20_000);
  });

  it('leave a note of the points that they are', async () => {
    const rows = [row({ ts: 1 }), row({ ts: 2, device: 'SP-2', area: 'a' }), row({ ts: 3 })];
    const { series, points } = await WRITER.encode(rows, false);
    expect(series).toEqual([
      ['smart pole', 'SP-1', null, null, null],
      ['smart pole', 'SP-2', 'a', null, null],
    ]);
    const pairs = new Float64Array(points.buffer);
    expect([...pairs]).toEqual([0, 1, 1, 2, 0, 3]);
  });
});

describe('events as lines', () => {
  it('have a time of their own each, also within one ms', async () => {
    const event = (at: number, detail: string) => ({ at, what: 'town', by: 'files', detail });
    const text = eventLines([event(5, 'a'), event(5, 'b'), event(6, '"c" \\')], 2);
    expect(text).toBe(
      [
        'townpulse:events,what=town by="files",detail="a" 5000002',
        'townpulse:events,what=town by="files",detail="b" 5000003',
        'townpulse:events,what=town by="files",detail="\\"c\\" \\\\" 6000000',
        '',
      ].join('\n'),
    );
  });

  it('say that a detail is omitted which is longer than a string may be', async () => {
    const text = eventLines([{ at: 5, what: 'town', by: 'files', detail: 'x'.repeat(70_000) }], 0);
    expect(text).toContain('detail="{\\"omitted\\":70000}"');
  });
});
