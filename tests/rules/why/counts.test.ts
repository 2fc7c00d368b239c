import { describe, expect, it } from 'vitest';
import { Town } from '../../../src/model/town.ts';
import type { Account } from '../../../src/rules/why/account.ts';
import { Why } from '../../../src/rules/why/why.ts';
import { local, Timeline } from '../support/timeline.ts';
import { concentrator, lampController, TOWN } from '../support/town.ts';

const COMMON = 'type: count, kind: lighting-controller, name: { zh: 名, en: name }, severity: minor';
const RULES = `
- { id: block, ${COMMON}, count: dark block, atLeast: 5, share: 0.5, for: 5m }
- { id: run, ${COMMON}, count: dark run, atLeast: 2 }
- { id: burner, ${COMMON}, count: day burner }
- { id: cycling, ${COMMON}, count: cycling lamp, atLeast: 3, within: 2h }
- { id: off, ${COMMON}, count: off schedule }
- { id: mismatch, ${COMMON}, count: registry mismatch, for: 10m }
`;
const LAMPS = [1, 2, 3].map((sequence) => lampController(`L-${sequence}`, { attributes: { lamps: 1, sequence } }));
const NOBODY = { newest: () => undefined, alerts: { list: () => [], get: () => undefined } };
const night = (time = '2026-11-22T20:00') => new Timeline(time, RULES, [concentrator('LC-1'), ...LAMPS]);
const why = (town: Timeline, rule: string, subject: string) => new Why(town.engine, NOBODY).account(rule, subject);
const figures = (account: Account) => Object.fromEntries(account.figures.map(({ name, value }) => [name, value]));

describe('why, of what is found by counting lamps', () => {
  it('a block of dark lamps: how many of how many, when it fires, and who is left out since when', () => {
    const town = night().at('20:01').keepsReporting('LC-1', { lampsLit: 3 });
    for (const id of ['L-1', 'L-2', 'L-3']) town.reports(id, { lampsLit: 1 });
    town.at('20:03');
    const account = why(town, 'block', 'F-1');
    expect(figures(account)).toEqual({ out: 7, expected: 13, unknown: 0 });
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { text: 'out >= 5 && out >= 0.5 * expected', figures: '7 >= 5 && 7 >= 0.5 * 13', holds: true },
      alert: { firedAt: null, due: new Date(local('2026-11-22T20:06')).toISOString() },
      next: { at: new Date(local('2026-11-22T20:06')).toISOString() },
    });
    expect(why(town.at('20:10'), 'block', 'F-1').next.text.en).toBe('it is over with fewer than 7 out or unknown');
    // Single lamps fall silent, the concentrator says the same.
    const later = why(town.at('20:20'), 'block', 'F-1');
    expect(figures(later)).toEqual({ out: 7, expected: 13, unknown: 3 });
    expect(later.exclusions.map(({ device, reason, since }) => [device, reason, since])).toEqual(
      ['L-1', 'L-2', 'L-3'].map((id) => [id, 'stale', new Date(local('2026-11-22T20:16')).toISOString()]),
    );
    expect(later.expected).toMatchObject({ devices: 4, expected: 13, out: 7, unknown: 3 });
  });

  it('a feeder without supply: how many of the dark lamps are so by that, whatever they said before', () => {
    const supply = `
- { id: supply, type: threshold, kind: lighting-controller, name: { zh: 停电, en: Outage }, when: voltage < 50, subject: parent, lamps: out, severity: critical }
- { id: rate, type: ratio, kind: lighting-controller, name: { zh: 率, en: Rate }, part: lamps lit, whole: lamps expected, groupBy: [town], target: 0.97, severity: major }
- { id: lamp, ${COMMON}, count: dark lamp }
`;
    const town = new Timeline('2026-11-22T20:00', RULES + supply, [concentrator('LC-1'), ...LAMPS]).at('20:01');
    for (const id of ['L-1', 'L-2', 'L-3']) town.reports(id, { lampsLit: 1 });
    town
      .reports('LC-1', { lampsLit: 10, voltage: 230 })
      .at('20:03')
      .reports('LC-1', { lampsLit: 0, voltage: 0 })
      .at('20:04');
    expect(figures(why(town, 'block', 'F-1'))).toEqual({ out: 13, expected: 13, unknown: 0, powerless: 13 });
    expect(figures(why(town, 'rate', 'town:lailong'))).toMatchObject({ powerless: 13 });
    const { figures: said } = why(town, 'lamp', 'L-2');
    expect(said.find(({ name }) => name === 'powerless')).toMatchObject({
      value: 1,
      text: { zh: expect.stringContaining('F-1'), en: expect.stringContaining('a feeder without supply (F-1)') },
    });
  });

  it('lamps that are worked on do not count, and since when', () => {
    const town = night().at('20:01').keepsReporting('LC-1', { lampsLit: 3 });
    town.maintains({ type: 'device', id: 'L-2' }, '1h').at('20:03');
    expect(why(town, 'block', 'F-1').exclusions).toContainEqual(
      expect.objectContaining({
        device: 'L-2',
        reason: 'maintenance',
        since: new Date(local('2026-11-22T20:01')).toISOString(),
      }),
    );
  });

  it('a run of dark lamps: how long, which lamps, and where they stand', () => {
    const town = night().at('20:01');
    town.reports('L-1', { lampsLit: 1 }).reports('L-2', { lampsLit: 0 }).reports('L-3', { lampsLit: 0 }).at('20:02');
    const account = why(town, 'run', 'avenue');
    expect(figures(account)).toEqual({ run: 2, expected: 3 });
    expect(account).toMatchObject({ verdict: 'breach', when: { text: 'run >= 2', figures: '2 >= 2', holds: true } });
    expect(account.looked[0]?.values.map(({ device, value }) => [device, value])).toEqual([
      ['L-2', 2],
      ['L-3', 3],
    ]);
  });

  it('a day burner: how many burn, and by when they have to be off', () => {
    const town = night('2026-11-22T11:00').at('11:01').reports('LC-1', { lampsLit: 4 }).at('11:02');
    const account = why(town, 'burner', 'LC-1');
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { text: 'burning >= 1', figures: '4 >= 1', holds: true },
    });
    // Sunrise and sunset of 22 November there.
    expect(figures(account).hours).toMatch(/^11-22 06:4\d – 11-22 (16:59|17:0\d)$/);
    expect(account.sentences.zh.join('\n')).toContain('不应亮时段');
    expect(why(night().at('20:01'), 'burner', 'LC-1').sentences.zh[0]).toContain('不作判定，夜间');
  });

  it('a cycling lamp: how often it went on or off, and when', () => {
    const town = night().at('20:01').reports('L-1', { lampsLit: 1 });
    for (const [time, lampsLit] of [
      ['20:06', 0],
      ['20:11', 1],
      ['20:16', 0],
    ] as const)
      town.at(time).reports('L-1', { lampsLit });
    const account = why(town.at('20:17'), 'cycling', 'L-1');
    expect(figures(account)).toMatchObject({ switchings: 3, turns: '20:06 20:11 20:16' });
    expect(account).toMatchObject({ verdict: 'breach', when: { figures: '3 >= 3', holds: true } });
    expect(account.next.text.zh).toBe('2 小时内少于 3 次即恢复');
  });

  it('a circuit off its published hours: which these are, and when a lamp of it last burned', () => {
    const days = [{ date: '2026-01-01', on: '17:10', off: '06:30' }];
    const published = Town.parse({
      ...TOWN,
      roads: TOWN.roads.map((road) => ({ ...road, switching: { timetable: 'all' } })),
    });
    const town = new Timeline('2026-11-22T16:00', RULES, [concentrator('LC-1')], {
      ...published,
      timetables: [{ id: 'all', days }],
    });
    town.at('16:01').keepsReporting('LC-1', { lampsLit: 0 }).at('17:40');
    const account = why(town, 'off', 'F-1');
    expect(account).toMatchObject({ verdict: 'breach', reason: 'off', when: { text: 'lit == 0', holds: true } });
    expect(figures(account)).toMatchObject({ lit: 0, litAt: null, hours: '11-22 17:10 – 11-23 06:30' });
    expect(account.next.text.en).toBe('it is over when a lamp of it burns');
  });

  it('a registry mismatch: both counts', () => {
    const town = night().at('20:01').reports('LC-1', { lampsLit: 8, lampsTotal: 12 }).at('20:02');
    const account = why(town, 'mismatch', 'LC-1');
    expect(account).toMatchObject({ verdict: 'breach', when: { figures: '12 != 10', holds: true } });
    expect(account.sentences.en).toContain('  lampsTotal = 12: lamps by its report');
  });
});
