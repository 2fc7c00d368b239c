import { expect, it } from 'vitest';
import { Kind } from '../../src/model/kind.ts';

const name = { zh: '名', en: 'name' };
const LEVEL = { id: 'drain-level', name, reportInterval: 60, fields: { level: { type: 'number', unit: 'm', name } } };

it('a kind has a supply that is always there, no attributes and no sums unless it says so', () => {
  expect(Kind.parse(LEVEL)).toMatchObject({ power: 'always', attributes: {}, groupSums: [] });
});

it.each([
  [{ fields: { Level: { type: 'number', name } } }, 'a letter in lower case'],
  [{ fields: { 'water-level': { type: 'number', name } } }, 'a letter in lower case'],
  [{ fields: { level: { type: 'string', name } } }, 'type'],
  [{ fields: { level: { type: 'number', name, range: [2, 1] } } }, 'the lower bound comes first'],
  [{ fields: { level: { type: 'number', name, range: [1, 1] } } }, 'the lower bound comes first'],
  [{ fields: { level: { type: 'number', name, colour: 'red' } } }, 'colour'],
  [{ reportInterval: 0 }, 'reportInterval'],
  [{ power: 'solar' }, 'power'],
  [{ attributes: { hour: { type: 'string', name, pattern: '(' } } }, 'no such regular expression'],
])('a kind with %j is none', (change, hint) => {
  const read = Kind.safeParse({ ...LEVEL, ...change });
  expect(read.success).toBe(false);
  expect(JSON.stringify(read.error?.issues)).toContain(hint);
});
