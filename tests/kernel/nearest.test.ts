import fc from 'fast-check';
import { expect, it } from 'vitest';
import { didYouMean, nearest } from '../../src/kernel/nearest.ts';

const FIELDS = ['pressure', 'flow', 'temperature', 'battery', 'rssi'];

it.each([
  ['presure', 'pressure'],
  ['Pressure', 'pressure'],
  ['flwo', null],
  ['flw', 'flow'],
  ['temprature', 'temperature'],
  ['rsi', 'rssi'],
  ['humidity', null],
  ['', null],
])('by "%s" somebody means %s', (name, meant) => {
  expect(nearest(name, FIELDS)).toBe(meant);
  expect(didYouMean(name, FIELDS)).toBe(meant === null ? '' : ` (did you mean ${meant}?)`);
});

it('a name that is there is the nearest to itself, whatever the others are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
      const [name] = names as [string];
      expect(nearest(name, names)?.toLowerCase()).toBe(name.toLowerCase());
    }),
  );
});
