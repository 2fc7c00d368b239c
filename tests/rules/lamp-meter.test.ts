import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeterReport } from '../../src/rules/lamp-meter.ts';
import { estimate } from '../../src/rules/lamp-meter.ts';
import { Timeline } from './support/timeline.ts';
import { concentrator } from './support/town.ts';

const IDLE = 8;
const LAMP = 100;
const metered = (more: object = {}) =>
  concentrator('LC-1', { attributes: { lamps: 40, observation: 'meter', ...more } });
const drawing = (lamps: number) => ({ power: IDLE + LAMP * lamps });

function countOf(town: Timeline) {
  const { expected = 0, lit = 0, out = 0, unknown = 0, metered: known = 0 } = town.engine.counts[0] ?? {};
  return { expected, lit, out, unknown, metered: known };
}

/** Three nights with all lamps on, and the days between; it is 20:00 of the fourth. */
function learned(more: object = {}, dim = 100) {
  const town = new Timeline('2026-11-22T12:00', '[]', [metered(more)]);
  for (let night = 0; night < 3; night++) {
    town
      .keepsReporting('LC-1', { power: IDLE })
      .at('17:02')
      .keepsReporting('LC-1', { ...drawing(40), dim })
      .at('06:40');
  }
  return town.keepsReporting('LC-1', { power: IDLE }).at('17:02').keepsReporting('LC-1', drawing(40)).at('20:00');
}

describe('a circuit that has a meter only', () => {
  it('is unknown until its full load was seen in three nights', () => {
    const town = new Timeline('2026-11-22T12:00', '[]', [metered()])
      .keepsReporting('LC-1', { power: IDLE })
      .at('17:02');
    town.keepsReporting('LC-1', drawing(40)).at('20:00');
    expect(countOf(town)).toEqual({ expected: 40, lit: 0, out: 0, unknown: 40, metered: 0 });
    expect(countOf(learned())).toEqual({ expected: 40, lit: 38, out: 0, unknown: 2, metered: 38 });
  });

  it('has so many lamps lit as its power allows, give or take the tolerance', () => {
    const town = learned().keepsReporting('LC-1', drawing(30)).at('20:01');
    expect(countOf(town)).toEqual({ expected: 40, lit: 28, out: 8, unknown: 4, metered: 36 });
    const fine = learned({ meterTolerance: 0.02 }).keepsReporting('LC-1', drawing(30)).at('20:01');
    expect(countOf(fine)).toMatchObject({ lit: 29, out: 9, unknown: 2 });
  });

  it('takes a full load that is known for granted', () => {
    const town = new Timeline('2026-11-22T16:00', '[]', [metered({ fullLoad: IDLE + 40 * LAMP })]);
    town.keepsReporting('LC-1', { power: IDLE }).at('17:02').keepsReporting('LC-1', drawing(20)).at('20:00');
    expect(countOf(town)).toMatchObject({ lit: 18, out: 18, unknown: 4 });
  });

  it('does not take the inrush of a moment for its full load, nor what a circuit draws that is dimmed', () => {
    const town = learned().reports('LC-1', { power: 9_000 }).at('20:06');
    expect(countOf(town)).toMatchObject({ lit: 38 });
    town.keepsReporting('LC-1', { power: IDLE + 20 * LAMP, dim: 50 }).at('21:00');
    // Dimmed by half, it draws half, and so does what the meter may be off: twice as many lamps.
    expect(countOf(town)).toMatchObject({ lit: 36, out: 0 });
  });

  it('is dark when nothing is drawn, and unknown when it falls silent', () => {
    const town = learned().keepsReporting('LC-1', { power: IDLE }).at('20:01');
    expect(countOf(town)).toMatchObject({ lit: 0, out: 38, unknown: 2 });
    expect(countOf(town.fallsSilent('LC-1').at('20:30'))).toMatchObject({ unknown: 40, metered: 0 });
  });

  it('learns anew when it gets other lamps', () => {
    const town = learned()
      .changes('LC-1', metered({ lamps: 50 }))
      .at('20:01');
    expect(countOf(town)).toMatchObject({ expected: 50, unknown: 50 });
  });

  it('is not learned of while it is dimmed, or while the plan keeps some of its lamps dark', () => {
    expect(countOf(learned({}, 50))).toMatchObject({ unknown: 40 });
    expect(countOf(learned({ plan: 'alternate' }))).toMatchObject({ expected: 20, unknown: 20 });
  });

  it('is learned of while the plan lets all its lamps burn only', () => {
    const half = learned({ plan: 'half-night', planUntil: '23:00', planLamps: 20 });
    half.keepsReporting('LC-1', drawing(20)).at('02:00');
    expect(countOf(half)).toMatchObject({ expected: 20, lit: 18, out: 0 });
  });
});

it('the true number of lit lamps lies within the estimate, whatever the meter is off within its tolerance', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }).chain((lamps) => fc.tuple(fc.constant(lamps), fc.nat(lamps))),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 0.01, max: 0.1, noNaN: true }),
      fc.constantFrom(1, 0.7, 0.5),
      ([lamps, lit], off, tolerance, dim) => {
        const full = IDLE + LAMP * lamps;
        const power = IDLE + LAMP * lit * dim + off * tolerance * (full - IDLE);
        const device = metered({ lamps, meterTolerance: tolerance });
        const report: MeterReport = {
          ...{ ts: 0, power, dim, isTimeReplaced: false, idle: IDLE, full, row: [], nights: 3, nightSince: 0 },
        };
        const found = estimate({ device } as Parameters<typeof estimate>[0], report);
        expect(found?.low).toBeLessThanOrEqual(lit + 1e-6);
        expect(found?.high).toBeGreaterThanOrEqual(lit - 1e-6);
      },
    ),
  );
});
