import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { cursorOf, Limit, PlacePaging, pageByPlace, pageOf } from '../../src/http/lists.ts';

it('walking a list page by page gives each item once, in its order, whatever the pages hold', () => {
  const cursorOfKeys = cursorOf(z.string());
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 60 }), fc.integer({ min: 1, max: 25 }), (keys, limit) => {
      const all = [...keys].sort();
      const walked: string[] = [];
      let cursor: string | undefined;
      for (let page = 0; page <= all.length; page++) {
        const after = cursorOfKeys.parse(cursor);
        const found = all.filter((key) => after === undefined || key > after).slice(0, limit + 1);
        const { items, next } = pageOf(found, limit, (key) => key);
        expect(items.length).toBeLessThanOrEqual(limit);
        walked.push(...items);
        if (next === null) break;
        cursor = next;
      }
      expect(walked).toEqual(all);
    }),
  );
});

it('a list in a fixed order is walked by place', () => {
  const all = ['c', 'a', 'b'];
  const first = pageByPlace(all, PlacePaging.parse({ limit: '2' }));
  expect(first.items).toEqual(['c', 'a']);
  expect(pageByPlace(all, PlacePaging.parse({ limit: '2', cursor: first.next }))).toEqual({ items: ['b'], next: null });
});

it('a last page that is full has none after it', () => {
  expect(pageByPlace(['a', 'b'], PlacePaging.parse({ limit: '2' })).next).toBe(null);
});

it.each(['1001', '0', '-1', '1.5', 'all', ''])('a limit of "%s" is none', (limit) => {
  expect(Limit.safeParse(limit).success).toBe(false);
});

it('a page holds a hundred items unless it is said otherwise, and a thousand at most', () => {
  expect([Limit.parse(undefined), Limit.parse('1000')]).toEqual([100, 1000]);
});

it.each(['', 'nonsense', Buffer.from('-1').toString('base64url'), Buffer.from('"a"').toString('base64url')])(
  'a cursor that this list did not give out is refused: "%s"',
  (cursor) => {
    expect(PlacePaging.safeParse({ cursor }).success).toBe(false);
  },
);
