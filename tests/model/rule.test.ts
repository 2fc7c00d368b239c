import { describe, expect, it } from 'vitest';
import { Patience, Rule } from '../../src/model/rule.ts';

const name = { zh: '名', en: 'name' };
const THRESHOLD = { id: 'r', type: 'threshold', kind: 'k', name, when: 'x < 1', severity: 'major' };
const RATIO = {
  ...{ id: 'r', type: 'ratio', kind: 'k', name, severity: 'major' },
  ...{ part: 'lamps lit', whole: 'lamps expected', groupBy: ['town'], target: 0.97 },
};

it.each([
  ['3 intervals', { intervals: 3 }],
  ['1 interval', { intervals: 1 }],
  ['15m', { ms: 900_000 }],
])('a patience of %s', (text, patience) => {
  expect(Patience.parse(text)).toEqual(patience);
});

it.each(['0 intervals', '0s', 'three intervals', '1.5 intervals', '10000 intervals', 'forever', ''])(
  '"%s" is no patience',
  (text) => {
    expect(Patience.safeParse(text).error?.issues).toMatchObject([{ message: expect.stringContaining('3 intervals') }]);
  },
);

describe('a rule', () => {
  it('fires at once, is held by none and speaks for its device unless it says so', () => {
    expect(Rule.parse(THRESHOLD)).toMatchObject({ for: 0, inhibitedBy: [], subject: 'device' });
    expect(Rule.parse({ ...THRESHOLD, for: '10m' })).toMatchObject({ for: 600_000 });
  });

  it('of a ratio ends at its target or above it', () => {
    expect(Rule.safeParse({ ...RATIO, clear: 0.97 }).success).toBe(true);
    expect(Rule.safeParse({ ...RATIO, clear: 0.96 }).error?.issues).toMatchObject([
      { path: ['clear'], message: expect.stringContaining('at the target or above it') },
    ]);
  });

  it.each([
    [{ ...THRESHOLD, type: 'treshold' }],
    [{ ...THRESHOLD, severity: 'worst' }],
    [{ ...THRESHOLD, when: '' }],
    [{ ...THRESHOLD, for: '10' }],
    [{ ...THRESHOLD, subject: 'town' }],
    [{ ...THRESHOLD, target: 1 }],
    [{ ...THRESHOLD, id: 'no id' }],
    [{ ...RATIO, target: 97 }],
    [{ ...RATIO, groupBy: [] }],
    [{ ...RATIO, groupBy: ['planet'] }],
    [{ id: 'r', type: 'silence', kind: 'k', name, severity: 'minor' }],
  ])('is none: %j', (rule) => {
    expect(Rule.safeParse(rule).success).toBe(false);
  });
});
