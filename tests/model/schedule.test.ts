import { describe, expect, it } from 'vitest';
import { parseShift, Schedule, spanAt } from '../../src/model/schedule.ts';

const ZONE = 'Asia/Shanghai';
/** 2026-11-22 is a Sunday. */
const local = (text: string) => Date.parse(`${text}+08:00`);
const read = (...lines: string[]) => Schedule.parse(lines);
const isOpen = (lines: string[], time: string) => spanAt(read(...lines), local(time), ZONE).isOpen;

describe('hours of the week', () => {
  it.each([
    ['mon-fri 08:00-18:00', [1, 2, 3, 4, 5]],
    ['sat-mon 08:00-18:00', [0, 1, 6]],
    ['sun,wed 00:00-24:00', [0, 3]],
    ['daily 22:00-06:00', [0, 1, 2, 3, 4, 5, 6]],
  ])('%s', (text, days) => {
    expect(parseShift(text)?.days).toEqual(days);
  });

  it.each([
    'mon-fri',
    '08:00-18:00',
    'monday 08:00-18:00',
    'mon-wed-fri 08:00-18:00',
    'mon 8:00-18:00',
    'mon 08:00-25:00',
    'mon 08:60-09:00',
    'mon 08:00-08:00',
    'mon 24:00-08:00',
    '',
  ])('%j is none, and says how to write one', (text) => {
    expect(parseShift(text)).toBeNull();
    expect(Schedule.safeParse([text]).error?.issues[0]?.message).toContain('write mon-fri 08:00-18:00');
  });

  it('open at their beginning and close at their end, on their days', () => {
    const work = ['mon-fri 08:00-18:00'];
    expect(isOpen(work, '2026-11-23T07:59:59')).toBe(false);
    expect(isOpen(work, '2026-11-23T08:00')).toBe(true);
    expect(isOpen(work, '2026-11-23T17:59:59')).toBe(true);
    expect(isOpen(work, '2026-11-23T18:00')).toBe(false);
    expect(isOpen(work, '2026-11-22T12:00')).toBe(false);
  });

  it('that go over midnight belong to the day on which they begin', () => {
    const night = ['fri 22:00-06:00'];
    expect(isOpen(night, '2026-11-28T05:59')).toBe(true);
    expect(isOpen(night, '2026-11-27T05:59')).toBe(false);
    expect(isOpen(night, '2026-11-28T06:00')).toBe(false);
  });

  it('say since when and until when, over the gap of a week-end too', () => {
    const work = read('mon-fri 08:00-18:00');
    expect(spanAt(work, local('2026-11-23T09:00'), ZONE)).toEqual({
      ...{ isOpen: true, since: local('2026-11-23T08:00'), until: local('2026-11-23T18:00') },
    });
    expect(spanAt(work, local('2026-11-22T09:00'), ZONE)).toEqual({
      ...{ isOpen: false, since: local('2026-11-20T18:00'), until: local('2026-11-23T08:00') },
    });
  });

  it('that meet are one, and those of all the week never close', () => {
    const half = read('daily 06:00-14:00', 'daily 14:00-22:00');
    expect(spanAt(half, local('2026-11-23T15:00'), ZONE).since).toBe(local('2026-11-23T06:00'));
    expect(spanAt(read('daily 00:00-24:00'), local('2026-11-23T15:00'), ZONE)).toEqual({
      ...{ isOpen: true, since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
    });
  });

  it('follow the wall clock where it is put forward', () => {
    const span = spanAt(read('daily 08:00-18:00'), Date.parse('2026-03-29T12:00+02:00'), 'Europe/Berlin');
    expect(span.since).toBe(Date.parse('2026-03-29T08:00+02:00'));
  });
});
