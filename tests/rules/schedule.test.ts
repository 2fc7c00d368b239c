import { describe, expect, it } from 'vitest';
import { Timeline } from './support/timeline.ts';
import { concentrator, pressurePoint, TOWN } from './support/town.ts';

/** 2026-11-22 is a Sunday. */
const about = (hours: string) => `name: { zh: 名, en: name }, severity: major, schedule: '${hours}'`;
const low = (hours: string) =>
  `- { id: low, type: threshold, kind: water-pressure, ${about(hours)}, when: pressure < 0.14, for: 10m }\n`;
const silent = (hours: string) =>
  `- { id: silent, type: silence, kind: water-pressure, ${about(hours)}, after: 15m }\n`;
const point = (rules: string) => new Timeline('2026-11-22T08:00', rules, [pressurePoint('WP-1')]);

describe('outside of the hours of its rule', () => {
  it('a device is idle, and nothing begins; within them it is judged', () => {
    const town = point(low('daily 09:00-18:00')).keepsReporting('WP-1', { pressure: 0.1 }).at('08:59');
    expect(town.verdict('low', 'WP-1')).toBe('idle: schedule');
    town.at('09:20');
    expect(town.verdict('low', 'WP-1')).toBe('breach');
    expect(town.story()).toEqual(['09:00:00 begun low WP-1 (condition)', '09:10:00 fired low WP-1 (held)']);
  });

  it('what is pending is let go, what is open stays open until it is over within them', () => {
    const pending = point(low('daily 08:00-08:06')).keepsReporting('WP-1', { pressure: 0.1 }).at('09:00');
    expect(pending.story().slice(1)).toEqual(['08:06:00 vanished low WP-1 (schedule)']);
    const open = point(low('daily 08:00-08:30')).keepsReporting('WP-1', { pressure: 0.1 }).at('08:30');
    open.keepsReporting('WP-1', { pressure: 0.3 }).at('07:59');
    expect(open.story()).toHaveLength(2);
    open.at('08:06');
    expect(open.story().slice(2)).toEqual(['08:00:00 resolved low WP-1 (cleared)']);
  });

  it('a silence is not counted, and begins to count when they begin', () => {
    const town = point(silent('daily 09:00-18:00')).reports('WP-1', { pressure: 0.3 }).at('09:14:30');
    expect(town.story()).toEqual([]);
    town.at('09:16');
    expect(town.story()[0]).toBe('09:15:00 begun silent WP-1 (silence)');
  });

  it('neither rates nor counts of lamps are judged', () => {
    const lamps = 'part: lamps lit, whole: lamps expected, groupBy: [town], target: 0.9, for: 5m';
    const rules = `
- { id: rate, type: ratio, kind: lighting-controller, ${about('daily 20:10-20:30')}, ${lamps} }
- { id: block, type: count, kind: lighting-controller, ${about('daily 20:10-20:30')}, count: dark block, for: 5m }
`;
    const town = new Timeline('2026-11-22T20:00', rules, [concentrator('LC-1')]);
    town.keepsReporting('LC-1', { lampsLit: 0 }).at('20:09');
    expect([town.verdict('rate', 'lailong'), town.verdict('block', 'F-1')]).toEqual([
      'idle: schedule',
      'idle: schedule',
    ]);
    town
      .at('20:28')
      .keepsReporting('LC-1', { lampsLit: 5 })
      .at('20:31')
      .keepsReporting('LC-1', { lampsLit: 10 })
      .at('21:00');
    expect(town.story()).toEqual([
      ...['20:10:00 begun rate lailong (condition)', '20:10:00 begun block F-1 (condition)'],
      ...['20:15:00 fired rate lailong (held)', '20:15:00 fired block F-1 (held)'],
    ]);
    const late = new Timeline('2026-11-22T20:27', rules, [concentrator('LC-1')]);
    late.keepsReporting('LC-1', { lampsLit: 0 }).at('20:40');
    expect(late.story().slice(2)).toEqual([
      ...['20:30:00 vanished rate lailong (schedule)', '20:30:00 vanished block F-1 (schedule)'],
    ]);
  });

  it('the hours are those of the town, wherever it says that it lies', () => {
    const town = point(low('daily 09:00-18:00')).keepsReporting('WP-1', { pressure: 0.1 }).at('08:30');
    // 09:00 of the town is 10:00 of Shanghai, by which the test counts.
    town.town({ ...TOWN, timeZone: 'Asia/Bangkok' }).at('10:06');
    expect(town.story()).toEqual(['10:00:00 begun low WP-1 (condition)']);
  });
});
