import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type StoreFile } from '../../src/kernel/store.ts';
import type { JournalRecord, NewRecord } from '../../src/model/record.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { type LightingMonth, LightingMonths } from '../../src/rules/lighting-month.ts';
import type { LampTime } from '../../src/rules/lighting-record.ts';
import { folderOfTests } from '../support/temporary.ts';
import {
  asItCame,
  DAY,
  END,
  HOUR,
  inTheEnd,
  LAMP_TOWN,
  MINUTE,
  NewestDays,
  reportsOf,
  START,
  sampleOf,
  YEAR_DEVICES,
} from './support/lamp-year.ts';
import { LitTown } from './support/lit-town.ts';
import { datesFrom, type LampMinutes, minutesOf, type PlainReport, spansOf, townTime } from './support/plain-lamps.ts';
import { KINDS } from './support/town.ts';

const MONTHS = Array.from({ length: 12 }, (_, index) => `2028-${String(index + 1).padStart(2, '0')}`);
const ROADS = ['avenue', 'lane'] as const;
/** What devices say comes so many hours at a time: how late is no matter for the record. */
const BATCH = 6 * HOUR;
/** A year takes its time where others use the machine too, ms. */
const LONG = 300_000;
/** Before, while it is told twice, and in what is left out. */
const LEAP = [
  ['20:30', '20:55'],
  ['21:30', '22:30'],
  ['23:50', '23:55'],
] as const;
/** Evenings of nights that lie in the year, wholly or in part. */
const EVENINGS = datesFrom('2027-12-31', 368);
const SAID = YEAR_DEVICES.map((one, index) => ({ ...one, reports: reportsOf(one, index === 5 ? 0 : index * 37_000) }));
/** What came in each hour, by the hour's end. */
const ARRIVALS = new Map<number, { at: number; sample: ReturnType<typeof sampleOf> }[]>();
for (const { device, reports } of SAID)
  for (const report of reports) {
    const end = Math.ceil(report.at / HOUR) * HOUR;
    const arrivals = ARRIVALS.get(end) ?? [];
    ARRIVALS.set(end, arrivals);
    arrivals.push({ at: report.at, sample: sampleOf(device, report) });
  }
for (const arrivals of ARRIVALS.values()) arrivals.sort((a, b) => a.at - b.at);

/** A month of a road by pencil: lamp-hours, and the lamps at 21:00 of its evenings. */
function byPencil(road: string, month: string, count: (reports: readonly PlainReport[]) => PlainReport[]) {
  const spans = spansOfRoad(road, count);
  const [from, to] = [townTime(`${month}-01T00:00`), townTime(`${monthAfter(month)}-01T00:00`)];
  const minutes = minutesOf(spans, from, to);
  const inspected = { expected: 0, lit: 0, out: 0, unknown: 0 };
  for (let evening = from + 21 * HOUR; evening < to; evening += DAY) {
    const five = minutesOf(spans, evening, evening + 5 * MINUTE);
    const [expected, lit, out] = [five.expected, five.lit, five.out].map((one) => Math.round(one / 5)) as [
      number,
      number,
      number,
    ];
    inspected.expected += expected;
    inspected.lit += lit;
    inspected.out += out;
    inspected.unknown += expected - lit - out;
  }
  const { expected, lit, out, unknown } = minutes;
  const hours = { expected: expected / 60, lit: lit / 60, out: out / 60, unknown: unknown / 60 };
  return { hours, inspected };
}

const known = new Map<unknown, Map<string, ReturnType<typeof spansOf>>>();
function spansOfRoad(road: string, count: (reports: readonly PlainReport[]) => PlainReport[]) {
  const ofRoad = known.get(count) ?? new Map<string, ReturnType<typeof spansOf>>();
  known.set(count, ofRoad);
  const spans =
    ofRoad.get(road) ??
    SAID.filter(({ device }) => device.road === road).flatMap(({ plain, reports }) =>
      spansOf(plain, EVENINGS, count(reports)),
    );
  ofRoad.set(road, spans);
  return spans;
}

function monthAfter(month: string): string {
  return month === '2028-12' ? '2029-01' : `2028-${String(Number(month.slice(5)) + 1).padStart(2, '0')}`;
}

function partsOf({ expected, lit, out, unknown }: LightingMonth['inspection']) {
  return { expected, lit, out, unknown };
}

const folder = folderOfTests('townpulse-year-');
const stores: StoreFile[] = [];
async function storeOf(name: string): Promise<StoreFile> {
  const store = await openStore(join(folder, name), { sync: false });
  stores.push(store);
  return store;
}
afterAll(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a year of two roads, made from the history', () => {
  let town: LitTown;
  let months: LightingMonths;
  let night: LampTime | undefined;
  let leap: ReturnType<LitTown['minutes']>[] = [];
  const soon: LightingMonth[] = [];
  const bothOf = (month: string, road: string) => [
    ...soon.filter((one) => one.month === month && one.id === road),
    ...months.of('road', month, road),
  ];

  beforeAll(async () => {
    town = new LitTown(START, await storeOf('history'), LAMP_TOWN, new NewestDays());
    await town.start(LAMP_TOWN, ...YEAR_DEVICES.map(({ device }) => device));
    // Two ticks of the first night: the groups are known by them.
    for (const at of [START + 9 * HOUR, START + 9 * HOUR + MINUTE])
      town.engine.feed({ type: 'tick', away: 0, at, offset: 0 });
    await town.store.transaction(() => town.checkpoint.save(town.engine, 1));
    town.engine.record.changed.clear();
    for (let end = START + BATCH; end <= END; end += BATCH) {
      town.clock.advance(BATCH);
      const hours = Array.from({ length: BATCH / HOUR }, (_, ago) => end - BATCH + (ago + 1) * HOUR);
      await town.arrive(...hours.flatMap((hour) => (ARRIVALS.get(hour) ?? []).map(({ sample }) => sample)));
      await town.record.make();
      town.queued.length = 0;
      // What a month comes to is asked for as soon as it is over, and again when only its sums are left.
      const month = MONTHS.find((one) => end === townTime(`${monthAfter(one)}-02T00:00`));
      if (month !== undefined)
        for (const road of ROADS)
          soon.push(...new LightingMonths(town.engine, town.checkpoint).of('road', month, road));
      // Nights and minutes are not kept as long.
      if (end === townTime('2028-03-03T00:00'))
        night = town.checkpoint.lighting.night('road', 'avenue', '2028-02-29', 'Asia/Shanghai');
      if (end === townTime('2028-10-07T00:00'))
        leap = LEAP.map(([from, to]) =>
          town.minutes('road', 'avenue', townTime(`2028-10-05T${from}`), townTime(`2028-10-05T${to}`)),
        );
    }
    await town.passTo(END + 6 * HOUR);
    months = new LightingMonths(town.engine, town.checkpoint);
  }, LONG);
  afterAll(() => town.stop());

  it.each(MONTHS)('comes to the lamp-hours of %s that somebody finds with a pencil', (month) => {
    for (const road of ROADS) {
      const { hours } = byPencil(road, month, inTheEnd);
      const made = bothOf(month, road);
      expect(made).toHaveLength(2);
      for (const { lampHours } of made) {
        for (const part of ['expected', 'lit', 'out', 'unknown'] as const)
          expect(lampHours[part], `${part} of the ${road}`).toBeCloseTo(hours[part], 2);
        expect(lampHours.low).toBeCloseTo(hours.lit / hours.expected, 5);
        expect(lampHours.high).toBeCloseTo((hours.lit + hours.unknown) / hours.expected, 5);
      }
    }
  });

  it.each(MONTHS)('comes to the lamps at 21:00 of the evenings of %s', (month) => {
    for (const road of ROADS) {
      const made = bothOf(month, road);
      expect(made).toHaveLength(2);
      for (const { inspection } of made) {
        expect(partsOf(inspection), road).toEqual(byPencil(road, month, inTheEnd).inspected);
        expect(inspection.nights).toBe(new Date(Date.UTC(2028, Number(month.slice(5)), 0)).getUTCDate());
      }
    }
  });

  it('has a leap day: 29 nights of the lane in February, reckoned by hand', () => {
    // By the timetable, 00:00 to 06:50 and 17:30 to 24:00 of each day: 6 h 50 + 6 h 30 = 13 h 20.
    //   F, ten lamps all night:                    10 × 13 h 20                              = 133 h 20
    //   G, eight lamps until 01:00, then three:     8 × 1 h + 3 × 5 h 50 + 8 × 6 h 30         =  77 h 30
    // 29 × 210 h 50 = 6,114 h 10. All burn, and report at the minute at which they are switched (F) or soon after (G).
    const [february] = months.of('road', '2028-02', 'lane');
    expect(february?.lampHours.expected).toBeCloseTo(6_114 + 1 / 6, 2);
    expect(february?.lampHours.out).toBe(0);
    // G's first report comes 222 s after 17:30: 29 × 8 × 3.7 min are not known.
    expect(february?.lampHours.unknown).toBeCloseTo((29 * 8 * 3.7) / 60, 2);
    // 29 evenings × 18 lamps.
    expect(february?.inspection).toMatchObject({ expected: 522, lit: 522, out: 0, unknown: 0, nights: 29 });
  });

  it('parts the nights over the ends of a month, reckoned by hand', () => {
    // March: the morning of the 1st is of a night of February (off 06:50), the other thirty end at 06:05; each evening begins at
    // 18:20. F: 10 × (6 h 50 + 30 × 6 h 05 + 31 × 5 h 40) = 10 × 365 h. G: after 00:00 eight lamps for an hour, 31 times, then
    // three for 5 h 50 once and 5 h 05 thirty times; in the evening eight for 5 h 40: 248 + 3 × 158 h 20 + 31 × 45 h 20 = 2,128 h 20.
    expect(months.of('road', '2028-03', 'lane')[0]?.lampHours.expected).toBeCloseTo(3_650 + 2_128 + 1 / 3, 2);
  });

  it('has the dusk of the almanac: the night of 29 February on the avenue, reckoned by hand', () => {
    // The sun's declination is -7.8° in the evening and -7.6° in the morning, the equation of time -12.5 min. At 33.9° N
    // cos H = (sin -0.833° - sin φ sin δ) / (cos φ cos δ): H = 85.7° = 5 h 42.9 at dusk, 85.9° = 5 h 43.5 at dawn. 118.4° E is
    // 6.4 min behind the zone's meridian, so the sun is in the south at 12:18.9: it sets at 18:01.8 and rises at 06:35.3.
    // On at 18:11.8, off at 06:30.3: 738.5 min. Twelve lamps of A, four of C and two of D burn for so long; eight of B until
    // 00:30 (378.2 min), then three (360.3 min): 18 × 738.5 + 8 × 378.2 + 3 × 360.3 = 17,400 lamp-minutes.
    // A pencil's declination is good for a minute at each end.
    expect(Math.abs((night?.expected ?? 0) / MINUTE - 17_400)).toBeLessThan(2 * 26);
  });

  it('knows of two dark lamps in March, by hand', () => {
    // Two lamps of A are dark from noon of the 3rd to noon of the 17th: fourteen nights of 12 h 15 to 11 h 45 in round figures
    // (the sun goes down a minute later every day, and comes up as much sooner), less twenty minutes at each end.
    const out = months.of('road', '2028-03', 'avenue')[0]?.lampHours.out ?? 0;
    const nights = 14 * (12 - 2 / 3);
    expect(Math.abs(out / 2 / nights - 1)).toBeLessThan(0.03);
  });

  it('has an hour that a clock told twice, and none of the hour that it left out', () => {
    // D's clock goes back an hour at 22:00 of 5 October, and comes right at 24:00. From 21:00 to 23:00 it tells of one lamp in
    // place of two; what it said last (for 22:46) stands until 23:31, and then
    // nothing is known until it speaks again after 24:00.
    const [before, twice, left] = leap as [LampMinutes, LampMinutes, LampMinutes];
    expect([before.out, before.unknown]).toEqual([0, 0]);
    expect([Math.round(twice.out), twice.unknown]).toEqual([60, 0]);
    expect([left.out, Math.round(left.unknown)]).toEqual([0, 10]);
  });
});

describe('a year of two roads, as the ticks came to it', () => {
  let months: LightingMonths;

  beforeAll(async () => {
    const store = await storeOf('ticks');
    const [engine, checkpoint] = [new Engine(KINDS, () => {}), new Checkpoint(store)];
    let offset = 0;
    const feed = (at: number, record: NewRecord) => engine.feed({ ...record, at, offset: ++offset } as JournalRecord);
    feed(START, { type: 'change', by: 'test', change: { what: 'town', town: LAMP_TOWN } });
    for (const { device } of YEAR_DEVICES)
      feed(START, { type: 'change', by: 'test', change: { what: 'device', device } });
    for (let hour = START + HOUR; hour <= END; hour += HOUR) {
      const arrivals = ARRIVALS.get(hour) ?? [];
      let next = 0;
      // One look answers for a minute at most: ticks come as seldom as they may.
      for (let tick = hour - HOUR + MINUTE; tick <= hour; tick += MINUTE) {
        for (let one = arrivals[next]; one !== undefined && one.at <= tick; one = arrivals[++next])
          feed(one.at, { type: 'sample', sample: one.sample });
        feed(tick, { type: 'tick', away: 0 });
      }
      if (hour % DAY !== 0 && hour !== END) continue;
      await store.transaction(() => checkpoint.save(engine, offset + 1));
      checkpoint.saved(engine);
    }
    months = new LightingMonths(engine, checkpoint);
  }, LONG);

  it.each(MONTHS)('comes to %s as near as ticks of a minute can', (month) => {
    for (const road of ROADS) {
      const { hours, inspected } = byPencil(road, month, asItCame);
      const [made] = months.of('road', month, road);
      // Each switching, and each word after it, may be met a minute late.
      const nights = hours.expected / 12 / 60;
      for (const part of ['expected', 'lit', 'out', 'unknown'] as const)
        expect(Math.abs((made?.lampHours[part] ?? Number.NaN) - hours[part]), `${part} of the ${road}`).toBeLessThan(
          nights * 60 * 0.05,
        );
      expect(made && partsOf(made.inspection), road).toEqual(inspected);
    }
  });
});
