import { describe, expect, it, onTestFinished } from 'vitest';
import { LightingSeries } from '../../src/rules/lighting-series.ts';
import { lightingRateOf } from '../../src/rules/standing.ts';
import { temporaryStore } from '../support/temporary.ts';
import { KEPT, LitTown, says } from './support/lit-town.ts';
import { local } from './support/timeline.ts';
import { concentrator, TOWN } from './support/town.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TICK = 1_800_000;
const BEGIN = local('2027-03-01T12:00');
const PUBLISHED = {
  ...TOWN,
  roads: TOWN.roads.map((road) => ({ ...road, switching: { timetable: 'all' } })),
  timetables: [{ id: 'all', days: [{ date: '2027-01-01', on: '18:00', off: '06:00' }] }],
};
const GROUPS = 4;
/** Town, village, road and class, of whom buckets are kept for so many days and the day that is running. */
const MOST = GROUPS * 288 * (KEPT / DAY + 2);

/** A town that has run for `days`, with a tick every half-hour and eight of ten lamps burning; and what was there each day. */
async function afterDays(days: number) {
  const town = new LitTown(BEGIN, await temporaryStore(), PUBLISHED);
  onTestFinished(() => town.stop());
  await town.start(PUBLISHED, concentrator('LC-1', { reportInterval: 4 * 3_600, parent: null }));
  const series = new LightingSeries(town.checkpoint);
  const kept = town.store.table<[string, string, number], unknown>('rules.lighting');
  const counts: number[] = [];
  let [offset, copied, queued] = [1_000, 0, 0];
  for (let day = 0; day < days; day++) {
    const from = BEGIN + day * DAY;
    for (let at = from; at < from + DAY; at += TICK) {
      if ((at + 2 * HOUR) % (4 * HOUR) === 0) {
        town.engine.feed({ type: 'sample', at, offset: offset++, sample: says('LC-1', at, { lampsLit: 8 }) });
        town.journal.samples(at, says('LC-1', at, { lampsLit: 8 }));
      }
      town.engine.feed({ type: 'tick', at, offset: offset++, away: 0 });
    }
    await town.store.transaction(() => town.checkpoint.save(town.engine, offset));
    town.checkpoint.saved(town.engine);
    await town.arrive();
    await town.passTo(from + DAY);
    // As the writer of series does it: what the ticks came to, then what was made anew.
    for (let next = -1; next !== copied; ) {
      next = copied;
      const page = series.page(copied, 2_000);
      await town.history.keep(page.points);
      copied = page.next;
    }
    await town.history.keep(town.queued.slice(queued));
    queued = town.queued.length;
    counts.push(kept.count());
  }
  return { town, counts, rate: lightingRateOf(town, town.history) };
}

describe('the record of the lighting rate over a year', { timeout: 60_000 }, () => {
  it('keeps no more than its last weeks on this machine, answers for all of it, and leaves alone what it let go', async () => {
    const { town, counts, rate } = await afterDays(370);
    expect(Math.max(...counts)).toBeLessThanOrEqual(MOST);
    expect(counts.at(-1)).toBeGreaterThan(GROUPS * 144 * 30);
    const nights = town.store.table('rules.made-nights').count();
    expect(nights).toBeLessThanOrEqual(GROUPS * (KEPT / DAY + 3));

    // Twelve hours a night: of May the 31 nights, parted at midnight, of ten lamps.
    for (const [month, days] of [
      ['2027-05', 31],
      ['2027-06', 30],
      ['2028-01', 31],
      ['2028-02', 29],
    ] as const) {
      const [found] = rate.month('town', month);
      expect(found?.lampHours).toMatchObject({ expected: 120 * days, lit: 96 * days, low: 0.8 });
      expect(found?.inspection).toMatchObject({ nights: days, expected: 10 * days, lit: 8 * days, out: 2 * days });
    }

    const past = async (from: string, to: string, more = {}) =>
      rate.past({ group: 'road', id: 'avenue', from: local(from), to: local(to), limit: 1_000, ...more });
    const long = await past('2027-03-10T00:00', '2027-03-11T00:00', { bucket: HOUR });
    expect(long).toHaveLength(24);
    expect(long.map(({ expected, lit, out }) => [expected, lit, out])).toEqual(
      Array.from({ length: 24 }, (_, hour) => (hour >= 6 && hour < 18 ? [0, 0, 0] : [10, 8, expect.any(Number)])),
    );
    // Over the instant from which on they are kept here nothing is missing, and nothing is there twice.
    const edge = town.checkpoint.lighting.keptFrom();
    const over = await rate.past({ group: 'town', from: edge - DAY, to: edge + DAY, limit: 1_000 });
    const places = Array.from({ length: 576 }, (_, place) => edge - DAY + place * 300_000);
    // By day there are only those that a tick saw.
    const isThere = (at: number) => (at + 14 * HOUR) % DAY < 12 * HOUR || at % TICK === 0;
    expect(over.map(({ ts }) => Date.parse(ts))).toEqual(places.filter(isThere));
    const pages = [];
    for (let after: { ts: string; id: string } | undefined; ; ) {
      const page = await past('2027-03-10T00:00', '2027-03-10T06:00', { limit: 7, ...(after && { after }) });
      pages.push(...page);
      after = page.at(-1);
      if (page.length < 7) break;
    }
    expect(pages).toEqual(await past('2027-03-10T00:00', '2027-03-10T06:00'));
    expect(pages).toHaveLength(72);

    // What comes for a month that is let go changes nothing; the last weeks are made again.
    const months = () => ['2027-05', '2028-01', '2028-02'].map((month) => rate.month('town', month)[0]?.lampHours.lit);
    const [old, late] = [local('2027-05-10T20:00'), local('2028-02-20T20:00')];
    await town.arrive(says('LC-1', old, { lampsLit: 0 }), says('LC-1', late, { lampsLit: 0 }));
    await town.record.make();
    // Two hours of eight lamps, until the next sample.
    expect(months()).toEqual([96 * 31, 96 * 31, 96 * 29 - 16]);
  });
});
