import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import type { Value } from '../../src/model/sample.ts';
import type { Town } from '../../src/model/town.ts';
import { Engine } from '../../src/rules/engine.ts';
import { ratesOf, verdictOf } from '../../src/rules/lamp-rate.ts';
import { type GroupCount, type LampGroup, Lighting } from '../../src/rules/lighting.ts';
import { journals } from './support/journals.ts';
import { local, Timeline } from './support/timeline.ts';
import { concentrator, KINDS, lampController, TOWN } from './support/town.ts';

const TEN = concentrator('LC-1');

/** The lamps of a group as the newest tick found them. */
function countOf(town: Timeline, group: LampGroup = 'town', id = 'lailong') {
  const count = town.engine.counts.find((one) => one.group === group && one.id === id);
  if (count === undefined) return null;
  const { expected, lit, out, unknown } = count;
  return { expected, lit, out, unknown };
}

function townAt(
  devices: Device[],
  time: string,
  reports: Record<string, Record<string, Value>>,
  from = '2026-11-22T20:00',
) {
  const town = new Timeline(from, '[]', devices);
  for (const [device, values] of Object.entries(reports)) town.keepsReporting(device, values);
  return town.at(time);
}

describe('a lamp', () => {
  it.each([
    ['lit, or out, by the newest report', { lampsLit: 7 }, { lit: 7, out: 3, unknown: 0 }],
    ['lit no more often than it is expected', { lampsLit: 12 }, { lit: 10, out: 0, unknown: 0 }],
    ['out when a dimmed half says it burns', { lampsLit: 7.9 }, { lit: 7, out: 3, unknown: 0 }],
    [
      'unknown, not out, where the report counts other lamps',
      { lampsLit: 7, lampsTotal: 9 },
      { lit: 7, out: 0, unknown: 3 },
    ],
    ['out where the report counts the same lamps', { lampsLit: 7, lampsTotal: 10 }, { lit: 7, out: 3, unknown: 0 }],
    ['unknown where no report says anything of lamps', { voltage: 230 }, { lit: 0, out: 0, unknown: 10 }],
  ])('is %s', (_what, values, count) => {
    expect(countOf(townAt([TEN], '20:05', { 'LC-1': values }))).toEqual({ expected: 10, ...count });
  });

  it('is unknown once its last report is older than three intervals, never dark', () => {
    const town = townAt([TEN], '20:03', { 'LC-1': { lampsLit: 9 } })
      .fallsSilent('LC-1')
      .at('20:15');
    expect(countOf(town)).toEqual({ expected: 10, lit: 9, out: 1, unknown: 0 });
    expect(countOf(town.at('20:16'))).toEqual({ expected: 10, lit: 0, out: 0, unknown: 10 });
  });

  it('is unknown when all that comes is old', () => {
    const town = townAt([TEN], '20:30', {}).reports('LC-1', { lampsLit: 10 }, { measured: '20:10' }).at('20:31');
    expect(countOf(town)).toEqual({ expected: 10, lit: 0, out: 0, unknown: 10 });
  });

  it('that says the same again is known for as long again; another total, or a word at dusk, is taken all the same', () => {
    const town = townAt([TEN], '20:00', { 'LC-1': { lampsLit: 9 } });
    expect(countOf(town.at('21:01').fallsSilent('LC-1').at('21:15'))).toMatchObject({ lit: 9, out: 1 });
    expect(countOf(town.at('21:16'))).toMatchObject({ lit: 0, unknown: 10 });
    town.reports('LC-1', { lampsLit: 9, lampsTotal: 10 }).at('21:17');
    expect(countOf(town.reports('LC-1', { lampsLit: 9, lampsTotal: 9 }).at('21:18'))).toMatchObject({
      out: 0,
      unknown: 1,
    });
    // The sun sets at 17:00. What burned by day is no word on the night until it is said again.
    const dusk = townAt([TEN], '16:55', {}, '2026-11-22T16:00').reports('LC-1', { lampsLit: 10 }).at('17:02');
    expect(countOf(dusk)).toMatchObject({ expected: 10, lit: 0 });
    dusk.reports('LC-1', { lampsLit: 10 }).at('17:03');
    expect(countOf(dusk)).toMatchObject({ expected: 10, lit: 10 });
  });

  it('is as its newest report says, whatever older ones come later', () => {
    const town = townAt([TEN], '20:10', { 'LC-1': { lampsLit: 9 } });
    expect(countOf(town.reports('LC-1', { lampsLit: 0 }, { measured: '20:02' }).at('20:11'))).toMatchObject({ lit: 9 });
  });

  it('counts for nothing by day, before it is in service, or when it is retired', () => {
    expect(countOf(townAt([TEN], '12:05', { 'LC-1': { lampsLit: 10 } }, '2026-11-22T12:00'))).toMatchObject({
      expected: 0,
    });
    const later = concentrator('LC-2', { inService: { from: local('2026-11-22T21:00'), to: null } });
    const town = townAt([TEN, later], '20:05', { 'LC-1': { lampsLit: 10 }, 'LC-2': { lampsLit: 0 } });
    expect(countOf(town)).toMatchObject({ expected: 10, out: 0 });
    expect(countOf(town.at('21:05'))).toMatchObject({ expected: 20, out: 10 });
    expect(countOf(town.retires('LC-2').at('21:06'))).toMatchObject({ expected: 10, out: 0 });
  });

  it('belongs to one device: a concentrator whose lamps have their own controllers has none', () => {
    const town = townAt([concentrator('LC-1', { attributes: { lamps: 0 } }), lampController('L-1')], '20:05', {
      'LC-1': { lampsLit: 0 },
      'L-1': { lampsLit: 1 },
    });
    expect(countOf(town)).toEqual({ expected: 1, lit: 1, out: 0, unknown: 0 });
  });
});

describe("a lamp's plan", () => {
  const withPlan = (plan: string) => concentrator('LC-1', { attributes: { lamps: 9, plan } });

  it.each([
    ['all-night', 9, 9],
    ['half-night', 9, 0],
    ['alternate', 5, 5],
    ['one-side', 5, 5],
  ])('%s: %i of 9 are expected in the evening, %i after midnight', (plan, evening, morning) => {
    const town = townAt([withPlan(plan)], '20:01', {});
    expect(countOf(town)?.expected).toBe(evening);
    expect(countOf(townAt([withPlan(plan)], '05:01', {}, '2026-11-23T05:00'))?.expected).toBe(morning);
  });

  it('half-night ends at its hour of the town, and leaves as many as the plan says', () => {
    const plan = { lamps: 9, plan: 'half-night', planUntil: '23:30', planLamps: 3 };
    const town = townAt([concentrator('LC-1', { attributes: plan })], '23:00', { 'LC-1': { lampsLit: 9 } });
    expect(countOf(town)).toMatchObject({ expected: 9, lit: 9 });
    expect(countOf(town.at('23:30:05'))).toMatchObject({ expected: 3, lit: 3 });
    town.keepsReporting('LC-1', { lampsLit: 2 });
    expect(countOf(town.at('23:49'))).toMatchObject({ expected: 3, out: 0, unknown: 1 });
    expect(countOf(town.at('01:00'))).toMatchObject({ expected: 3, out: 1 });
    expect(countOf(town.at('18:00'))).toMatchObject({ expected: 9 });
  });

  it('half-night of an hour after midnight is that of the morning after', () => {
    const plan = { lamps: 9, plan: 'half-night', planUntil: '01:00' };
    const town = townAt([concentrator('LC-1', { attributes: plan })], '00:59', {}, '2026-11-22T23:50');
    expect(countOf(town)).toMatchObject({ expected: 9 });
    expect(countOf(town.at('01:01'))).toMatchObject({ expected: 0 });
  });

  it('half-night is switched too: nobody is judged out just before its hour', () => {
    const plan = { lamps: 9, plan: 'half-night', planUntil: '23:30' };
    const town = townAt([concentrator('LC-1', { attributes: plan })], '23:05', { 'LC-1': { lampsLit: 5 } });
    expect(countOf(town)).toMatchObject({ out: 4 });
    expect(countOf(town.at('23:11'))).toMatchObject({ out: 0, unknown: 4 });
  });

  it.each([
    ['alternate', 7, 7],
    ['one-side', 0, 0],
    ['dimmed', 4, 9],
  ])('%s with planLamps %i expects %i of 9', (plan, planLamps, expected) => {
    const device = concentrator('LC-1', { attributes: { lamps: 9, plan, planLamps } });
    expect(countOf(townAt([device], '20:01', {}))).toMatchObject({ expected });
  });

  it("half-night ends at the place's mean midnight, 0:06 at 118.4° east, with verdict idle", () => {
    const town = townAt([withPlan('half-night')], '00:06', { 'LC-1': { lampsLit: 9 } }, '2026-11-22T23:55');
    expect(countOf(town)).toMatchObject({ expected: 9, lit: 9 });
    town.at('00:07');
    const [count] = town.engine.counts;
    expect(count && verdictOf(count, 0.97, true)).toEqual({ verdict: 'idle', reason: 'lamp-plan' });
  });

  it('asks of an alternate lamp no more than its half', () => {
    expect(countOf(townAt([withPlan('alternate')], '20:05', { 'LC-1': { lampsLit: 5 } }))).toEqual({
      expected: 5,
      lit: 5,
      out: 0,
      unknown: 0,
    });
  });
});

describe('dusk and dawn', () => {
  it('re-judge what is known without a message: what a report of the day says is no word on the night', () => {
    const town = townAt([TEN], '16:58', { 'LC-1': { lampsLit: 0 } }, '2026-11-22T16:47').fallsSilent('LC-1');
    expect(countOf(town)).toMatchObject({ expected: 0 });
    // The report of 16:57 is from before sunset (17:00), and three intervals old before the transition is over.
    for (const time of ['17:03', '17:08', '17:22'])
      expect(countOf(town.at(time))).toEqual({ expected: 10, lit: 0, out: 0, unknown: 10 });
  });

  it('wait for a slow reporter until it had an interval and a minute to speak', () => {
    const slow = concentrator('LC-1', { reportInterval: 3_600 });
    const town = townAt([slow], '16:58', { 'LC-1': { lampsLit: 0 } }, '2026-11-22T16:57').fallsSilent('LC-1');
    expect(countOf(town.at('17:59'))).toEqual({ expected: 10, lit: 0, out: 0, unknown: 10 });
    expect(countOf(town.at('18:03'))).toEqual({ expected: 10, lit: 0, out: 10, unknown: 0 });
  });

  it('leave lamps time to warm up and photocells to differ: for twenty minutes none is judged out', () => {
    const town = townAt([TEN], '17:02', {}, '2026-11-22T16:47');
    town.keepsReporting('LC-1', { lampsLit: 8 });
    expect(countOf(town.at('17:03'))).toEqual({ expected: 10, lit: 8, out: 0, unknown: 2 });
    const [count] = town.engine.counts;
    expect(count && verdictOf(count, 0.97, true)).toEqual({ verdict: 'unknown', reason: 'transition' });
    expect(countOf(town.at('17:21'))).toEqual({ expected: 10, lit: 8, out: 2, unknown: 0 });
    // Sunrise is at 06:45.
    expect(countOf(town.at('06:24'))).toEqual({ expected: 10, lit: 8, out: 2, unknown: 0 });
    expect(countOf(town.at('06:26'))).toEqual({ expected: 10, lit: 8, out: 0, unknown: 2 });
  });

  it('take as long a transition as the town says', () => {
    const town = new Timeline('2026-11-22T16:47', '[]', [TEN], { ...TOWN, lighting: { transition: 300_000 } });
    town.at('17:01').keepsReporting('LC-1', { lampsLit: 8 });
    expect(countOf(town.at('17:04'))).toMatchObject({ out: 0 });
    expect(countOf(town.at('17:06'))).toMatchObject({ out: 2 });
  });

  it('come to each lamp at its own place: farther west the sun sets later', () => {
    const west = concentrator('LC-2', { location: [117.4, 33.9] });
    const town = townAt([TEN, west], '17:02', {}, '2026-11-22T16:50');
    expect(countOf(town)?.expected).toBe(10);
    expect(countOf(town.at('17:05'))?.expected).toBe(20);
  });
});

describe('groups of lamps', () => {
  it('are the town, its villages, roads and their classes, and feeders', () => {
    const town = townAt(
      [
        TEN,
        concentrator('LC-2', { area: 'park', road: 'lane', parent: 'F-2' }),
        concentrator('LC-3', { road: null, parent: null }),
      ],
      '20:01',
      {},
    );
    expect(town.engine.counts.map(({ group, id, expected }) => `${group} ${id} ${expected}`)).toEqual([
      'town lailong 30',
      'village centre 20',
      'village park 10',
      'road avenue 10',
      'road lane 10',
      'class alley 10',
      'class main 10',
      'feeder F-1 10',
      'feeder F-2 10',
    ]);
    const { lighting } = town.engine;
    expect([lighting.nameOf('class', 'alley').zh, lighting.nameOf('feeder', 'F-1').en]).toEqual([
      '背街小巷',
      'Feeder F-1',
    ]);
  });
});

describe('a sample whose time had to be replaced', () => {
  it('counts for the rate now, and not for the record', () => {
    const town = townAt([TEN], '20:01', {}).reports('LC-1', { lampsLit: 10 }, { replaced: true }).at('20:02');
    expect(countOf(town)).toMatchObject({ lit: 10, unknown: 0 });
    expect(town.engine.counts[0]?.recorded).toEqual({ expected: 10, lit: 0, out: 0, unknown: 10 });
    town.reports('LC-1', { lampsLit: 10 }).at('20:03');
    expect(town.engine.counts[0]?.recorded).toMatchObject({ lit: 10, unknown: 0 });
  });
});

describe('the rate', () => {
  it('is an interval with coverage, and one figure that a bureau quotes', () => {
    expect(ratesOf({ expected: 3_000, lit: 2_930, out: 40, unknown: 30 })).toEqual({
      low: 2_930 / 3_000,
      high: 2_960 / 3_000,
      reported: 2_930 / 2_970,
      coverage: 2_970 / 3_000,
    });
    expect(ratesOf({ expected: 0, lit: 0, out: 0, unknown: 0 })).toEqual({
      low: null,
      high: null,
      reported: null,
      coverage: null,
    });
    expect(ratesOf({ expected: 5, lit: 0, out: 0, unknown: 5 })).toMatchObject({
      low: 0,
      high: 1,
      reported: null,
      coverage: 0,
    });
  });

  it.each([
    ['ok', { lit: 97, out: 3, unknown: 0 }],
    ['ok', { lit: 97, out: 0, unknown: 3 }],
    ['breach', { lit: 96, out: 4, unknown: 0 }],
    ['breach', { lit: 50, out: 4, unknown: 46 }],
    ['unknown', { lit: 96, out: 3, unknown: 1 }],
    ['unknown', { lit: 0, out: 0, unknown: 100 }],
  ])('is %s of %j at a target of 0.97', (verdict, count) => {
    expect(verdictOf({ expected: 100, ...count }, 0.97, true).verdict).toBe(verdict);
  });

  it("is idle where nothing is expected, by day and by the lamps' plan", () => {
    const none = { expected: 0, lit: 0, out: 0, unknown: 0 };
    expect(verdictOf(none, 0.97, false)).toEqual({ verdict: 'idle', reason: 'daylight' });
    expect(verdictOf(none, 0.97, true)).toEqual({ verdict: 'idle', reason: 'lamp-plan' });
  });
});

describe('the lamps of a feeder that is known to be dead', () => {
  const RULE = `
- id: feeder-supply
  type: threshold
  kind: lighting-controller
  name: { zh: 回路停电, en: Feeder outage }
  power: always
  when: voltage < 50
  for: 60s
  subject: parent
  severity: critical
  lamps: out
`;
  const LIT = { lampsLit: 1 };
  /** A concentrator without lamps of its own, whose two single lamps burn, and a lamp of another feeder. */
  function night() {
    const lamps = [lampController('L-1'), lampController('L-2'), lampController('L-9', { parent: 'F-2' })];
    const devices = [concentrator('LC-1', { attributes: { lamps: 0 } }), ...lamps];
    const town = new Timeline('2026-11-22T20:00', RULE, devices).keepsReporting('LC-1', { voltage: 230 });
    for (const { id } of lamps) town.keepsReporting(id, LIT);
    return town.at('20:20');
  }

  it('are out at once, whatever they said before, and those of other feeders are not', () => {
    const town = night();
    expect(countOf(town)).toEqual({ expected: 3, lit: 3, out: 0, unknown: 0 });
    town.fallsSilent('L-1', 'L-2').keepsReporting('LC-1', { voltage: 0 }).at('20:21');
    expect(countOf(town, 'feeder', 'F-1')).toEqual({ expected: 2, lit: 0, out: 2, unknown: 0 });
    expect(countOf(town, 'feeder', 'F-2')).toEqual({ expected: 1, lit: 1, out: 0, unknown: 0 });
  });

  it('stay out when the concentrator falls silent too, and are unknown when the supply is back until they report', () => {
    const town = night().fallsSilent('L-1', 'L-2').reports('LC-1', { voltage: 0 }).fallsSilent('LC-1').at('21:30');
    expect(countOf(town, 'feeder', 'F-1')).toEqual({ expected: 2, lit: 0, out: 2, unknown: 0 });
    town.keepsReporting('LC-1', { voltage: 230 }).at('21:31');
    expect(countOf(town, 'feeder', 'F-1')).toEqual({ expected: 2, lit: 0, out: 0, unknown: 2 });
    town.keepsReporting('L-1', LIT).at('21:32');
    expect(countOf(town, 'feeder', 'F-1')).toEqual({ expected: 2, lit: 1, out: 0, unknown: 1 });
  });

  it('are lit where they report so since', () => {
    const town = night().fallsSilent('L-2').keepsReporting('LC-1', { voltage: 0 }).at('20:31');
    expect(countOf(town, 'feeder', 'F-1')).toEqual({ expected: 2, lit: 1, out: 1, unknown: 0 });
  });

  it('are as they say where the rule does not speak for lamps', () => {
    const town = night().rulebook(RULE.replace('  lamps: out\n', ''));
    town.fallsSilent('L-1', 'L-2').keepsReporting('LC-1', { voltage: 0 }).at('20:25');
    expect(countOf(town, 'feeder', 'F-1')).toEqual({ expected: 2, lit: 2, out: 0, unknown: 0 });
  });
});

describe('a circuit with a published timetable', () => {
  const days = [{ date: '2026-01-01', on: '18:00', off: '06:00' }];
  const PUBLISHED: Town = {
    ...TOWN,
    roads: TOWN.roads.map((road) => ({ ...road, switching: { timetable: 'all' } })),
    timetables: [{ id: 'all', days }],
  };
  const DARK = { lampsLit: 0 };
  const start = (from: string, lit: number) => {
    const town = new Timeline(from, '[]', [TEN, lampController('L-1')], PUBLISHED);
    return town.keepsReporting('LC-1', { lampsLit: lit }).keepsReporting('L-1', { lampsLit: Math.min(lit, 1) });
  };

  it('is expected to burn by it, whatever the sun does', () => {
    const town = start('2026-11-22T17:30', 10);
    expect(countOf(town.at('17:59'))).toMatchObject({ expected: 0 });
    expect(countOf(town.at('18:01'))).toMatchObject({ expected: 11 });
  });

  it('that is not switched on yet is off schedule for an hour, not dark, and dark from then on', () => {
    const town = start('2026-11-22T17:50', 0).at('18:30');
    expect(town.engine.counts[0]).toMatchObject({ expected: 0, out: 0, offSchedule: 11 });
    const [count] = town.engine.counts;
    expect(count && verdictOf(count, 0.97, true)).toEqual({ verdict: 'idle', reason: 'off-schedule' });
    expect(town.at('19:01').engine.counts[0]).toMatchObject({ expected: 11, out: 11, offSchedule: 0 });
  });

  it('counts as dark what stays off when the others have been switched on, be they out again', () => {
    const town = start('2026-11-22T17:50', 0).at('18:30').keepsReporting('L-1', { lampsLit: 1 }).at('18:31');
    expect(town.engine.counts[0]).toMatchObject({ expected: 11, lit: 1, out: 10, offSchedule: 0 });
    town.keepsReporting('L-1', DARK).at('18:37');
    expect(town.engine.counts[0]).toMatchObject({ expected: 11, out: 11, offSchedule: 0 });
  });

  it('that is switched off too early is off schedule as well, but not one that died in the night', () => {
    const early = start('2026-11-23T04:00', 10).at('05:10').keepsReporting('LC-1', DARK).keepsReporting('L-1', DARK);
    expect(early.at('05:20').engine.counts[0]).toMatchObject({ expected: 0, offSchedule: 11 });
    const died = start('2026-11-23T03:00', 10).at('04:00').keepsReporting('LC-1', DARK).keepsReporting('L-1', DARK);
    expect(died.at('05:20').engine.counts[0]).toMatchObject({ expected: 11, out: 11, offSchedule: 0 });
  });

  it('is dark where the sun alone is its schedule', () => {
    const town = new Timeline('2026-11-22T16:50', '[]', [TEN]).keepsReporting('LC-1', DARK).at('17:25');
    expect(countOf(town)).toMatchObject({ expected: 10, out: 10 });
  });
});

describe('a road with a shift against the sun', () => {
  it('has its own hours, by which its night has a date too', () => {
    const roads = TOWN.roads.map((road) =>
      road.id === 'avenue' ? { ...road, switching: { dusk: -1_800_000 } } : road,
    );
    const town = new Timeline('2026-11-22T16:20', '[]', [TEN, concentrator('LC-2', { road: 'lane' })], {
      ...TOWN,
      roads,
    });
    expect(countOf(town.at('16:29'))).toMatchObject({ expected: 0 });
    expect(countOf(town.at('16:31'))).toMatchObject({ expected: 10 });
    expect(town.engine.night).toBe('2026-11-22');
    expect(countOf(town.at('17:01'))).toMatchObject({ expected: 20 });
    town.town(TOWN).at('17:02');
    expect(countOf(town)).toMatchObject({ expected: 20 });
  });

  it('burns into the morning of the same night', () => {
    const roads = TOWN.roads.map((road) => ({ ...road, switching: { dawn: 1_800_000 } }));
    const town = new Timeline('2026-11-23T06:00', '[]', [TEN], { ...TOWN, roads }).at('07:05');
    expect([countOf(town)?.expected, town.engine.night]).toEqual([10, '2026-11-22']);
    town.at('07:20');
    expect([countOf(town)?.expected, town.engine.night]).toEqual([0, null]);
  });
});

describe('lamps in maintenance', () => {
  it('are not expected, and a group of no others says why', () => {
    const { roster } = townAt([TEN, concentrator('LC-2', { area: 'park' })], '20:05', {
      'LC-1': { lampsLit: 0 },
    }).engine;
    const from = local('2026-11-22T20:10');
    const work = {
      id: 'M-1',
      subject: { type: 'device', id: 'LC-1' },
      reason: 'repair',
      by: 'Li',
      endedBy: null,
    } as const;
    roster.maintain({ ...work, from, to: from + 3_600_000 }, from - 60_000);
    const lighting = new Lighting(roster);
    const town = (at: number) => lighting.count(at, new Map()).find(({ id }) => id === 'centre');
    expect(town(from - 1)).toMatchObject({ expected: 10, maintained: 0 });
    const count = town(from);
    expect(count).toMatchObject({ expected: 0, out: 0, maintained: 10 });
    expect(count && verdictOf(count, 0.97, true)).toEqual({ verdict: 'idle', reason: 'maintenance' });
    expect(lighting.count(from, new Map())[0]).toMatchObject({ expected: 10, maintained: 10 });
  });
});

describe('lamps that are commissioned with their first report', () => {
  it('are not expected before it, be it of the voltage only', () => {
    const town = townAt([concentrator('LC-1', { inService: 'auto' })], '20:05', {});
    expect(countOf(town)).toMatchObject({ expected: 0 });
    expect(countOf(town.reports('LC-1', { voltage: 230 }).at('20:06'))).toMatchObject({ expected: 10, unknown: 10 });
  });
});

it('a group that one lamp leaves and another enters between two ticks counts the one that came', () => {
  const lane = concentrator('LC-1', { road: 'lane' });
  const town = townAt([lane, concentrator('LC-2')], '20:05', { 'LC-1': { lampsLit: 10 }, 'LC-2': { lampsLit: 9 } });
  expect(countOf(town, 'road', 'avenue')).toMatchObject({ lit: 9 });
  town.changes('LC-1', { road: 'avenue' }).changes('LC-2', { road: 'lane' }).at('20:06');
  expect(countOf(town, 'road', 'avenue')).toMatchObject({ expected: 10, lit: 10 });
  expect(countOf(town, 'road', 'lane')).toMatchObject({ expected: 10, lit: 9 });
});

it('a count that is corrected from tick to tick is the one that is made anew', () => {
  const known = ({ group, id, devices, version: _, ...counts }: GroupCount) => ({
    group,
    id,
    ...counts,
    devices: [...devices.keys()].sort(),
  });
  fc.assert(
    fc.property(journals, (records) => {
      const engine = new Engine(KINDS, () => {});
      for (const record of records) {
        engine.feed(record);
        if (record.type !== 'tick') continue;
        const fresh = new Lighting(engine.roster).count(record.at, engine.deadNodes());
        expect(engine.counts.map(known)).toEqual(fresh.map(known));
      }
    }),
    { numRuns: 30 },
  );
});
