import { describe, expect, it } from 'vitest';
import { dateOf, LampHours, Switching, type TimetableDay } from '../../src/model/lamp-hours.ts';
import { Sun } from '../../src/model/sun.ts';

const PLACE: [number, number] = [118.4, 33.9];
const SHANGHAI = 'Asia/Shanghai';
const MINUTE = 60_000;
const local = (text: string) => Date.parse(`${text}+08:00`);
const shown = (ms: number) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16);

function hours(switching: object = {}, days: TimetableDay[] | null = null, zone = SHANGHAI, place = PLACE) {
  const read = Switching.parse(switching);
  return new LampHours(new Sun(place), read, days === null ? null : { id: 'main', days }, zone);
}
const phase = (of: LampHours, at: string) => {
  const { isLit, since, until } = of.at(local(at));
  return `${isLit ? 'lit' : 'off'} ${shown(since)} ${shown(until)}`;
};

describe('the hours of lamps by the sun', () => {
  it('are from sunset to sunrise, over midnight', () => {
    const sun = new Sun(PLACE);
    const { set } = sun.horizon(local('2026-11-22T12:00'));
    const { rise } = sun.horizon(local('2026-11-23T12:00'));
    for (const at of [set, local('2026-11-22T20:00'), local('2026-11-23T00:06'), local('2026-11-23T00:07'), rise - 1])
      expect(hours().at(at)).toEqual({ isLit: true, since: set, until: rise });
    const next = sun.horizon(local('2026-11-23T12:00')).set;
    for (const at of [rise, local('2026-11-23T12:00'), next - 1])
      expect(hours().at(at)).toEqual({ isLit: false, since: rise, until: next });
  });

  it('are shifted by what the road says, either way', () => {
    const { set } = new Sun(PLACE).horizon(local('2026-11-22T12:00'));
    const { rise } = new Sun(PLACE).horizon(local('2026-11-23T12:00'));
    const { isLit, since, until } = hours({ dusk: '-10m', dawn: '15m' }).at(local('2026-11-22T23:00'));
    expect([isLit, since - set, until - rise]).toEqual([true, -10 * MINUTE, 15 * MINUTE]);
    expect(hours({ dusk: '10m' }).at(set + 10 * MINUTE - 1).isLit).toBe(false);
  });

  it('hold at a place where the sun never sets, or never rises', () => {
    const north = hours({}, null, 'Europe/Oslo', [25, 71]);
    expect(north.at(Date.parse('2026-06-21T22:00Z')).isLit).toBe(false);
    expect(north.at(Date.parse('2026-06-25T22:00Z')).isLit).toBe(false);
    expect(north.at(Date.parse('2026-12-21T10:00Z')).isLit).toBe(true);
    expect(north.at(Date.parse('2027-02-15T11:00Z')).isLit).toBe(false);
  });

  it.each(['4h', '10', 'soon', '--5m'])('cannot be shifted by %s', (dusk) => {
    expect(JSON.stringify(Switching.safeParse({ dusk }).error?.issues)).toContain('shift against the sun');
  });
});

describe('the hours of lamps by a timetable', () => {
  const days = [
    { date: '2026-10-01', on: '18:20', off: '05:20' },
    { date: '2026-10-11', on: '18:00', off: '05:40' },
  ];

  it('are those of the row before, until the next one', () => {
    const it = hours({}, days);
    expect(phase(it, '2026-10-01T20:00')).toBe('lit 2026-10-01T18:20 2026-10-02T05:20');
    expect(phase(it, '2026-10-10T23:59')).toBe('lit 2026-10-10T18:20 2026-10-11T05:20');
    expect(phase(it, '2026-10-11T05:30')).toBe('off 2026-10-11T05:20 2026-10-11T18:00');
    expect(phase(it, '2026-12-24T01:00')).toBe('lit 2026-12-23T18:00 2026-12-24T05:40');
    expect(it.isPublished).toBe(true);
  });

  it("are the sun's before the first row", () => {
    const of = hours({}, days);
    expect(of.at(local('2026-09-20T20:00'))).toEqual(hours().at(local('2026-09-20T20:00')));
    expect(of.at(local('2026-09-30T20:00')).until).toBe(hours().at(local('2026-09-30T20:00')).until);
  });

  it('may end before midnight', () => {
    const of = hours({}, [{ date: '2026-10-01', on: '18:20', off: '23:00' }]);
    expect(phase(of, '2026-10-02T19:00')).toBe('lit 2026-10-02T18:20 2026-10-02T23:00');
    expect(phase(of, '2026-10-02T23:30')).toBe('off 2026-10-02T23:00 2026-10-03T18:20');
  });

  it('follow the clocks of the town, also over the night in which they change', () => {
    const of = hours({}, [{ date: '2026-10-01', on: '20:00', off: '06:00' }], 'Europe/Berlin', [13.4, 52.5]);
    const { since, until } = of.at(Date.parse('2026-10-24T22:00Z'));
    expect([since, until].map((ms) => new Date(ms).toISOString())).toEqual([
      '2026-10-24T18:00:00.000Z',
      '2026-10-25T05:00:00.000Z',
    ]);
  });
});

describe('the clocks of a town', () => {
  it('tell the date', () => {
    expect(dateOf(local('2026-11-22T00:30'), SHANGHAI)).toBe('2026-11-22');
    expect(dateOf(local('2026-11-21T23:30'), SHANGHAI)).toBe('2026-11-21');
  });

  it('come to an hour once after an instant', () => {
    const dusk = local('2026-11-22T17:00');
    expect(hours().clockAfter(dusk, '23:30')).toBe(local('2026-11-22T23:30'));
    expect(hours().clockAfter(dusk, '01:00')).toBe(local('2026-11-23T01:00'));
    expect(hours().clockAfter(dusk, '17:00')).toBe(local('2026-11-23T17:00'));
  });
});
