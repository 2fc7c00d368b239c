import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import { Timeline } from './support/timeline.ts';
import { concentrator, lampController, TOWN } from './support/town.ts';

const rule = (count: string, more = '') => `
- id: finding
  type: count
  kind: lighting-controller
  name: { zh: 问题, en: Finding }
  count: ${count}
  severity: minor
${more}`;
const LIT = { lampsLit: 1 };
const DARK = { lampsLit: 0 };
const TEN = concentrator('LC-1');

function townWith(text: string, devices: Device[], from = '2026-11-22T20:00') {
  return new Timeline(from, text, devices);
}

describe('a block of dark lamps', () => {
  const block = rule('dark block', '  atLeast: 3\n  share: 0.5\n  for: 1m\n');

  it('is so many lamps of a feeder and such a share of those that must burn', () => {
    const town = townWith(block, [TEN, concentrator('LC-2', { attributes: { lamps: 4 }, parent: 'F-2' })]);
    town.keepsReporting('LC-1', { lampsLit: 6 }).keepsReporting('LC-2', { lampsLit: 2 }).at('20:10');
    expect(town.story()).toEqual([]);
    town.keepsReporting('LC-1', { lampsLit: 5 }).at('20:20');
    expect(town.story()).toEqual(['20:10:00 begun finding F-1 (condition)', '20:11:00 fired finding F-1 (held)']);
    expect(town.last('fired')).toMatchObject({
      values: { out: 5, expected: 10, unknown: 0 },
      evidence: [{ device: 'LC-1', values: { lampsLit: 5 } }],
    });
    expect(town.last('begun')).toMatchObject({
      subject: { type: 'parent', id: 'F-1' },
      organisation: 'urban-management',
    });
    town.keepsReporting('LC-1', { lampsLit: 6 }).at('20:21');
    expect(town.story().at(-1)).toBe('20:20:00 resolved finding F-1 (cleared)');
  });

  it('is neither found of lamps that are unknown, nor ended by them, nor by the day', () => {
    const town = townWith(block, [TEN]).keepsReporting('LC-1', DARK).at('20:10').fallsSilent('LC-1').at('20:40');
    expect(town.verdict('finding', 'F-1')).toBe('unknown: coverage');
    town.at('12:00');
    expect(town.verdict('finding', 'F-1')).toBe('idle: not-expected');
    expect(town.story().length).toBe(2);
    expect(townWith(block, [TEN]).at('21:00').story()).toEqual([]);
  });

  it('goes with its feeder’s last lamp', () => {
    const town = townWith(block, [TEN]).keepsReporting('LC-1', DARK).at('20:10').retires('LC-1').at('20:11');
    expect(town.story().at(-1)).toBe('20:10:00 closed finding F-1 (retired)');
    const moved = townWith(block, [TEN]).keepsReporting('LC-1', DARK).at('20:10').changes('LC-1', { parent: null });
    expect(moved.at('20:11').story().at(-1)).toBe('20:10:00 closed finding F-1 (not-judged)');
  });

  it('is held back by the alert of its dead feeder', () => {
    const supply = `
- { id: supply, type: threshold, kind: lighting-controller, name: { zh: 停, en: Out }, when: voltage < 50, subject: parent, severity: major }
`;
    const town = townWith(`${supply + block}  inhibitedBy: [supply]\n`, [TEN]);
    town.keepsReporting('LC-1', { lampsLit: 0, voltage: 0 }).at('20:30');
    expect(town.story('finding')).toEqual([
      '20:00:00 begun finding F-1 (condition)',
      expect.stringMatching(/held finding F-1 \(inhibited\)/),
    ]);
  });
});

describe('a run of dark lamps', () => {
  const run = rule('dark run', '  atLeast: 3\n');
  const lamp = (place: number, more: object = {}) =>
    lampController(`L-${place}`, { power: 'always', attributes: { lamps: 1, sequence: place, ...more } });
  const say = (town: Timeline, text: string) => {
    for (const [index, letter] of [...text].entries())
      if (letter !== '?') town.keepsReporting(`L-${index + 1}`, letter === 'x' ? DARK : LIT);
    return town.at('20:01');
  };
  const row = (text: string, more: Record<number, object> = {}) =>
    say(
      townWith(
        run,
        [...text].map((_, index) => lamp(index + 1, more[index + 1])),
      ),
      text,
    );

  it.each([
    ['oxxxo', 'breach'],
    ['xxoxx', 'ok'],
    ['oxxox', 'ok'],
    ['x?xo', 'unknown: coverage'],
    ['xx?x', 'unknown: coverage'],
    ['??oo', 'ok'],
  ])('along %s (x out, ? unknown) is %s', (text, verdict) => {
    expect(row(text).verdict('finding', 'avenue')).toBe(verdict);
  });

  it('is of the lamps in their order, not in that of their ids', () => {
    expect(row('xoxox', { 2: { sequence: 9 }, 4: { sequence: 8 } }).verdict('finding', 'avenue')).toBe('breach');
  });

  it('goes on over a lamp that need not burn', () => {
    expect(row('xxox', { 3: { plan: 'alternate', planLamps: 0 } }).verdict('finding', 'avenue')).toBe('breach');
  });

  it('knows no place of the lamps of a concentrator', () => {
    const town = townWith(run, [TEN]).keepsReporting('LC-1', DARK).at('20:05');
    expect(town.verdict('finding', 'avenue')).toBe('idle: not-expected');
  });

  it('names the lamps', () => {
    expect(
      row('oxxxo')
        .last('fired')
        .evidence.map(({ device }) => device),
    ).toEqual(['L-2', 'L-3', 'L-4']);
  });
});

describe('a day burner', () => {
  const burner = rule('day burner');

  it('burns by a report of the day, and is seen off by another', () => {
    const town = townWith(burner, [TEN], '2026-11-23T06:30').keepsReporting('LC-1', { lampsLit: 2 }).at('07:04');
    // Sunrise is at 06:45: until twenty minutes later it may burn.
    expect(town.story()).toEqual([]);
    town.at('07:15');
    expect(town.story()).toEqual([
      expect.stringMatching(/^07:\d\d:\d\d begun finding LC-1 \(condition\)$/),
      expect.stringMatching(/^07:\d\d:\d\d fired finding LC-1 \(at-once\)$/),
    ]);
    expect(town.last('fired').values).toEqual({ burning: 2 });
    town.keepsReporting('LC-1', DARK).at('07:16');
    expect(town.story().at(-1)).toBe('07:15:00 resolved finding LC-1 (cleared)');
  });

  it('is not over because night has come, nor because it falls silent', () => {
    const day = townWith(burner, [TEN], '2026-11-22T16:00').keepsReporting('LC-1', { lampsLit: 2 }).at('16:30');
    expect(day.at('20:00').story().length).toBe(2);
    expect(day.verdict('finding', 'LC-1')).toBe('idle: dark');
    const silent = townWith(burner, [TEN], '2026-11-22T12:00').reports('LC-1', { lampsLit: 2 }).at('13:00');
    expect([silent.story().length, silent.verdict('finding', 'LC-1')]).toEqual([2, 'unknown: no-sample']);
  });

  it('is none when it last spoke by night', () => {
    const town = townWith(burner, [TEN], '2026-11-23T06:30').at('07:00').reports('LC-1', { lampsLit: 10 }).at('07:10');
    expect([town.story(), town.verdict('finding', 'LC-1')]).toEqual([[], 'unknown: no-sample']);
  });
});

describe('a cycling lamp', () => {
  const cycling = rule('cycling lamp', '  atLeast: 4\n  within: 30m\n');
  const turns = (town: Timeline, ...times: string[]) => {
    for (const [index, time] of times.entries()) town.at(time).reports('L-1', index % 2 === 0 ? LIT : DARK);
    return town;
  };
  const lamp = () => townWith(cycling, [lampController('L-1')]);

  it('goes on and off so often within that time, by its samples', () => {
    const town = turns(lamp(), '20:00', '20:05', '20:10', '20:15').at('20:16');
    expect(town.story()).toEqual([]);
    turns(town, '20:20').at('20:21');
    expect(town.story().at(-1)).toBe('20:20:00 fired finding L-1 (at-once)');
    town.keepsReporting('L-1', LIT).at('20:36');
    expect(town.story().at(-1)).toBe('20:35:00 resolved finding L-1 (cleared)');
  });

  it('is found by what comes at once, also where the last of it says what was said before', () => {
    const town = turns(lamp(), '20:00').at('20:10');
    town.uploads('L-1', { '20:05': DARK, '20:06': LIT, '20:07': DARK, '20:08': LIT, '20:09': LIT });
    expect(town.at('20:11').story().at(-1)).toBe('20:10:00 fired finding L-1 (at-once)');
  });

  it('is not one that turns more slowly, nor one whose samples say the same again', () => {
    expect(turns(lamp(), '20:00', '20:15', '20:30', '20:45', '21:00', '21:15').at('21:16').story()).toEqual([]);
    const steady = lamp();
    for (const time of ['20:00', '20:05', '20:10', '20:15', '20:20']) steady.at(time).reports('L-1', LIT);
    expect(steady.at('20:21').story()).toEqual([]);
  });

  it('is not one of many that come on one after the other', () => {
    const town = townWith(cycling, [TEN]);
    for (const [index, time] of ['20:00', '20:01', '20:02', '20:03', '20:04', '20:05'].entries())
      town.at(time).reports('LC-1', { lampsLit: 5 + index });
    expect(town.at('20:06').story()).toEqual([]);
  });

  it('is not ended by its silence', () => {
    const town = turns(lamp(), '20:00', '20:01', '20:02', '20:03', '20:04').at('21:30');
    expect([town.story().length, town.verdict('finding', 'L-1')]).toEqual([2, 'unknown: no-sample']);
  });
});

describe('a circuit off its schedule', () => {
  const schedule = rule('off schedule');

  it('is dark as a whole after dusk, until a lamp of it burns', () => {
    const devices = [lampController('L-1', { power: 'always' }), lampController('L-2', { power: 'always' })];
    const town = townWith(schedule, devices, '2026-11-22T16:50');
    town.keepsReporting('L-1', DARK).keepsReporting('L-2', DARK).at('17:19');
    expect(town.story()).toEqual([]);
    town.at('17:21');
    expect(town.story().at(-1)).toMatch(/^17:(19|20):\d\d fired finding F-1 \(at-once\)$/);
    expect(town.verdict('finding', 'F-1')).toBe('breach: off');
    town.keepsReporting('L-1', LIT).at('17:22');
    expect(town.story().at(-1)).toBe('17:21:00 resolved finding F-1 (cleared)');
  });

  it('burns by day as a whole; one lamp alone is no circuit', () => {
    const town = townWith(schedule, [TEN], '2026-11-22T12:00').keepsReporting('LC-1', { lampsLit: 4 }).at('12:10');
    expect([town.story(), town.verdict('finding', 'F-1')]).toEqual([[], 'ok']);
    town.keepsReporting('LC-1', { lampsLit: 5 }).at('12:11');
    expect(town.verdict('finding', 'F-1')).toBe('breach: on');
    const one = townWith(schedule, [lampController('L-1')], '2026-11-22T12:00')
      .keepsReporting('L-1', LIT)
      .at('12:10');
    expect(one.story()).toEqual([]);
  });

  it('is not one of which nothing is heard since dusk', () => {
    const town = townWith(schedule, [TEN], '2026-11-22T16:50').keepsReporting('LC-1', DARK).at('16:56');
    expect([town.fallsSilent('LC-1').at('17:50').story(), town.verdict('finding', 'F-1')]).toEqual([
      [],
      'unknown: no-sample',
    ]);
  });

  it('is not one that went dark in the night', () => {
    const town = townWith(schedule, [TEN]).keepsReporting('LC-1', { lampsLit: 9 }).at('22:00');
    town.keepsReporting('LC-1', DARK).at('23:00');
    expect([town.story(), town.verdict('finding', 'F-1')]).toEqual([[], 'unknown: no-sample']);
  });

  it('takes the hours of a published timetable', () => {
    const roads = TOWN.roads.map((road) => ({ ...road, switching: { timetable: 'all' } }));
    const timetables = [{ id: 'all', days: [{ date: '2026-01-01', on: '18:00', off: '06:00' }] }];
    const town = new Timeline('2026-11-22T17:30', schedule, [TEN], { ...TOWN, roads, timetables });
    town.keepsReporting('LC-1', DARK).at('18:19');
    expect(town.story()).toEqual([]);
    expect(town.at('18:21').story().at(-1)).toContain('fired finding F-1');
  });
});

describe('a registry mismatch', () => {
  const mismatch = rule('registry mismatch', '  for: 10m\n');

  it('is told to the organisation of the device, with both figures', () => {
    const town = townWith(mismatch, [TEN]).keepsReporting('LC-1', { lampsLit: 8, lampsTotal: 12 }).at('20:11');
    expect(town.story().at(-1)).toBe('20:10:00 fired finding LC-1 (held)');
    expect(town.last('fired').values).toEqual({ lampsTotal: 12, lamps: 10 });
    expect(town.last('begun')).toMatchObject({
      organisation: 'urban-management',
      subject: { type: 'device', id: 'LC-1' },
    });
    town.changes('LC-1', { attributes: { lamps: 12 } }).at('20:12');
    expect(town.story().at(-1)).toBe('20:11:00 resolved finding LC-1 (cleared)');
  });

  it('is found by day as well, and not ended by a report that does not count', () => {
    const town = townWith(mismatch, [TEN], '2026-11-22T12:00').keepsReporting('LC-1', { lampsLit: 0, lampsTotal: 12 });
    expect(town.at('12:11').story().length).toBe(2);
    town.keepsReporting('LC-1', { lampsLit: 0 }).at('12:30');
    expect([town.story().length, town.verdict('finding', 'LC-1')]).toEqual([2, 'unknown: no-sample']);
  });
});
