import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { Standing } from '../../src/rules/standing.ts';
import { temporaryStore } from '../support/temporary.ts';
import { local, Timeline } from './support/timeline.ts';
import { concentrator, gasMeter, KINDS, lampController, pressurePoint } from './support/town.ts';

const WATER = `
- { id: low, type: threshold, kind: water-pressure, name: { zh: 低, en: Low }, when: pressure < attributes.minPressure, severity: major }
- { id: high, type: threshold, kind: water-pressure, name: { zh: 高, en: High }, when: pressure > attributes.maxPressure, severity: minor }
- { id: silent, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 4 intervals, severity: minor }
`;
const LIGHT = `
- { id: feeder, type: threshold, kind: lighting-controller, name: { zh: 停电, en: Outage }, when: voltage < 50, subject: parent, power: always, severity: critical, organisation: urban-management }
- { id: rate, type: ratio, kind: lighting-controller, name: { zh: 亮灯率, en: Rate }, part: lamps lit, whole: lamps expected, groupBy: [town, road], target: 0.8, severity: major }
- { id: feeder-rate, type: ratio, kind: lighting-controller, name: { zh: 亮灯率, en: Rate }, part: lamps lit, whole: lamps expected, groupBy: [feeder], target: 0.5, severity: major }
`;

/** How a town stands, with what it recorded written down. */
async function standing(town: Timeline) {
  const store = await temporaryStore();
  const checkpoint = new Checkpoint(store);
  await store.transaction(() => checkpoint.save(town.engine, town.records.length + 1));
  return { store, standing: new Standing(town.engine, checkpoint) };
}

describe('the verdict of a device', () => {
  const verdicts = async (town: Timeline, ...devices: string[]) => {
    const { standing: it } = await standing(town);
    return devices.map((device) => it.verdictOf(device));
  };

  it('is the worst of its rules: breach, silent, unknown, ok, idle', async () => {
    const attributes = { minPressure: 0.14, maxPressure: 0.5 };
    const ids = ['breach', 'silent', 'unknown', 'ok', 'idle', 'one-idle'];
    const points = ids.map((id) => pressurePoint(id, { attributes }));
    points[4] = pressurePoint('idle', { inService: { from: local('2026-11-22T20:00'), to: null } });
    points[5] = pressurePoint('one-idle');
    const town = new Timeline('2026-11-22T10:00', WATER, points);
    town.keepsReporting('breach', { pressure: 0.6 }).keepsReporting('ok', { pressure: 0.3 });
    town.keepsReporting('unknown', { battery: 50 }).keepsReporting('one-idle', { pressure: 0.3 });
    town.at('10:30').reports('silent', { pressure: 0.1 }).at('10:46');
    // At 10:46 the silent one was heard 16 minutes ago: too long for a sample, not yet for the silence rule.
    expect(await verdicts(town, ...ids)).toEqual(['breach', 'silent', 'unknown', 'ok', 'idle', 'ok']);
  });

  it('is idle where no rule judges it, and unknown where nobody knows it or nothing was looked at yet', async () => {
    const town = new Timeline('2026-11-22T10:00', WATER, [gasMeter('GM-1'), pressurePoint('WP-1')]);
    expect(await verdicts(town, 'WP-1')).toEqual(['unknown']);
    expect(await verdicts(town.at('10:01'), 'GM-1', 'GM-9')).toEqual(['idle', 'unknown']);
  });
});

describe('the overview of the rules', () => {
  it("counts each rule's subjects by verdict, and names the worst first", async () => {
    const points = Array.from({ length: 8 }, (_, index) => pressurePoint(`WP-${index + 1}`));
    const town = new Timeline('2026-11-22T10:00', WATER, [...points, pressurePoint('WP-9', { attributes: {} })]);
    for (const id of ['WP-1', 'WP-2', 'WP-9']) town.keepsReporting(id, { pressure: 0.3 });
    for (const id of ['WP-6', 'WP-7', 'WP-8']) town.keepsReporting(id, { pressure: 0.1 });
    town.at('10:16').retires('WP-2').at('10:17');
    const { standing: it } = await standing(town);
    const [low, high, silent] = it.overview();
    expect(low).toMatchObject({
      ...{ id: 'low', type: 'threshold', kind: 'water-pressure', severity: 'major', organisation: null },
      version: expect.stringMatching(/^sha256:/),
      verdicts: { ok: 1, breach: 3, silent: 3, unknown: 0, idle: 1 },
      worst: ['WP-6', 'WP-7', 'WP-8', 'WP-3', 'WP-4'].map((id) => ({ subject: { type: 'device', id } })),
    });
    expect(high?.verdicts).toEqual({ ok: 0, breach: 0, silent: 0, unknown: 0, idle: 8 });
    expect([high?.worst, silent?.verdicts.ok, silent?.verdicts.silent]).toEqual([[], 8, 0]);
  });

  it('takes a feeder for one subject, which stands as the worst of its devices, and groups of lamps for theirs', async () => {
    const lamps = [
      concentrator('LC-1'),
      concentrator('LC-2'),
      concentrator('LC-3', { parent: 'F-2' }),
      lampController('L-1'),
    ];
    const town = new Timeline('2026-11-22T20:00', LIGHT, lamps);
    town.keepsReporting('LC-1', { voltage: 230, lampsLit: 10 }).keepsReporting('LC-2', { voltage: 0, lampsLit: 0 });
    town.keepsReporting('LC-3', { voltage: 230, lampsLit: 10 }).at('20:01');
    const { standing: it } = await standing(town);
    const [feeder, rate, feeders] = it.overview();
    expect(feeder).toMatchObject({
      organisation: 'urban-management',
      verdicts: { ok: 1, breach: 1, silent: 0, unknown: 0, idle: 0 },
      worst: [{ subject: { type: 'parent', id: 'F-1' }, verdict: 'breach' }],
    });
    // 20 of 31 burn, one is unknown; on F-1 it is 10 of 21.
    expect(rate?.verdicts).toMatchObject({ breach: 2 });
    expect(rate?.worst.map(({ subject }) => subject)).toEqual([
      { type: 'town', id: 'lailong' },
      { type: 'road', id: 'avenue' },
    ]);
    expect(feeders).toMatchObject({
      verdicts: { ok: 1, breach: 0, unknown: 1 },
      worst: [{ subject: { type: 'parent', id: 'F-1' }, verdict: 'unknown' }],
    });
  });
});

const night = (from: string) => {
  const town = new Timeline(from, LIGHT, [concentrator('LC-1'), concentrator('LC-2', { parent: 'F-2', road: 'lane' })]);
  return town.keepsReporting('LC-1', { lampsLit: 9 }).keepsReporting('LC-2', { lampsLit: 10 });
};

describe('the lighting rate now', () => {
  it('is an interval with coverage, its target, verdict and the night before', async () => {
    const town = night('2026-11-22T20:00:30').at('20:06').fallsSilent('LC-2').at('20:30');
    const { standing: it } = await standing(town);
    expect(it.lightingNow('town')).toEqual([
      {
        ...{ group: 'town', id: 'lailong', name: { zh: 'Lailong', en: 'Lailong' }, dark: true },
        ...{ expected: 20, lit: 9, out: 1, unknown: 10, low: 0.45, high: 0.95, reported: 0.9, coverage: 0.5 },
        ...{ target: 0.8, verdict: 'unknown', reason: 'coverage', at: '2026-11-22T12:29:55.000Z', revision: 1 },
        sources: { telemetry: 10, patrol: 0, meter: 0 },
        lastNight: null,
      },
    ]);
    expect(it.lightingNow('feeder').map(({ id, target, verdict }) => ({ id, target, verdict }))).toEqual([
      { id: 'F-1', target: 0.5, verdict: 'ok' },
      { id: 'F-2', target: 0.5, verdict: 'unknown' },
    ]);
    // No rule looks at classes: the first one's target stands for them.
    expect(it.lightingNow('class').map(({ id, target, name }) => [id, target, name.en])).toEqual([
      ['alley', 0.8, 'Alleys'],
      ['main', 0.8, 'Main roads'],
    ]);
  });

  it("has the plan's target where no rule names one", async () => {
    const town = new Timeline('2026-11-22T20:00', '[]', [concentrator('LC-1')]).at('20:01');
    expect((await standing(town)).standing.lightingNow('town')).toMatchObject([{ target: 0.97 }]);
  });

  it('by day says so, and what the night came to', async () => {
    const town = night('2026-11-23T06:10').at('06:50').at('08:00');
    const { standing: it } = await standing(town);
    expect(it.lightingNow('town')).toMatchObject([
      {
        ...{ dark: false, expected: 0, low: null, high: null, reported: null, coverage: null },
        ...{ verdict: 'idle', reason: 'daylight' },
        // One lamp of twenty is out until twenty minutes before sunrise, and not judged out after that.
        lastNight: { date: '2026-11-22', low: 0.95, high: expect.closeTo(0.975, 1), verdict: 'ok' },
      },
    ]);
    expect(it.lightingNow('road')).toMatchObject([
      { id: 'avenue', lastNight: { low: 0.9 } },
      { id: 'lane', lastNight: { low: 1 } },
    ]);
  });
});

describe('the lighting rate over time', () => {
  const town = () => night('2026-11-22T20:00:00').at('20:10:00').keepsReporting('LC-1', { lampsLit: 5 }).at('20:20:01');
  const [from, to] = [local('2026-11-22T20:00'), local('2026-11-22T20:15')];
  const past = async (query: Partial<Parameters<Standing['lightingPast']>[0]>) => {
    const { standing: it } = await standing(town());
    const rows = await it.lightingPast({ group: 'town', from, to, limit: 100, ...query });
    return rows.map(({ ts, id, lit, low }) => `${ts.slice(11, 16)} ${id} ${lit} ${low}`);
  };

  it('is the mean of five minutes, from the first inclusive to the last exclusive', async () => {
    expect(await past({})).toEqual(['12:00 lailong 19 0.95', '12:05 lailong 19 0.95', '12:10 lailong 15 0.75']);
  });

  it('calls no time daylight at which the sun is down, though no lamp has to burn', async () => {
    const lamps = [concentrator('LC-1', { inService: { from: local('2026-11-23T06:40'), to: null } })];
    const { standing: it } = await standing(new Timeline('2026-11-23T06:20', LIGHT, lamps).at('08:01'));
    const [first, ...more] = await it.lightingPast({ group: 'town', from: 0, to: 1e13, limit: 100 });
    expect(first).toMatchObject({ dark: true, expected: 0, verdict: 'idle', reason: 'lamp-plan' });
    expect(more.at(-1)).toMatchObject({ dark: false, expected: 0, verdict: 'idle', reason: 'daylight' });
  });

  it('sums up to wider buckets', async () => {
    expect(await past({ bucket: 900_000 })).toEqual(['12:00 lailong 18 0.9']);
  });

  it('has the shape of the rate now, with the verdict of each stretch', async () => {
    const { standing: it } = await standing(town());
    const [, , last] = await it.lightingPast({ group: 'town', id: 'lailong', from, to, limit: 100 });
    expect(last).toEqual({
      ...{ group: 'town', id: 'lailong', name: { zh: 'Lailong', en: 'Lailong' }, dark: true },
      ...{ expected: 20, lit: 15, out: 5, unknown: 0, low: 0.75, high: 0.75, reported: 0.75, coverage: 1 },
      ...{ target: 0.8, verdict: 'breach', reason: null, revision: 1 },
      ...{ at: '2026-11-22T12:10:00.000Z', ts: '2026-11-22T12:10:00.000Z' },
    });
  });

  it('gives every group of a sort in order of time, or one of them, page by page', async () => {
    const all = [
      '12:00 avenue 9 0.9',
      '12:00 lane 10 1',
      '12:05 avenue 9 0.9',
      '12:05 lane 10 1',
      '12:10 avenue 5 0.5',
      '12:10 lane 10 1',
    ];
    expect(await past({ group: 'road' })).toEqual(all);
    expect(await past({ group: 'road', limit: 3 })).toEqual(all.slice(0, 3));
    const after = { ts: '2026-11-22T12:05:00.000Z', id: 'avenue' };
    expect(await past({ group: 'road', limit: 3, after })).toEqual(all.slice(3));
    expect(await past({ group: 'road', id: 'lane' })).toEqual(all.filter((row) => row.includes('lane')));
    expect(await past({ group: 'road', id: 'nowhere' })).toEqual([]);
  });

  it('leaves out what rests on a replaced time', async () => {
    const replaced = new Timeline('2026-11-22T20:00:00', LIGHT, [concentrator('LC-1')]);
    replaced.reports('LC-1', { lampsLit: 10 }, { replaced: true }).at('20:05:01');
    const { standing: it } = await standing(replaced);
    expect(it.lightingNow('town')).toMatchObject([{ lit: 10, verdict: 'ok' }]);
    expect(await it.lightingPast({ group: 'town', from, to, limit: 1 })).toMatchObject([
      { lit: 0, unknown: 10, verdict: 'unknown' },
    ]);
  });

  it('and the picture of now are the same after a restart', async () => {
    const { store, standing: before } = await standing(town());
    const engine = new Engine(KINDS, () => {});
    const checkpoint = new Checkpoint(store);
    checkpoint.load(engine);
    const again = new Standing(engine, checkpoint);
    expect(again.lightingNow('road')).toEqual(before.lightingNow('road'));
    expect(again.overview()).toEqual(before.overview());
    expect(again.verdictOf('LC-1')).toBe(before.verdictOf('LC-1'));
    const query = { group: 'feeder', from, to, limit: 100 } as const;
    expect(await again.lightingPast(query)).toEqual(await before.lightingPast(query));
  });
});
