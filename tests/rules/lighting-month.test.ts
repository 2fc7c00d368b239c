import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { LightingMonths } from '../../src/rules/lighting-month.ts';
import { temporaryStore } from '../support/temporary.ts';
import { local, Timeline } from './support/timeline.ts';
import { concentrator, TOWN } from './support/town.ts';

const HOUR = 3_600_000;
const PUBLISHED = {
  ...TOWN,
  roads: TOWN.roads.map((road) => ({ ...road, switching: { timetable: 'all' } })),
  timetables: [{ id: 'all', days: [{ date: '2026-01-01', on: '18:00', off: '06:00' }] }],
};

async function monthsOf(town: Timeline) {
  const store = await temporaryStore();
  const checkpoint = new Checkpoint(store);
  await store.transaction(() => checkpoint.save(town.engine, town.records.length + 1));
  return new LightingMonths(town.engine, checkpoint);
}

/** The last night of November and the first of December: eight of ten lamps burn, and from 04:00 on nothing is heard. */
function turnOfTheMonth(lighting = {}) {
  const town = new Timeline('2026-11-30T17:00', '[]', [concentrator('LC-1')], { ...PUBLISHED, lighting });
  town.keepsReporting('LC-1', { lampsLit: 8 }).at('03:45').fallsSilent('LC-1');
  return town.at('12:00').at('20:00').keepsReporting('LC-1', { lampsLit: 10 }).at('23:00');
}

describe('a month', () => {
  it('comes to lamp-hours lit of those expected, the unknown ones shown; a night over its end is parted at midnight', async () => {
    const months = await monthsOf(turnOfTheMonth());
    const [november] = months.of('town', '2026-11');
    // 18:00 to 24:00; for twenty minutes two lamps are not judged out.
    expect(november).toMatchObject({ month: '2026-11', lampHours: { expected: 60, lit: 48 } });
    expect(november?.lampHours.unknown).toBeCloseTo(2 / 3, 1);
    expect(november?.lampHours.out).toBeCloseTo(12 - 2 / 3, 1);
    expect(november?.lampHours.low).toBeCloseTo(0.8, 3);
    const [december] = months.of('town', '2026-12');
    // 00:00 to 06:00 and 18:00 to 23:00; what was said at 03:40 stands until 03:55, and 20:00 to 23:00 all burn.
    expect(december?.lampHours.expected).toBeCloseTo(110, 1);
    expect(december?.lampHours.lit).toBeCloseTo(8 * (3 + 55 / 60) + 30, 0);
    expect(december?.lampHours.out).toBeCloseTo(2 * (3 + 55 / 60), 0);
    const { expected = 0, lit = 0, out = 0, unknown = 0 } = december?.lampHours ?? {};
    expect(lit + out + unknown).toBeCloseTo(expected, 2);
  });

  it('is inspected at a fixed time of each night, as the bureau counts', async () => {
    const months = await monthsOf(turnOfTheMonth());
    expect(months.of('town', '2026-11')[0]?.inspection).toEqual({
      ...{ expected: 10, lit: 8, out: 2, unknown: 0, low: 0.8, high: 0.8, reported: 0.8, coverage: 1 },
      ...{ time: '21:00', nights: 1 },
    });
    expect(months.of('town', '2026-12')[0]?.inspection).toMatchObject({ expected: 10, lit: 10, nights: 1 });
    const early = await monthsOf(turnOfTheMonth({ inspection: '05:00' }));
    expect(early.of('town', '2026-12')[0]?.inspection).toMatchObject({ time: '05:00', expected: 10, unknown: 10 });
    expect(early.of('town', '2026-11')[0]?.inspection).toMatchObject({ nights: 0, expected: 0, low: null });
  });

  it('is that of the groups that have a record of it, or of one', async () => {
    const months = await monthsOf(turnOfTheMonth());
    expect(months.of('road', '2026-11').map(({ id, name }) => [id, name.en])).toEqual([['avenue', 'Avenue']]);
    expect([months.of('road', '2026-11', 'lane'), months.of('town', '2026-10')]).toEqual([[], []]);
  });

  it('says how much of it was looked at', async () => {
    const town = new Timeline('2026-11-30T20:00', '[]', [concentrator('LC-1')]).keepsReporting('LC-1', {
      lampsLit: 10,
    });
    town.at('21:00').serviceIsAway('2h').at('23:30');
    const [month] = (await monthsOf(town)).of('town', '2026-11');
    const watched = (local('2026-11-30T23:30') - local('2026-11-30T20:00') - 2 * HOUR) / HOUR;
    // One look answers for a minute of what was missed.
    expect(month?.lampHours.watched).toBeCloseTo(watched + 1 / 60, 2);
  });
});
