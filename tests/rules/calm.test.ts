import { describe, expect, it } from 'vitest';
import { Timeline } from './support/timeline.ts';
import { concentrator, gasMeter, pressurePoint } from './support/town.ts';

const LEAK = `
- { id: leak, type: threshold, kind: gas-meter, name: { zh: 低报, en: Low }, when: leak >= 25, clear: leak < 20, keepFiring: 10m, severity: major }
`;
const FEEDER = `
- { id: feeder, type: threshold, kind: lighting-controller, name: { zh: 回路停电, en: Feeder }, power: always, when: voltage < 50, subject: parent, lamps: out, keepFiring: 10m, severity: critical }
`;
const SILENT = `
- { id: silent, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 3 intervals, keepFiring: 20m, severity: minor }
`;
const RATE = `
- { id: rate, type: ratio, kind: lighting-controller, name: { zh: 亮灯率, en: Rate }, part: lamps lit, whole: lamps expected, groupBy: [town], target: 0.97, clear: 0.98, keepFiring: 30m, severity: major }
`;
const FALL = `
- { id: fall, type: change, kind: water-pressure, name: { zh: 骤降, en: Fell }, of: pressure, within: 15m, by: 0.05, samples: 4, keepFiring: 10m, severity: major }
`;

/** A meter that reports every minute, in breach since 10:00. */
const leaking = () => {
  const town = new Timeline('2026-11-22T09:50', LEAK, [gasMeter('GM-1', { reportInterval: 60 })]);
  return town.keepsReporting('GM-1', { leak: 0 }).at('10:00').keepsReporting('GM-1', { leak: 30 });
};

describe('keepFiring', () => {
  it('ends an alert with the sample that shows its cause to be gone for so long', () => {
    const town = leaking().at('10:05').keepsReporting('GM-1', { leak: 0 });
    expect(town.at('10:14:59').story('leak').at(-1)).toBe('10:00:00 fired leak GM-1 (at-once)');
    expect(town.verdict('leak', 'GM-1')).toBe('ok: keeps-firing');
    expect(town.at('10:16').story('leak').at(-1)).toBe('10:15:00 resolved leak GM-1 (cleared)');
    expect(town.verdict('leak', 'GM-1')).toBe('ok');
  });

  it('goes by the samples of the device, not by when they come', () => {
    const town = leaking().at('10:05').fallsSilent('GM-1').at('10:30');
    const minutes = Array.from({ length: 12 }, (_, minute) => `10:${String(minute + 6).padStart(2, '0')}`);
    town.uploads('GM-1', Object.fromEntries(minutes.map((time) => [time, { leak: 0 }])));
    expect(town.story().at(-1)).toBe('10:30:00 resolved leak GM-1 (cleared)');
    expect(new Date(town.last('resolved').resolvedAt).toISOString()).toBe('2026-11-22T02:16:00.000Z');
  });

  it('keeps the same alert through a relapse, and waits for all of the time after it', () => {
    const town = leaking().at('10:05').keepsReporting('GM-1', { leak: 0 });
    town.at('10:12').keepsReporting('GM-1', { leak: 30 }).at('10:13').keepsReporting('GM-1', { leak: 0 }).at('10:30');
    expect(town.story()).toEqual([
      '10:00:00 begun leak GM-1 (condition)',
      '10:00:00 fired leak GM-1 (at-once)',
      '10:23:00 resolved leak GM-1 (cleared)',
    ]);
  });

  it('counts a sample between `when` and `clear` as no end: the wait begins anew', () => {
    const town = leaking().at('10:05').keepsReporting('GM-1', { leak: 0 });
    town.at('10:12').reports('GM-1', { leak: 22 }).at('10:30');
    expect(town.story().at(-1)).toBe('10:23:00 resolved leak GM-1 (cleared)');
  });

  it('never ends by absence: what is silent keeps firing, and a gap is no time in which it was gone (P8)', () => {
    const town = leaking().at('10:05').reports('GM-1', { leak: 0 }).fallsSilent('GM-1').at('12:00');
    expect(town.story().at(-1)).toBe('10:00:00 fired leak GM-1 (at-once)');
    town.keepsReporting('GM-1', { leak: 0 }).at('12:30');
    expect(town.story().at(-1)).toBe('12:10:00 resolved leak GM-1 (cleared)');
  });

  it('leaves what has not fired alone: a pending one vanishes at once', () => {
    const rules = LEAK.replace('keepFiring', 'for: 5m, keepFiring');
    const town = new Timeline('2026-11-22T10:00', rules, [gasMeter('GM-1')]).reports('GM-1', { leak: 30 });
    expect(town.at('10:02').reports('GM-1', { leak: 0 }).story().at(-1)).toBe('10:02:00 vanished leak GM-1 (cleared)');
  });

  it('asks it of each device that speaks for a node; the lamps of a node that has its supply back are not dark', () => {
    const minutely = { reportInterval: 60, attributes: { lamps: 0 } };
    const town = new Timeline('2026-11-22T20:00', FEEDER, [
      concentrator('LC-1', minutely),
      concentrator('LC-2', minutely),
    ]);
    town.keepsReporting('LC-1', { voltage: 0 }).keepsReporting('LC-2', { voltage: 0 }).at('20:05');
    expect(town.engine.deadNodes().size).toBe(1);
    town.keepsReporting('LC-1', { voltage: 230 }).at('20:10').keepsReporting('LC-2', { voltage: 230 });
    expect(town.at('20:19:59').story().at(-1)).toBe('20:00:00 fired feeder F-1 (at-once)');
    expect(town.engine.deadNodes().size).toBe(0);
    expect(town.at('20:30').story().at(-1)).toBe('20:20:00 resolved feeder F-1 (cleared)');
  });

  it('of a silence: it ends with what arrives after so long without another silence', () => {
    const town = new Timeline('2026-11-22T10:00', SILENT, [pressurePoint('WP-1')]);
    const [fine] = [{ pressure: 0.3 }];
    town.at('11:00').keepsReporting('WP-1', fine).at('11:11').fallsSilent('WP-1').at('12:00');
    // Silent again from 11:25 on.
    town.keepsReporting('WP-1', fine).at('13:00');
    expect(town.story()).toEqual([
      '10:15:00 begun silent WP-1 (silence)',
      '10:15:00 fired silent WP-1 (silence)',
      '12:20:00 resolved silent WP-1 (heard)',
    ]);
  });

  it('of a group: by ticks, each of which must find it well; what cannot be told begins the wait anew', () => {
    const town = new Timeline('2026-11-22T20:00', RATE, [concentrator('LC-1', { attributes: { lamps: 100 } })]);
    town.keepsReporting('LC-1', { lampsLit: 90 }).at('20:10').keepsReporting('LC-1', { lampsLit: 100 });
    // Unknown from 20:35 to 20:40; by then it was well for 25 minutes.
    town.at('20:21').fallsSilent('LC-1').at('20:40').keepsReporting('LC-1', { lampsLit: 100 });
    expect(town.at('21:09:59').story('rate').at(-1)).toBe('20:00:00 fired rate lailong (at-once)');
    expect(town.at('21:30').story('rate').at(-1)).toBe('21:10:00 resolved rate lailong (cleared)');
  });

  it('of a group that is at its target but not at what ends it: the wait has not begun', () => {
    const town = new Timeline('2026-11-22T20:00', RATE, [concentrator('LC-1', { attributes: { lamps: 100 } })]);
    town.keepsReporting('LC-1', { lampsLit: 90 }).at('20:10').keepsReporting('LC-1', { lampsLit: 97 }).at('21:00');
    town.keepsReporting('LC-1', { lampsLit: 98 }).at('22:00');
    expect(town.story('rate').at(-1)).toBe('21:30:00 resolved rate lailong (cleared)');
  });

  it('of a rule that judges now and then: what it found goes on until it finds otherwise', () => {
    const rules = `- { id: mean, type: average, kind: water-pressure, name: { zh: 均, en: Mean }, of: pressure, between: { from: "08:00", to: "10:00" }, limits: [{ above: 0.2 }], keepFiring: 30m, severity: info }`;
    const town = new Timeline('2026-11-22T08:00', rules, [pressurePoint('WP-1')]);
    town.keepsReporting('WP-1', { pressure: 0.3 }).at('11:00').keepsReporting('WP-1', { pressure: 0.1 }).at('07:00');
    expect(town.at('10:29:59').story().at(-1)).toBe('10:00:00 fired mean WP-1 (at-once)');
    expect(town.at('11:00').story().at(-1)).toBe('10:30:00 resolved mean WP-1 (cleared)');
  });

  it('of a rule that follows a field: a level that is back must stay back', () => {
    const town = new Timeline('2026-11-22T08:00', FALL, [pressurePoint('WP-1', { reportInterval: 60 })]);
    town.keepsReporting('WP-1', { pressure: 0.3 }).at('10:00').keepsReporting('WP-1', { pressure: 0.2 });
    town.at('10:03').keepsReporting('WP-1', { pressure: 0.3 }).at('10:20');
    expect(town.story()).toEqual([
      '10:00:00 begun fall WP-1 (condition)',
      '10:00:00 fired fall WP-1 (at-once)',
      '10:13:00 resolved fall WP-1 (cleared)',
    ]);
  });
});
