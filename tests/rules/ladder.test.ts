import { describe, expect, it } from 'vitest';
import { Timeline } from './support/timeline.ts';
import { concentrator, gasMeter, pressurePoint } from './support/town.ts';

const name = 'name: { zh: 名, en: Name }';
const PRESSURE = `
- id: low
  type: threshold
  kind: water-pressure
  ${name}
  when: pressure < 0.14
  severity: minor
  ladder:
    - { after: 1h, severity: major }
    - { when: pressure < 0.07, after: 4m, back: 10m, severity: critical }
`;
const RATE = `- { id: rate, type: ratio, kind: lighting-controller, ${name}, part: lamps lit, whole: lamps expected, groupBy: [town], target: 0.97, severity: minor, ladder: [{ below: 0.9, after: 5m, back: 30m, severity: major }] }`;
const BLOCK = `- { id: block, type: count, count: dark block, kind: lighting-controller, ${name}, atLeast: 2, severity: minor, ladder: [{ atLeast: 5, back: 10m, severity: major }] }`;
const SILENT = `- { id: silent, type: silence, kind: water-pressure, ${name}, after: 15m, severity: info, ladder: [{ after: 30m, severity: minor }] }`;
const LEAK = `- { id: leak, type: threshold, kind: gas-meter, ${name}, when: leak >= 25, severity: major, ladder: [{ when: leak >= 50, severity: critical }] }`;

/** A pressure point that reports every minute, low from 10:00 on. */
function low(rules = PRESSURE) {
  const town = new Timeline('2026-11-22T09:50', rules, [pressurePoint('WP-1', { reportInterval: 60 })]);
  return town.keepsReporting('WP-1', { pressure: 0.3 }).at('10:00').keepsReporting('WP-1', { pressure: 0.1 });
}
/** When it became how grave, and why. */
function grades(town: Timeline): string[] {
  const at = (ms: number) => new Date(ms + 8 * 3_600_000).toISOString().slice(11, 16);
  return town.found.flatMap((one) => (one.step === 'graded' ? [`${at(one.at)} ${one.severity} (${one.reason})`] : []));
}

describe('a ladder', () => {
  it('is gone up by time: what has fired for so long is graver, on the same alert, once', () => {
    const town = low().at('12:00');
    expect(grades(town)).toEqual(['11:00 major (lasting)']);
    expect(town.story().map((line) => line.slice(9))).toEqual([
      'begun low WP-1 (condition)',
      'fired low WP-1 (at-once)',
      'graded low WP-1 (lasting)',
    ]);
    expect(town.last('graded').alert).toBe(town.last('fired').alert);
  });

  it('is gone up by a worse condition that holds for its time, and down only once that has not held for its own', () => {
    const town = low()
      .at('10:10')
      .keepsReporting('WP-1', { pressure: 0.05 })
      .at('10:12')
      .keepsReporting('WP-1', { pressure: 0.1 });
    // Two minutes were too short.
    expect(grades(town.at('10:20'))).toEqual([]);
    town.keepsReporting('WP-1', { pressure: 0.05 }).at('10:30').keepsReporting('WP-1', { pressure: 0.1 });
    expect(grades(town.at('10:39'))).toEqual(['10:24 critical (worse)']);
    // A relapse within the time keeps it up.
    town.reports('WP-1', { pressure: 0.05 }).at('10:49');
    expect(grades(town)).toEqual(['10:24 critical (worse)']);
    expect(grades(town.at('10:55'))).toEqual(['10:24 critical (worse)', '10:50 minor (eased)']);
  });

  it('leads down to the step that still holds', () => {
    const town = low()
      .at('10:50')
      .keepsReporting('WP-1', { pressure: 0.05 })
      .at('11:10')
      .keepsReporting('WP-1', { pressure: 0.1 });
    expect(grades(town.at('11:30'))).toEqual(['10:54 critical (worse)', '11:20 major (eased)']);
  });

  it('never leads down by absence: a point that falls silent stays as grave as it was', () => {
    const town = low()
      .at('10:10')
      .keepsReporting('WP-1', { pressure: 0.05 })
      .at('10:20')
      .reports('WP-1', { pressure: 0.1 });
    town.fallsSilent('WP-1').at('13:00');
    expect(grades(town)).toEqual(['10:14 critical (worse)']);
  });

  it('lets the wait run out at a tick while the device is fresh, and not when it is not', () => {
    const rules = PRESSURE.replace('after: 4m', 'after: 15m');
    const slow = (interval: number) =>
      new Timeline('2026-11-22T10:00', rules, [pressurePoint('WP-1', { reportInterval: interval })]);
    const upAt = (town: Timeline) => grades(town.reports('WP-1', { pressure: 0.05 }).at('10:50'));
    expect(upAt(slow(600))).toEqual(['10:15 critical (worse)']);
    expect(upAt(slow(60))).toEqual([]);
  });

  it('is as grave when it fires as it is then', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 60 });
    expect(town.story().map((line) => line.slice(9))).toEqual([
      'begun leak GM-1 (condition)',
      'graded leak GM-1 (worse)',
      'fired leak GM-1 (at-once)',
    ]);
  });

  it('of a rate: by one that cannot be so high; what cannot be told moves nothing', () => {
    const lamps = (id: string) => concentrator(id, { attributes: { lamps: 50 } });
    const town = new Timeline('2026-11-22T20:00', RATE, [lamps('LC-1'), lamps('LC-2')]);
    const lit = (first: number, second: number) =>
      town.keepsReporting('LC-1', { lampsLit: first }).keepsReporting('LC-2', { lampsLit: second });
    lit(40, 40).at('20:30');
    expect(grades(town)).toEqual(['20:05 major (worse)']);
    expect(town.last('graded').values).toMatchObject({ low: 0.8, high: 0.8 });
    // Better for a quarter of an hour; then 50 of 100 are known to be lit, and 100 may be: it cannot be told.
    lit(45, 50).fallsSilent('LC-1').at('21:30');
    expect(town.verdict('rate', 'lailong')).toBe('unknown: coverage');
    lit(45, 50).at('21:59:50');
    expect(grades(town)).toEqual(['20:05 major (worse)']);
    expect(grades(town.at('22:30'))).toEqual(['20:05 major (worse)', '22:00 minor (eased)']);
  });

  it('of a count: by more of them', () => {
    const town = new Timeline('2026-11-22T20:00', BLOCK, [concentrator('LC-1')]);
    town.keepsReporting('LC-1', { lampsLit: 7 }).at('20:30').keepsReporting('LC-1', { lampsLit: 5 });
    town.at('20:40').keepsReporting('LC-1', { lampsLit: 7 }).at('21:00');
    expect(grades(town)).toEqual(['20:30 major (worse)', '20:50 minor (eased)']);
  });

  it('of a silence: by time', () => {
    const town = new Timeline('2026-11-22T10:00', SILENT, [pressurePoint('WP-1')]).at('11:30');
    expect(grades(town)).toEqual(['10:45 minor (lasting)']);
  });

  it('stands still while nothing is expected: what is worked on is no graver for it', () => {
    const town = low().at('10:30').maintains({ type: 'device', id: 'WP-1' }, '2h').at('12:30');
    expect(grades(town)).toEqual([]);
    expect(grades(town.at('13:40'))).toEqual(['13:30 major (lasting)']);
  });

  it('that is another one now leaves the alert as grave as it is until it says otherwise', () => {
    const town = low().at('10:10').keepsReporting('WP-1', { pressure: 0.05 }).at('10:30');
    town.rulebook(PRESSURE.replace('0.07', '0.09')).at('10:32').keepsReporting('WP-1', { pressure: 0.1 }).at('11:00');
    expect(grades(town)).toEqual(['10:14 critical (worse)', '10:42 minor (eased)']);
  });

  it('leaves an open alert as grave as it was told where only its rule is graver now, until it takes a step', () => {
    const town = low().at('10:10').rulebook(PRESSURE.replace('minor', 'info')).at('10:59');
    expect(grades(town)).toEqual([]);
    expect(grades(town.at('11:10'))).toEqual(['11:00 major (lasting)']);
    const graver = low().at('11:10').keepsReporting('WP-1', { pressure: 0.05 }).at('11:30');
    graver.rulebook(PRESSURE.replace('minor', 'info')).keepsReporting('WP-1', { pressure: 0.1 }).at('11:50');
    expect(grades(graver).at(-1)).toBe('11:40 major (eased)');
  });

  it('whose steps stand in another order now is not confused by how they stood before', () => {
    const [head, first, second] = PRESSURE.split(/(?=\n {4}- )/);
    const town = low().at('10:10').keepsReporting('WP-1', { pressure: 0.05 }).at('10:30');
    town.rulebook(`${head}${second?.trimEnd()}${first}\n`).at('10:50');
    expect(grades(town)).toEqual(['10:14 critical (worse)']);
  });
});
