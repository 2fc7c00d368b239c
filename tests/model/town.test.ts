import { expect, it } from 'vitest';
import { areasWithin, Town } from '../../src/model/town.ts';
import { SMALL_TOWN } from '../support/kinds.ts';

const name = { zh: '名', en: 'name' };
const DISTRICT = Town.parse({
  ...SMALL_TOWN,
  areas: [
    { id: 'suyu', name, level: 'district', parent: null },
    { id: 'lailong', name, level: 'town', parent: 'suyu' },
    { id: 'north', name, level: 'village', parent: 'lailong' },
    { id: 'south', name, level: 'village', parent: 'lailong' },
    { id: 'other', name, level: 'town', parent: 'suyu' },
  ],
});

it.each([
  ['suyu', ['suyu', 'lailong', 'north', 'south', 'other']],
  ['lailong', ['lailong', 'north', 'south']],
  ['south', ['south']],
  ['nowhere', []],
])('what lies in %s', (id, areas) => {
  expect(areasWithin(DISTRICT, id)).toEqual(areas);
});

it.each([
  [{ timeZone: 'Asia/Suqian' }, 'no such IANA time zone'],
  [{ organisations: [] }, 'organisations'],
  [{ areas: [] }, 'areas'],
  [{ colour: 'red' }, 'colour'],
  [{ roads: [{ id: 'r', name, class: 'motorway' }] }, 'class'],
])('a town with %j is none', (change, hint) => {
  const read = Town.safeParse({ ...SMALL_TOWN, ...change });
  expect(read.success).toBe(false);
  expect(JSON.stringify(read.error?.issues)).toContain(hint);
});
