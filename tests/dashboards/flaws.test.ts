import { expect, it } from 'vitest';
import { flawIn } from './support/flaws.ts';
import { type Series, type Shown, sent } from './support/grafana.ts';

const target = { refId: 'A', query: '', resultFormat: 'time_series' as const, alias: '$tag_area' };
const line = (tags: Record<string, string>, ...values: unknown[]): Series => ({
  tags,
  columns: ['time', 'mean'],
  values: values.map((value, index) => [index, value]),
});

function panel(type: string, overrides: [name: string, property: string][] = []): Shown {
  const table = type === 'table';
  return {
    type,
    targets: [{ ...target, resultFormat: table ? 'table' : 'time_series' }],
    transformations: table
      ? [{ id: 'filterFieldsByName', options: { include: { names: ['device', 'leak', 'Time'] } } }]
      : [],
    fieldConfig: {
      defaults: {},
      overrides: overrides.map(([name, id]) => ({
        matcher: { id: 'byName', options: name },
        properties: [{ id, value: 1 }],
      })),
    },
  };
}

const row = { tags: { device: 'GM-1' }, columns: ['time', 'leak'], values: [[1, 0.4]] };

it.each<[string, Shown, Series[], string | null]>([
  ['a line', panel('timeseries'), [line({ area: 'a' }, 1, null, 2, 3)], null],
  [
    'a line of too few values',
    panel('timeseries'),
    [line({ area: 'a' }, 1, null, null, 3)],
    'query A: 2 value(s) where a timeseries shows 3 or more',
  ],
  ['no series', panel('timeseries'), [], 'query A gives nothing'],
  ['a figure', panel('stat'), [line({}, 0)], null],
  ['a figure of nothing', panel('stat'), [line({}, null)], 'query A: 0 value(s) where a stat shows 1 or more'],
  ['a figure in words', panel('stat'), [line({}, 'x')], 'query A: "x" is no number'],
  ['a sort that nobody described', panel('piechart'), [line({}, 1)], 'query A: nobody has said what a piechart shows'],
  [
    'series that all have names',
    panel('stat', [['a', 'displayName']]),
    [line({ area: 'a' }, 1), line({ area: '' }, 1)],
    null,
  ],
  [
    'a series without a name among such',
    panel('stat', [['a', 'displayName']]),
    [line({ area: 'b' }, 1)],
    'b has no name',
  ],
  ['a colour of nothing', panel('stat', [['b', 'color']]), [line({ area: 'a' }, 1)], 'there is no series b'],
  ['a table', panel('table'), [row], null],
  ['a table without rows', panel('table'), [{ ...row, values: [] }], 'query A: no row'],
  [
    'a table with an empty column',
    panel('table'),
    [{ ...row, values: [[1, null]] }],
    'query A: nothing in the column leak',
  ],
  [
    'a table by two tags',
    panel('table'),
    [{ ...row, tags: { device: 'GM-1', area: 'a' } }],
    'query A: a table is told apart by one tag, not by device and area',
  ],
])('%s', (_what, shown, series, flaw) => {
  expect(flawIn(shown, [series], 60_000)).toBe(flaw);
});

it('a day is one value where buckets are days', () => {
  expect(flawIn(panel('timeseries'), [[line({ area: 'a' }, 1)]], 86_400_000)).toBe(null);
  expect(flawIn(panel('timeseries'), [[line({ area: 'a' }, null)]], 86_400_000)).not.toBe(null);
});

it('what was chosen reaches InfluxDB as a regular expression that finds just that', () => {
  const variables = [{ type: 'query', name: 'device', multi: true, allValue: '.*' }] as never;
  const look = (chosen: string[] | null) => ({ from: 1, to: 2, chosen: { device: chosen } });
  const query = '"device" =~ /^$device$/ AND $timeFilter GROUP BY time($__interval)';
  expect(sent(query, variables, look(['WP.1', 'a/b']), 60)).toBe(
    String.raw`"device" =~ /^(WP\.1|a\/b)$/ AND time >= 1ms and time <= 2ms GROUP BY time(60ms)`,
  );
  expect(sent(query, variables, look(null), 60)).toContain('/^.*$/');
  expect(() => sent(query, [{ type: 'query', name: 'device', multi: false }] as never, look(['a']), 60)).toThrow(
    'multi',
  );
});
