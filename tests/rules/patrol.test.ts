import { describe, expect, it } from 'vitest';
import { standingOf } from './support/standing.ts';
import { Timeline } from './support/timeline.ts';
import { concentrator } from './support/town.ts';

const watched = (more: object = {}) =>
  concentrator('LC-1', { attributes: { lamps: 10, observation: 'patrol' }, ...more });
const TEN = concentrator('LC-2', { parent: 'F-2' });

function countOf(town: Timeline) {
  const { expected = 0, lit = 0, out = 0, unknown = 0, patrolled = 0 } = town.engine.counts[0] ?? {};
  return { expected, lit, out, unknown, patrolled };
}

describe('lamps that are watched by patrols', () => {
  it('are unknown until one has looked, and known as long as that holds', () => {
    const town = new Timeline('2026-11-22T20:00', '[]', [watched()]).at('20:10');
    expect(countOf(town)).toEqual({ expected: 10, lit: 0, out: 0, unknown: 10, patrolled: 0 });
    town.patrols('LC-1', 8, { validFor: '2h' }).at('22:09');
    expect(countOf(town)).toEqual({ expected: 10, lit: 8, out: 2, unknown: 0, patrolled: 10 });
    expect(countOf(town.at('22:11'))).toMatchObject({ unknown: 10, patrolled: 0 });
  });

  it('stay known over the days that a finding holds for', () => {
    const town = new Timeline('2026-11-22T20:00', '[]', [watched()]).at('20:10').patrols('LC-1', 8, { validFor: '7d' });
    expect(countOf(town.at('12:00'))).toMatchObject({ expected: 0 });
    expect(countOf(town.at('20:00'))).toMatchObject({ lit: 8, out: 2 });
  });

  it('are as the patrol saw them that looked last, whichever is handed in last', () => {
    const town = new Timeline('2026-11-22T20:00', '[]', [watched()]).at('22:00').patrols('LC-1', 7, { seen: '21:30' });
    expect(countOf(town.patrols('LC-1', 0, { seen: '21:00' }).at('22:01'))).toMatchObject({ lit: 7 });
    expect(countOf(town.patrols('LC-1', 9, { seen: '21:40' }).at('22:02'))).toMatchObject({ lit: 9 });
  });

  it('are not silent, for nothing is expected to come', () => {
    const rule = `- { id: silent, type: silence, kind: lighting-controller, name: { zh: 默, en: Silent }, after: 10m, severity: info }\n`;
    const town = new Timeline('2026-11-22T20:00', rule, [watched(), TEN]).at('21:00');
    expect(town.story().map((line) => line.split(' ')[3])).toEqual(['LC-2', 'LC-2']);
  });

  it('are not believed when they report themselves', () => {
    const town = new Timeline('2026-11-22T20:00', '[]', [watched()]).keepsReporting('LC-1', { lampsLit: 10 });
    expect(countOf(town.at('20:10'))).toMatchObject({ lit: 0, unknown: 10 });
  });

  it('are commissioned by their first finding', () => {
    const town = new Timeline('2026-11-22T20:00', '[]', [watched({ inService: 'auto' })]).at('20:10');
    expect(countOf(town)).toMatchObject({ expected: 0 });
    expect(countOf(town.patrols('LC-1', 8).at('20:11'))).toMatchObject({ expected: 10, lit: 8 });
  });
});

describe('a patrol that looks at lamps which report', () => {
  it('counts only while their own reports do not', () => {
    const town = new Timeline('2026-11-22T20:00', '[]', [TEN]).keepsReporting('LC-2', { lampsLit: 9 }).at('20:10');
    town.patrols('LC-2', 5);
    expect(countOf(town.at('20:11'))).toMatchObject({ lit: 9, patrolled: 0 });
    expect(countOf(town.fallsSilent('LC-2').at('20:30'))).toMatchObject({ lit: 5, out: 5, patrolled: 10 });
  });
});

it('coverage is shown by its sources', async () => {
  const town = new Timeline('2026-11-22T20:00', '[]', [watched(), TEN]).keepsReporting('LC-2', { lampsLit: 9 });
  town.patrols('LC-1', 8).at('20:10');
  expect((await standingOf(town)).lightingNow('town')).toMatchObject([
    { expected: 20, lit: 17, out: 3, coverage: 1, sources: { telemetry: 10, patrol: 10, meter: 0 } },
  ]);
});

it('an alert shows the patrol’s finding as what decided it', () => {
  const rule = `- { id: block, type: count, kind: lighting-controller, name: { zh: 片, en: Block }, count: dark block, atLeast: 2, severity: info }\n`;
  const town = new Timeline('2026-11-22T20:00', rule, [watched()]).at('20:10').patrols('LC-1', 8).at('20:11');
  expect(town.last('fired').evidence).toEqual([
    { device: 'LC-1', ts: '2026-11-22T12:10:00.000Z', values: { lampsLit: 8 } },
  ]);
});
