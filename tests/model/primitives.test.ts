import { expect, it } from 'vitest';
import { Duration, Id, Instant, instant, Location, Name, parseDuration } from '../../src/model/primitives.ts';

it.each(['A', '7', 'WP-0001', 'a.b_c-d', 'x'.repeat(64)])('%s is an id', (id) => {
  expect(Id.safeParse(id).success).toBe(true);
});

it.each(['', '-WP', '.', '..', '_a', 'a b', 'a/b', 'a+b', 'a#', '测压点', 'a\n', 'x'.repeat(65), '$SYS'])(
  '"%s" is no id',
  (id) => {
    expect(Id.safeParse(id).success).toBe(false);
  },
);

it.each([
  ['0s', 0],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h', 3_600_000],
  ['30d', 2_592_000_000],
])('%s is a duration', (text, ms) => {
  expect([parseDuration(text), Duration.parse(text)]).toEqual([ms, ms]);
});

it.each(['', '10', 'm', '1.5h', '-1m', '10 m', '1w', '1H', '1h30m', '1234567890s'])('"%s" is no duration', (text) => {
  expect(parseDuration(text)).toBe(null);
  expect(Duration.safeParse(text).error?.issues).toMatchObject([
    { message: expect.stringContaining('write 90s, 10m') },
  ]);
});

it('an instant in answers is UTC with milliseconds, and nothing else', () => {
  expect(instant(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(Instant.safeParse(instant(1_767_225_600_123)).success).toBe(true);
  for (const other of [
    '2026-01-01T00:00:00Z',
    '2026-01-01T08:00:00.000+08:00',
    '2026-01-01',
    '2026-02-30T00:00:00.000Z',
  ]) {
    expect([other, Instant.safeParse(other).success]).toEqual([other, false]);
  }
});

it('a location is longitude, then latitude', () => {
  expect(Location.safeParse([118.4, 33.9]).success).toBe(true);
  for (const wrong of [[33.9, 118.4], [181, 0], [118.4], [118.4, 33.9, 12]]) {
    expect([wrong, Location.safeParse(wrong).success]).toEqual([wrong, false]);
  }
});

it('a name is in both languages', () => {
  expect(Name.safeParse({ zh: '来龙镇', en: 'Lailong' }).success).toBe(true);
  for (const wrong of [{ zh: '来龙镇' }, { zh: '', en: 'Lailong' }, { zh: 'a', en: 'b', de: 'c' }]) {
    expect([wrong, Name.safeParse(wrong).success]).toEqual([wrong, false]);
  }
});
