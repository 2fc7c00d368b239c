import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import type { Sample } from '../../src/model/sample.ts';
import type { Town } from '../../src/model/town.ts';
import { Engine } from '../../src/rules/engine.ts';
import { temporaryStore } from '../support/temporary.ts';

import { LitTown, says } from './support/lit-town.ts';
import { local } from './support/timeline.ts';
import { concentrator, KINDS, TOWN } from './support/town.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The afternoon before the night that is looked at; the sun sets at 17:00 and rises before 07:00. */
const NOON = local('2026-11-22T12:00');
const at = (time: string, date = '2026-11-22') => local(`${date}T${time}`);
const morning = (time: string) => at(time, '2026-11-23');
const PUBLISHED: Town = {
  ...TOWN,
  roads: TOWN.roads.map((road) => ({ ...road, switching: { timetable: 'all' } })),
  timetables: [{ id: 'all', days: [{ date: '2026-01-01', on: '18:00', off: '06:00' }] }],
};
const GROUPS: [string, string][] = [
  ['town', 'lailong'],
  ['village', 'centre'],
  ['village', 'park'],
  ['road', 'avenue'],
  ['road', 'lane'],
  ['class', 'main'],
  ['class', 'alley'],
  ['feeder', 'F-1'],
  ['feeder', 'F-2'],
];

async function lit(devices: Device[], town: Town = TOWN, from = NOON) {
  const reported = new LitTown(from, await temporaryStore(), town);
  onTestFinished(() => reported.stop());
  await reported.start(town, ...devices);
  return reported;
}

/** A report every five minutes from `from` to before `to`. */
function every(device: string, from: number, to: number, lampsLit: number): Sample[] {
  const count = Math.ceil((to - from) / (5 * MINUTE));
  return Array.from({ length: count }, (_, index) => says(device, from + index * 5 * MINUTE, { lampsLit }));
}

describe('the record of the lighting rate, made from the history', () => {
  it('counts a lamp as lit or out from a sample until the next one, or until three intervals are over', async () => {
    const town = await lit([concentrator('LC-1')]);
    await town.passTo(at('22:30'));
    await town.arrive(
      says('LC-1', at('19:55'), { lampsLit: 10 }),
      says('LC-1', at('20:10'), { lampsLit: 7 }),
      says('LC-1', at('20:17'), { voltage: 231 }),
      says('LC-1', at('20:20'), { lampsLit: 9 }),
    );
    await town.passTo(at('22:31'));
    // Ten minutes of ten, ten of seven, fifteen of nine and a millisecond, and twenty-five of nobody knows.
    const sum = town.minutes('road', 'avenue', at('20:00'), at('21:00'));
    expect(sum.expected).toBe(600);
    expect(sum.lit).toBeCloseTo(100 + 70 + 135, 2);
    expect(sum.out).toBeCloseTo(30 + 15, 2);
    expect(sum.unknown).toBeCloseTo(250, 2);
    const [first, , third] = town.buckets('road', 'avenue').filter(({ start }) => start >= at('20:00'));
    expect(first).toEqual({
      ...{ group: 'road', id: 'avenue', start: at('20:00'), watched: 5 * MINUTE },
      ...{ expected: 50 * MINUTE, lit: 50 * MINUTE, out: 0, unknown: 0 },
    });
    expect(third).toMatchObject({ lit: 35 * MINUTE, out: 15 * MINUTE });
  });

  it('is the same for a batch of 24 samples two hours old as if they had come in time', async () => {
    const lights = every('LC-1', at('20:00'), at('22:00'), 8);
    expect(lights).toHaveLength(24);
    const inTime = await lit([concentrator('LC-1')]);
    for (const sample of lights) {
      await inTime.passTo(sample.ts + 2_000);
      await inTime.arrive(sample);
    }
    await inTime.passTo(morning('13:00'));
    const late = await lit([concentrator('LC-1')]);
    await late.passTo(at('23:58'));
    const before = late.minutes('town', 'lailong', at('20:00'), at('22:00'));
    expect(before).toMatchObject({ expected: 1_200, unknown: 1_200 });
    await late.arrive(...lights);
    await late.record.make();
    expect(late.minutes('town', 'lailong', at('20:00'), at('22:00'))).toEqual({
      ...{ expected: 1_200, lit: 960, out: 240, unknown: 0 },
    });
    await late.passTo(morning('13:00'));
    expect(late.all(GROUPS, ['2026-11-22'])).toEqual(inTime.all(GROUPS, ['2026-11-22']));
    const night = inTime.checkpoint.lighting.night('town', 'lailong', '2026-11-22', 'Asia/Shanghai');
    // What was said at 21:55 stands until 22:10.
    expect(night?.lit).toBe(8 * (130 * MINUTE + 1));
  });

  it('counts up the revision of a bucket exactly when its figures change, and tells the series of it', async () => {
    const town = await lit([concentrator('LC-1'), concentrator('LC-2', { parent: 'F-2' })]);
    await town.passTo(at('21:30'));
    await town.arrive(...every('LC-1', at('20:00'), at('21:00'), 8), ...every('LC-2', at('20:00'), at('21:00'), 10));
    await town.passTo(at('23:30'));
    const revisions = (id: string) =>
      town.queued.filter((one) => one.tags.id === id && one.ts === at('20:30')).map(({ fields }) => fields);
    const queued = town.queued.length;
    await town.arrive(says('LC-1', at('20:30'), { lampsLit: 6 }));
    await town.record.make();
    expect(revisions('F-1').map(({ lit, revision }) => [lit, revision])).toContainEqual([6, revisions('F-1').length]);
    const [last] = revisions('F-1').slice(-1);
    expect(last).toMatchObject({
      expected: 10,
      lit: 6,
      out: 4,
      unknown: 0,
      low: 0.6,
      revision: revisions('F-1').length,
    });
    expect(town.queued.slice(queued).every(({ ts }) => ts === at('20:30'))).toBe(true);
    expect(town.queued.slice(queued).some(({ tags }) => tags.id === 'F-2')).toBe(false);
    const seen = town.queued.length;
    await town.arrive(
      says('LC-1', at('20:30'), { lampsLit: 6 }),
      says('LC-1', at('20:30'), { lampsLit: 6, voltage: 230 }),
    );
    await town.record.make();
    expect(town.queued).toHaveLength(seen);
  });

  it('takes the place of what the ticks came to: it is another revision only where whole lamps differ', async () => {
    const town = await lit([concentrator('LC-1'), concentrator('LC-2', { parent: 'F-2' })]);
    const start = at('20:30');
    const [expected, watched] = [10 * 290_000, 290_000];
    const seen = { start, expected, watched, group: 'feeder' as const };
    const { lighting } = town.checkpoint;
    await town.store.transaction(() => {
      lighting.put({ ...seen, id: 'F-1', lit: 8 * 290_000, out: 2 * 290_000, unknown: 0 });
      lighting.put({ ...seen, id: 'F-2', lit: 0, out: 0, unknown: expected });
    });
    await town.passTo(at('20:59'));
    await town.arrive(...every('LC-1', at('20:20'), at('20:55'), 8), ...every('LC-2', at('20:20'), at('20:55'), 10));
    await town.passTo(at('21:10'));
    const made = { watched: 300_000, expected: 10 * 300_000, unknown: 0 };
    expect(lighting.get('feeder', 'F-1', start)).toMatchObject({ ...made, lit: 8 * 300_000, revision: 1 });
    expect(lighting.get('feeder', 'F-2', start)).toMatchObject({ ...made, lit: 10 * 300_000, revision: 2 });
    const told = town.queued.filter(({ ts, tags }) => ts === start && tags.group === 'feeder');
    expect(told.map(({ tags, fields }) => [tags.id, fields.lit, fields.revision])).toEqual([['F-2', 10, 2]]);
  });

  it('makes the next hours again as well, as long as a late sample says something', async () => {
    const town = await lit([concentrator('LC-1', { reportInterval: 3_600 })]);
    await town.passTo(morning('04:00'));
    await town.arrive(says('LC-1', at('20:30'), { lampsLit: 10 }));
    await town.record.make();
    const hours = ['20:00', '21:00', '22:00', '23:00'].map(
      (time) => town.minutes('town', 'lailong', at(time), at(time) + HOUR).lit,
    );
    expect(hours.map(Math.round)).toEqual([300, 600, 600, 300]);
  });

  it('leaves alone what rests on a replaced time', async () => {
    const town = await lit([concentrator('LC-1')]);
    await town.passTo(at('22:30'));
    await town.arrive(says('LC-1', at('20:10'), { lampsLit: 7 }, { deviceTs: 0 }));
    await town.passTo(at('22:40'));
    expect(town.minutes('town', 'lailong', at('20:00'), at('21:00'))).toMatchObject({ expected: 600, unknown: 600 });
  });

  it('is made with the plan, the road, the registry and the town of that time', async () => {
    const town = await lit([
      concentrator('LC-1', { attributes: { lamps: 10, plan: 'half-night', planUntil: '22:00', planLamps: 4 } }),
    ]);
    await town.passTo(at('23:10'));
    await town.amends('LC-1', { road: 'lane', attributes: { lamps: 6, plan: 'all-night' } });
    await town.changes({
      what: 'town',
      town: { ...TOWN, roads: TOWN.roads.map((road) => ({ ...road, switching: { dusk: 6 * HOUR } })) },
    });
    await town.passTo(morning('02:00'));
    await town.arrive(...every('LC-1', at('20:00'), morning('01:00'), 6));
    await town.record.make();
    const expected = (road: string, time: string) =>
      town.minutes('road', road, at(time), at(time) + HOUR).expected / 60;
    expect([expected('avenue', '21:00'), expected('avenue', '22:00')]).toEqual([10, 4]);
    expect(expected('avenue', '23:00')).toBeCloseTo(4 / 6, 5);
    expect(expected('lane', '23:00')).toBeCloseTo((6 * 5) / 6, 5);
    expect(town.minutes('class', 'main', at('21:00'), at('22:00')).expected).toBe(600);
  });

  it('does not expect lamps while they are worked on, before their first report, and once they are retired', async () => {
    const town = await lit([concentrator('LC-1'), concentrator('LC-2', { inService: 'auto', parent: 'F-2' })]);
    const by = { by: 'Li', endedBy: null, reason: 'repair' };
    const window = { id: 'M-1', subject: { type: 'device' as const, id: 'LC-1' }, ...by };
    await town.maintains({ ...window, from: at('20:30'), to: at('21:15') });
    await town.passTo(at('23:30'));
    await town.arrive(says('LC-2', at('21:20'), { voltage: 230 }), says('LC-2', at('20:40'), { voltage: 230 }));
    await town.passTo(at('23:40'));
    const expected = (id: string, time: string) => town.minutes('feeder', id, at(time), at(time) + HOUR).expected;
    expect([expected('F-1', '20:00'), expected('F-1', '21:00')]).toEqual([300, 450]);
    expect([expected('F-2', '20:00'), expected('F-2', '21:00')]).toEqual([200, 600]);
  });

  it('says nothing of a group before any of its lamps was registered', async () => {
    const town = await lit([concentrator('LC-1')], TOWN, morning('06:23'));
    await town.passTo(morning('06:40'));
    await town.registers(concentrator('LC-2', { parent: 'F-2' }));
    await town.passTo(morning('09:30'));
    const starts = (id: string) => town.buckets('feeder', id).map(({ start }) => start);
    expect([starts('F-1')[0], starts('F-1').length]).toEqual([morning('06:20'), 8]);
    expect([starts('F-2')[0], starts('F-2').length]).toEqual([morning('06:40'), 4]);
  });

  it('takes what a patrol found, however late it is handed in, as long as it holds', async () => {
    const town = await lit([concentrator('LC-1', { attributes: { lamps: 10, observation: 'patrol' } })]);
    await town.passTo(morning('09:00'));
    const patrol = { device: 'LC-1', by: 'Wang', lit: 9 };
    await town.patrols({ ...patrol, ts: at('20:30'), validFor: 2 * HOUR });
    await town.record.make();
    const lits = ['20:00', '21:00', '22:00', '23:00'].map(
      (time) => town.minutes('town', 'lailong', at(time), at(time) + HOUR).lit,
    );
    expect(lits).toEqual([270, 540, 270, 0]);
  });

  it('does not count a circuit that is switched off the published hours as dark', async () => {
    const devices = ['L-1', 'L-2'].map((id) => concentrator(id, { attributes: { lamps: 1 } }));
    const town = await lit(devices, PUBLISHED);
    await town.passTo(at('21:00'));
    await town.arrive(
      ...every('L-1', at('18:00'), at('18:30'), 0),
      ...every('L-2', at('18:00'), at('18:30'), 0),
      ...every('L-1', at('18:30'), at('20:00'), 0),
      ...every('L-2', at('18:30'), at('20:00'), 1),
    );
    await town.passTo(at('22:00'));
    const sum = town.minutes('feeder', 'F-1', at('18:20'), at('18:30'));
    expect(sum).toEqual({ expected: 0, lit: 0, out: 0, unknown: 0 });
    expect(town.minutes('feeder', 'F-1', at('18:30'), at('19:00'))).toMatchObject({ expected: 60, lit: 30, out: 30 });
  });

  it('is the same in whatever order the same samples arrive', { timeout: 60_000 }, async () => {
    const devices = [
      concentrator('LC-1'),
      concentrator('LC-2', { road: 'lane', area: 'park', parent: 'F-2', inService: 'auto', reportInterval: 900 }),
      concentrator('LC-3', { attributes: { lamps: 10, observation: 'meter', fullLoad: 1_000 }, parent: 'F-2' }),
      concentrator('L-1', { inService: 'auto', attributes: { lamps: 1 } }),
      concentrator('LC-0', { attributes: { lamps: 0 } }),
    ];
    const sample = fc
      .record({
        device: fc.constantFrom(...devices.map(({ id }) => id)),
        minute: fc.integer({ min: 240, max: 720 }),
        lampsLit: fc.constantFrom(0, 1, 5, 10),
        lampsTotal: fc.option(fc.constantFrom(1, 10, 12), { freq: 8 }),
        power: fc.constantFrom(20, 400, 1_000),
        voltage: fc.option(fc.constantFrom(0, 120, 230), { freq: 2 }),
      })
      .map(({ device, minute, lampsLit, lampsTotal, power, voltage }) => {
        const values = {
          ...{ lampsLit, power, ...(lampsTotal !== null && { lampsTotal }) },
          ...(voltage !== null && { voltage }),
        };
        return says(device, NOON + minute * MINUTE, values);
      });
    const samples = fc.uniqueArray(sample, { maxLength: 20, selector: ({ device, ts }) => `${device} ${ts}` });
    const delays = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(samples, delays, fc.boolean(), async (sent, late, isPublished) => {
        const folder = isPublished ? PUBLISHED : TOWN;
        const records = [];
        for (const hours of [sent.map(() => 0), late]) {
          const town = new LitTown(NOON, await temporaryStore(), folder);
          await town.start(folder, ...devices);
          await town.changes({ what: 'rulebook', text: SUPPLY, version: '1' });
          const arrivals = sent.map((one, index) => ({ one, at: one.ts + (hours[index] ?? 0) * HOUR }));
          arrivals.sort((a, b) => a.at - b.at);
          for (const { one, at: arrival } of arrivals) {
            await town.passTo(arrival);
            await town.arrive(one);
          }
          await town.passTo(NOON + 28 * HOUR);
          await town.record.make();
          records.push(town.all(GROUPS, ['2026-11-22']));
          await town.stop();
        }
        expect(records[1]).toEqual(records[0]);
      }),
      { numRuns: 10 },
    );
  });
});

const SUPPLY = `
- id: feeder-supply
  type: threshold
  kind: lighting-controller
  name: { zh: 回路停电, en: Feeder outage }
  power: always
  when: voltage < 50
  clear: voltage > 200
  for: 60s
  subject: parent
  lamps: out
  severity: critical
`;
/** Tells of the feeder, and has no lamp itself. */
const PILLAR = concentrator('LC-0', { attributes: { lamps: 0 } });
const lamp = (id: string, more: Parameters<typeof concentrator>[1] = {}) =>
  concentrator(id, { power: 'switched', attributes: { lamps: 1 }, ...more });

async function supplied(devices: Device[], from = NOON) {
  const town = await lit(devices, TOWN, from);
  await town.changes({ what: 'rulebook', text: SUPPLY, version: '1' });
  return town;
}

/** Lamp-minutes of feeder F-1 in an hour. */
function hourOf(town: LitTown, time: number) {
  const { lit, out, unknown } = town.minutes('feeder', 'F-1', time, time + HOUR);
  return { lit: Math.round(lit), out: Math.round(out), unknown: Math.round(unknown) };
}

describe('a feeder outage in the record of the lighting rate', () => {
  it('makes the silent lamps behind it out from its first sample to the one that ends it', async () => {
    const town = await supplied([PILLAR, lamp('L-1'), lamp('L-2')]);
    await town.passTo(morning('02:00'));
    await town.arrive(
      ...['L-1', 'L-2'].flatMap((id) => every(id, at('19:00'), at('20:30'), 1)),
      ...[0, 120].map((voltage, index) => says('LC-0', at('20:30') + index * 5 * MINUTE, { voltage })),
      says('LC-0', at('22:15'), { voltage: 230 }),
    );
    await town.record.make();
    expect(hourOf(town, at('20:00'))).toEqual({ lit: 60, out: 60, unknown: 0 });
    // The teller itself falls silent: nothing is over by that.
    expect(hourOf(town, at('21:00'))).toEqual({ lit: 0, out: 120, unknown: 0 });
    expect(hourOf(town, at('22:00'))).toEqual({ lit: 0, out: 30, unknown: 90 });
    expect(hourOf(town, at('23:00'))).toEqual({ lit: 0, out: 0, unknown: 120 });
  });

  it('leaves alone a lamp that says since then that it burns, also when it says no more', async () => {
    const town = await supplied([PILLAR, lamp('L-1'), lamp('L-2'), lamp('L-3', { parent: 'F-2' })]);
    await town.passTo(morning('03:00'));
    await town.arrive(
      says('LC-0', at('20:30'), { voltage: 0 }),
      says('L-1', at('20:45'), { lampsLit: 1 }),
      says('L-2', at('20:45'), { lampsLit: 1 }),
      says('L-2', at('23:30'), { lampsLit: 0 }),
    );
    await town.record.make();
    expect(hourOf(town, at('20:00'))).toMatchObject({ lit: 30, out: 30 });
    expect(hourOf(town, at('21:00'))).toMatchObject({ lit: 0, out: 0, unknown: 120 });
    expect(hourOf(town, at('23:00'))).toEqual({ lit: 0, out: 30, unknown: 90 });
    // What stands at an hour's beginning is handed on: of two that are silent one was dark by its last word.
    expect(hourOf(town, morning('01:00'))).toEqual({ lit: 0, out: 60, unknown: 60 });
    expect(town.minutes('feeder', 'F-2', at('20:00'), at('23:00')).out).toBe(0);
  });

  it('goes on from the afternoon into the night, and over what comes late', async () => {
    const town = await supplied([PILLAR, lamp('L-1')]);
    await town.passTo(at('13:10'));
    await town.arrive(says('LC-0', at('13:05'), { voltage: 0 }));
    await town.passTo(morning('09:00'));
    expect(hourOf(town, morning('03:00'))).toEqual({ lit: 0, out: 60, unknown: 0 });
    await town.arrive(says('LC-0', at('14:00'), { voltage: 230 }));
    await town.record.make();
    expect(hourOf(town, at('20:00'))).toEqual({ lit: 0, out: 0, unknown: 60 });
    expect(hourOf(town, morning('03:00'))).toEqual({ lit: 0, out: 0, unknown: 60 });
    await town.arrive(says('LC-0', at('22:30'), { voltage: 10 }));
    await town.record.make();
    expect(hourOf(town, at('22:00'))).toEqual({ lit: 0, out: 30, unknown: 30 });
    expect(hourOf(town, morning('03:00'))).toEqual({ lit: 0, out: 60, unknown: 0 });
  });

  it('ends where its teller is retired, or hangs from another feeder', async () => {
    const town = await supplied([PILLAR, lamp('L-1'), lamp('L-2', { parent: 'F-2' })]);
    await town.passTo(at('20:20'));
    await town.arrive(says('LC-0', at('20:15'), { voltage: 0 }));
    await town.passTo(at('21:30'));
    await town.amends('LC-0', { parent: 'F-2' });
    await town.passTo(morning('02:00'));
    expect(hourOf(town, at('20:00')).out).toBe(45);
    expect(hourOf(town, at('21:00'))).toEqual({ lit: 0, out: 30, unknown: 30 });
    expect(town.minutes('feeder', 'F-2', at('20:00'), at('23:00')).out).toBe(0);
  });

  it('counts by the rulebook of that time', async () => {
    const town = await lit([PILLAR, lamp('L-1')]);
    await town.changes({ what: 'rulebook', text: '[]', version: '0' });
    await town.passTo(at('21:00'));
    await town.changes({ what: 'rulebook', text: SUPPLY, version: '1' });
    await town.passTo(morning('00:30'));
    await town.arrive(says('LC-0', at('20:15'), { voltage: 0 }), says('LC-0', at('22:15'), { voltage: 0 }));
    await town.record.make();
    expect([at('20:00'), at('21:00'), at('22:00')].map((time) => hourOf(town, time).out)).toEqual([0, 0, 45]);
  });

  it('is the outage that the rate saw live', async () => {
    const devices = [PILLAR, lamp('L-1'), lamp('L-2'), lamp('L-3')];
    const town = await supplied(devices);
    const sent = [
      ...every('L-1', at('18:00'), at('19:30'), 1),
      ...every('L-2', at('18:00'), at('23:50'), 1),
      ...every('L-3', at('18:00'), at('19:00'), 0),
      ...[230, 230, 0, 0, 0, 120, 120].map((voltage, index) =>
        says('LC-0', at('19:20') + index * 5 * MINUTE, { voltage }),
      ),
      ...[230, 0, 230].map((voltage, index) => says('LC-0', at('22:00') + index * 30_000, { voltage })),
      says('LC-0', at('22:40'), { voltage: 0 }),
    ].sort((a, b) => a.ts - b.ts);
    await town.passTo(morning('02:00'));
    await town.arrive(...sent);
    await town.record.make();
    const live = new Map<number, number>();
    const engine = new Engine(KINDS, () => {});
    let offset = 1;
    const changes = [
      { what: 'town', town: TOWN },
      { what: 'rulebook', text: SUPPLY, version: '1' },
    ] as const;
    for (const change of [...changes, ...devices.map((device) => ({ what: 'device', device }) as const)])
      engine.feed({ type: 'change', at: NOON, by: 'test', offset: offset++, change });
    for (let now = at('18:00'); now < at('23:50'); now += 5_000) {
      for (; (sent[0]?.ts ?? Infinity) <= now; sent.shift())
        engine.feed({ type: 'sample', offset: offset++, at: now, sample: sent[0] as Sample });
      engine.feed({ type: 'tick', offset: offset++, at: now, away: 0 });
      const { out = 0 } = engine.counts.find(({ group }) => group === 'feeder') ?? {};
      const hour = Math.floor(now / HOUR) * HOUR;
      live.set(hour, (live.get(hour) ?? 0) + out / 12);
    }
    for (const [hour, out] of live)
      expect(Math.abs(out - town.minutes('feeder', 'F-1', hour, Math.min(hour + HOUR, at('23:50'))).out)).toBeLessThan(
        1,
      );
    expect(live.get(at('20:00'))).toBeGreaterThan(100);
    expect(live.get(at('23:00'))).toBeGreaterThan(90);
  });
});
