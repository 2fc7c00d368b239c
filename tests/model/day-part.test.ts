import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DayParts } from '../../src/model/day-part.ts';

const HOUR = 3_600_000;
const shanghai = new DayParts('Asia/Shanghai');
const at = (text: string, zone = '+08:00') => Date.parse(`${text}${zone}`);

describe('parts of a day', () => {
  it('a day goes from midnight to midnight of the town', () => {
    const day = shanghai.day(at('2026-03-10T13:00'));
    expect(day).toMatchObject({ isIn: true, from: at('2026-03-10T00:00'), until: at('2026-03-11T00:00') });
    expect(shanghai.dateAt(at('2026-03-10T00:00') - 1)).toBe('2026-03-09');
  });

  it('days on which the clocks are changed are longer or shorter', () => {
    const berlin = new DayParts('Europe/Berlin');
    const hours = (text: string) => {
      const { from, until } = berlin.day(at(text, '+01:00'));
      return (until - from) / HOUR;
    };
    expect(['2026-03-28T12:00', '2026-03-29T12:00', '2026-10-25T12:00'].map(hours)).toEqual([24, 23, 25]);
  });

  it('an hour knows which of the day it is, also where a zone is half an hour off', () => {
    expect(shanghai.hour(at('2026-03-10T13:59:59.999'))).toMatchObject({ hour: 13, from: at('2026-03-10T13:00') });
    const kolkata = new DayParts('Asia/Kolkata');
    expect(kolkata.hour(at('2026-03-10T13:10', '+05:30'))).toMatchObject({
      hour: 13,
      from: at('2026-03-10T13:00', '+05:30'),
    });
  });

  it.each([
    ['2026-03-10T21:59', false, '2026-03-10T06:00', '2026-03-10T22:00'],
    ['2026-03-10T22:00', true, '2026-03-10T22:00', '2026-03-11T06:00'],
    ['2026-03-11T03:00', true, '2026-03-10T22:00', '2026-03-11T06:00'],
    ['2026-03-11T06:00', false, '2026-03-11T06:00', '2026-03-11T22:00'],
  ])('the night at %s: %s', (time, isIn, from, until) => {
    const part = shanghai.part(at(time), { from: '22:00', to: '06:00' });
    expect(part).toMatchObject({ isIn, from: at(from), until: at(until) });
  });

  it('what is kept changes no answer: any order of questions gets the same', () => {
    const night = { from: '22:00', to: '06:00' };
    const begin = at('2026-03-10T00:00');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 72 * 60 }), { maxLength: 20 }), (minutes) => {
        const one = new DayParts('Asia/Shanghai');
        for (const minute of minutes) {
          const [ts, fresh] = [begin + minute * 60_000, new DayParts('Asia/Shanghai')];
          expect(one.part(ts, night)).toEqual(fresh.part(ts, night));
          expect(one.hour(ts)).toEqual(fresh.hour(ts));
          expect(one.day(ts)).toEqual(fresh.day(ts));
        }
      }),
      { numRuns: 50 },
    );
  });
});
