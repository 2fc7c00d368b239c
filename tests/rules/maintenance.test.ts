import { describe, expect, it } from 'vitest';
import { Timeline } from './support/timeline.ts';
import { concentrator, gasMeter, lampController, pressurePoint } from './support/town.ts';

const name = 'name: { zh: 名, en: name }, severity: major';
const LOW = `- { id: low, type: threshold, kind: water-pressure, ${name}, when: pressure < 0.14, for: 10m }\n`;
const SILENT = `- { id: silent, type: silence, kind: water-pressure, ${name}, after: 15m }\n`;
const SUPPLY = `- { id: supply, type: threshold, kind: lighting-controller, ${name}, when: voltage < 50, subject: parent, for: 10m }\n`;
const RATE = `- { id: rate, type: ratio, kind: lighting-controller, ${name}, part: lamps lit, whole: lamps expected, groupBy: [town], target: 0.9, for: 5m }\n`;
const BLOCK = `- { id: block, type: count, kind: lighting-controller, ${name}, count: dark block, atLeast: 5 }\n`;
const MISMATCH = `- { id: mismatch, type: count, kind: lighting-controller, ${name}, count: registry mismatch, for: 5m }\n`;
const WP = { type: 'device', id: 'WP-1' } as const;
const F1 = { type: 'parent', id: 'F-1' } as const;

/** A town with one pressure point, by day. */
const point = (rules: string) => new Timeline('2026-11-22T08:00', rules, [pressurePoint('WP-1')]);
/** Two feeders with ten lamps each, by night. */
const feeders = (rules: string) =>
  new Timeline('2026-11-22T20:00', rules, [concentrator('LC-1'), concentrator('LC-2', { parent: 'F-2' })]);

describe('while it is in maintenance', () => {
  it('a device is idle, and nothing of it begins', () => {
    const town = point(LOW).keepsReporting('WP-1', { pressure: 0.3 }).at('08:10').maintains(WP, '1h');
    town.keepsReporting('WP-1', { pressure: 0.01 }).at('09:09');
    expect(town.verdict('low', 'WP-1')).toBe('idle: maintenance');
    expect(town.story()).toEqual([]);
  });

  it('what is pending is let go, and the clocks begin anew after it', () => {
    const town = point(LOW).keepsReporting('WP-1', { pressure: 0.1 }).at('08:08').maintains(WP, '1h').at('10:00');
    expect(town.story()).toEqual([
      '08:00:00 begun low WP-1 (condition)',
      '08:08:00 vanished low WP-1 (maintenance)',
      '09:10:00 begun low WP-1 (condition)',
      '09:20:00 fired low WP-1 (held)',
    ]);
  });

  it('what is open stays open, and is not ended by what is measured meanwhile', () => {
    const town = point(LOW).keepsReporting('WP-1', { pressure: 0.1 }).at('08:30').maintains(WP, '1h');
    town.keepsReporting('WP-1', { pressure: 0.3 }).at('09:29');
    expect(town.story()).toEqual(['08:00:00 begun low WP-1 (condition)', '08:10:00 fired low WP-1 (held)']);
    town.at('09:31');
    expect(town.story().slice(2)).toEqual(['09:30:00 resolved low WP-1 (cleared)']);
  });

  it('what was measured in it counts for nothing, whenever it comes; what was measured before it is not told in it', () => {
    const town = point(LOW).reports('WP-1', { pressure: 0.3 }).at('08:10').maintains(WP, '1h').at('08:20');
    town.uploads('WP-1', { '08:01': { pressure: 0.1 }, '08:09': { pressure: 0.1 } }).at('09:15');
    town.uploads('WP-1', { '08:30': { pressure: 0.1 }, '09:05': { pressure: 0.1 } }).at('10:00');
    expect(town.story()).toEqual([]);
  });

  it('nobody misses a silent device, and its silence is counted from the end of the work on', () => {
    const town = point(SILENT).reports('WP-1', { pressure: 0.3 }).at('08:10').maintains(WP, '1h').at('09:24:30');
    expect(town.story()).toEqual([]);
    expect(town.verdict('silent', 'WP-1')).toBe('unknown: resumed');
    town.at('09:26');
    expect(town.story()).toEqual(['09:25:00 begun silent WP-1 (silence)', '09:25:00 fired silent WP-1 (silence)']);
  });

  it('a silence is not ended by what comes in the work, but by what comes after it', () => {
    const town = point(SILENT).reports('WP-1', { pressure: 0.3 }).at('08:30').maintains(WP, '1h');
    town.at('09:00').reports('WP-1', { pressure: 0.3 }).at('10:00');
    expect(town.story().slice(2)).toEqual([]);
    town.reports('WP-1', { pressure: 0.3 }).at('10:01');
    expect(town.story().slice(2)).toEqual(['10:00:00 resolved silent WP-1 (heard)']);
  });

  it('of a node with two devices the one that is not worked on goes on speaking', () => {
    const devices = [concentrator('LC-1'), concentrator('LC-2')];
    const town = new Timeline('2026-11-22T20:00', SUPPLY, devices);
    for (const id of ['LC-1', 'LC-2']) town.keepsReporting(id, { voltage: 0 });
    town.at('20:05').maintains({ type: 'device', id: 'LC-1' }, '1h').at('20:15');
    expect(town.story()).toEqual(['20:00:00 begun supply F-1 (condition)', '20:10:00 fired supply F-1 (held)']);
  });

  it('lamps are not expected; where none is, that is the reason', () => {
    const town = feeders(RATE).keepsReporting('LC-1', { lampsLit: 0 }).keepsReporting('LC-2', { lampsLit: 10 });
    town.maintains(F1, '2h').at('20:10');
    expect(town.engine.counts[0]).toMatchObject({ group: 'town', expected: 10, lit: 10, maintained: 10 });
    expect(town.verdict('rate', 'lailong')).toBe('ok');
    town.maintains({ type: 'area', id: 'lailong' }, '2h').at('20:11');
    expect(town.verdict('rate', 'lailong')).toBe('idle: maintenance');
    expect(town.story()).toEqual([]);
  });

  it('a low rate is not ended by taking its dark lamps out of the count', () => {
    const town = feeders(RATE).keepsReporting('LC-1', { lampsLit: 5 }).keepsReporting('LC-2', { lampsLit: 10 });
    town.at('20:30').maintains(F1, '1h').at('21:25');
    expect(town.verdict('rate', 'lailong')).toBe('ok');
    expect(town.story().filter((line) => line.includes('resolved'))).toEqual([]);
    town.keepsReporting('LC-1', { lampsLit: 10 }).at('21:31');
    expect(town.story().slice(2)).toEqual(['21:30:00 resolved rate lailong (cleared)']);
  });

  it('nor is a block of dark lamps', () => {
    const rest = concentrator('LC-3', { attributes: { lamps: 20 } });
    const town = new Timeline('2026-11-22T20:00', BLOCK, [concentrator('LC-1'), rest]);
    town.keepsReporting('LC-1', { lampsLit: 0 }).keepsReporting('LC-3', { lampsLit: 20 }).at('20:30');
    town.maintains({ type: 'device', id: 'LC-1' }, '1h').at('21:29');
    expect(town.story().map((line) => line.split(' ')[1])).toEqual(['begun', 'fired']);
    expect(town.engine.counts.find(({ group }) => group === 'feeder')).toMatchObject({ out: 0, maintained: 10 });
  });

  it('a device that counts other lamps is not found, and goes unfound until the work is over', () => {
    const town = new Timeline('2026-11-22T20:00', MISMATCH, [concentrator('LC-1')]);
    town.keepsReporting('LC-1', { lampsLit: 5, lampsTotal: 5 }).at('20:03');
    town.maintains({ type: 'device', id: 'LC-1' }, '30m').at('20:20');
    expect(town.verdict('mismatch', 'LC-1')).toBe('idle: maintenance');
    town.at('20:40');
    expect(town.story()).toEqual([
      '20:00:00 begun mismatch LC-1 (condition)',
      '20:03:00 vanished mismatch LC-1 (maintenance)',
      '20:33:00 begun mismatch LC-1 (condition)',
      '20:38:00 fired mismatch LC-1 (held)',
    ]);
  });
});

describe('whom a window covers', () => {
  const covered = (subject: Parameters<Timeline['maintains']>[0]) => {
    const devices = [
      ...[pressurePoint('WP-1'), gasMeter('GM-1', { area: 'park' }), concentrator('LC-1', { area: 'park' })],
      ...[lampController('L-1', { parent: 'F-2' }), concentrator('LC-2', { parent: 'F-2' })],
    ];
    const town = new Timeline('2026-11-22T08:00', '[]', devices).maintains(subject, '1h');
    return [...town.engine.roster.members.values()]
      .filter(({ windows }) => windows.length > 0)
      .map((one) => one.device.id);
  };

  it.each([
    ['an area: what lies in it', { type: 'area', id: 'park' }, ['GM-1', 'LC-1']],
    ['a town: all of it', { type: 'area', id: 'lailong' }, ['WP-1', 'GM-1', 'LC-1', 'L-1', 'LC-2']],
    ['a node: what hangs from it', { type: 'parent', id: 'F-2' }, ['L-1', 'LC-2']],
    ['a device: itself and what it publishes for', { type: 'device', id: 'LC-1' }, ['LC-1', 'L-1']],
  ] as const)('%s', (_what, subject, ids) => {
    expect(covered(subject)).toEqual(ids);
  });

  it('a device that comes under it later is covered from then on', () => {
    const town = point(LOW).maintains({ type: 'area', id: 'park' }, '2h');
    town.changes('WP-1', { area: 'park' }).keepsReporting('WP-1', { pressure: 0.1 }).at('09:00');
    expect(town.story()).toEqual([]);
  });

  it('a window that is ended early is over then; one that was called off never was', () => {
    const town = point(LOW).keepsReporting('WP-1', { pressure: 0.1 }).maintains(WP, '2h', { id: 'w' }).at('08:30');
    const from = Date.parse('2026-11-22T08:00+08:00');
    town.maintains(WP, '0s', { id: 'w', from }).at('09:00');
    expect(town.story()).toEqual(['08:30:00 begun low WP-1 (condition)', '08:40:00 fired low WP-1 (held)']);
    const never = point(LOW).maintains(WP, '0s', { id: 'w', from: Date.parse('2026-11-22T08:30+08:00') });
    expect(never.engine.roster.members.get('WP-1')?.windows).toEqual([]);
  });

  it('windows are forgotten when nothing of their time is taken any more', () => {
    const town = point(LOW);
    const old = Date.parse('2026-10-01T08:00+08:00');
    town.maintains(WP, '1h', { id: 'old', from: old, to: old + 1 }).maintains(WP, '1h', { id: 'new' });
    expect([...town.engine.roster.maintenance.all.keys()]).toEqual(['new']);
  });
});
