import { describe, expect, it } from 'vitest';
import { local, Timeline } from './support/timeline.ts';
import { concentrator, lampController } from './support/town.ts';

const RATE = `
- id: lighting-rate
  type: ratio
  kind: lighting-controller
  name: { zh: 亮灯率低于97%, en: Lighting rate below 97 % }
  part: lamps lit
  whole: lamps expected
  groupBy: [town]
  target: 0.97
  clear: 0.975
  for: 10m
  severity: major
  organisation: urban-management
`;
const lamps = (id: string, count: number, more: Parameters<typeof concentrator>[1] = {}) =>
  concentrator(id, { attributes: { lamps: count }, ...more });

/** Two concentrators with a thousand lamps each, of which so many burn. */
function night(first: number, second: number, rules = RATE, from = '2026-11-22T20:00') {
  const town = new Timeline(from, rules, [lamps('LC-1', 1_000), lamps('LC-2', 1_000, { parent: 'F-2', area: 'park' })]);
  return town.keepsReporting('LC-1', { lampsLit: first }).keepsReporting('LC-2', { lampsLit: second });
}
const SUBJECT = { type: 'town', id: 'lailong' };

describe('the lighting rate', () => {
  it('is a breach when it cannot be the target, whatever the unknown lamps do, and fires after `for`', () => {
    const town = night(900, 1_000).at('21:00');
    expect(town.story()).toEqual([
      '20:00:00 begun lighting-rate lailong (condition)',
      '20:10:00 fired lighting-rate lailong (held)',
    ]);
    expect(town.last('begun')).toMatchObject({
      subject: SUBJECT,
      organisation: 'urban-management',
      assignee: null,
      title: { en: 'Lailong: Lighting rate below 97 %' },
    });
    expect(town.last('fired')).toMatchObject({
      verdict: 'breach',
      firedAt: local('2026-11-22T20:10'),
      values: { low: 0.95, high: 0.95, reported: 0.95, coverage: 1, expected: 2_000, lit: 1_900, out: 100, unknown: 0 },
      evidence: [{ device: 'LC-1', ts: '2026-11-22T12:10:00.000Z', values: { lampsLit: 900 } }],
    });
  });

  it('of a class of roads is told by the name of the class', () => {
    const town = night(900, 1_000, RATE.replace('[town]', '[class]')).at('20:20');
    expect(town.last('begun').title).toEqual({
      zh: '主干路：亮灯率低于97%',
      en: 'Main roads: Lighting rate below 97 %',
    });
  });

  it('with too little known is not ok, and ends nothing: its coverage speaks', () => {
    const rules = RATE.replace('target: 0.97', 'target: 0.4')
      .replace('clear: 0.975', 'clear: 0.4')
      .replace('for: 10m', 'minCoverage: 0.8');
    const town = night(300, 300, rules).at('20:30').keepsReporting('LC-1', { lampsLit: 1_000 }).fallsSilent('LC-2');
    // Half of the lamps are known to burn: enough for the target, not for a word on it.
    expect(town.at('20:40').story('lighting-rate').at(-1)).toBe('20:30:00 resolved lighting-rate lailong (cleared)');
    expect(town.at('21:00').verdict('lighting-rate', 'lailong')).toBe('unknown: coverage');
    expect(town.story('lighting-rate.coverage').at(-1)).toMatch(/^20:40:\d\d fired lighting-rate.coverage lailong/);
    town.keepsReporting('LC-2', { lampsLit: 0 }).keepsReporting('LC-1', { lampsLit: 700 }).at('21:10');
    expect(town.story('lighting-rate').at(-1)).toBe('21:00:00 fired lighting-rate lailong (at-once)');
    town.fallsSilent('LC-2').keepsReporting('LC-1', { lampsLit: 1_000 }).at('22:00');
    expect(town.story('lighting-rate').at(-1)).toBe('21:10:00 resolved lighting-rate lailong (cleared)');
  });

  it.each([
    ['1,940 of 2,000 is the target', 940, 1_000, []],
    ['1,939 of 2,000 is below it', 939, 1_000, ['begun', 'fired']],
  ])('%s', (_name, first, second, steps) => {
    const town = night(first, second).at('20:11');
    expect(town.found.map(({ step }) => step)).toEqual(steps);
  });

  it('resolves at the rate that `clear` asks for, not before', () => {
    const town = night(900, 1_000).at('20:20').keepsReporting('LC-1', { lampsLit: 949 }).at('21:00');
    expect(town.story().at(-1)).toBe('20:10:00 fired lighting-rate lailong (held)');
    town.keepsReporting('LC-1', { lampsLit: 950 }).at('21:01');
    expect(town.story().at(-1)).toBe('21:00:00 resolved lighting-rate lailong (cleared)');
    expect(town.last('resolved')).toMatchObject({
      resolvedAt: local('2026-11-22T21:00'),
      verdict: 'ok',
      values: { low: 0.975 },
      quiet: false,
    });
  });

  it('vanishes while it is pending as soon as the target is met', () => {
    const town = night(900, 1_000).at('20:05').keepsReporting('LC-1', { lampsLit: 940 }).at('21:00');
    expect(town.story().at(-1)).toBe('20:05:00 vanished lighting-rate lailong (cleared)');
  });

  it('names the devices with most lamps out first, ten of them at most', () => {
    const many = Array.from({ length: 12 }, (_, index) => lamps(`LC-${index + 10}`, 20));
    const town = new Timeline('2026-11-22T20:00', RATE, many);
    for (const [index, { id }] of many.entries()) town.keepsReporting(id, { lampsLit: 20 - Math.ceil(index / 2) });
    town.at('20:11');
    expect(town.last('fired').evidence.map(({ device, values }) => [device, values.lampsLit])).toEqual([
      ['LC-21', 14],
      ['LC-19', 15],
      ['LC-20', 15],
      ['LC-17', 16],
      ['LC-18', 16],
      ['LC-15', 17],
      ['LC-16', 17],
      ['LC-13', 18],
      ['LC-14', 18],
      ['LC-11', 19],
    ]);
  });

  it('is judged for each group on its own', () => {
    const town = night(900, 1_000, RATE.replace('[town]', '[village, road, feeder]')).at('20:11');
    expect(town.found.filter(({ step }) => step === 'fired').length).toBe(3);
    const subjects = town.found.flatMap((step) => (step.step === 'begun' ? [step.subject] : []));
    expect(subjects).toEqual([
      { type: 'area', id: 'centre' },
      { type: 'road', id: 'avenue' },
      { type: 'parent', id: 'F-1' },
    ]);
  });
});

describe('a rate that cannot be told', () => {
  const reporting = () => night(995, 995).at('20:20').fallsSilent('LC-2');

  it('is unknown, not dark: its own coverage alert speaks, to who looks after the silent lamps', () => {
    const town = reporting().at('21:00');
    expect(town.story()).toEqual([
      expect.stringMatching(/^20:30:\d\d begun lighting-rate.coverage lailong \(condition\)$/),
      expect.stringMatching(/^20:40:\d\d fired lighting-rate.coverage lailong \(held\)$/),
    ]);
    expect(town.last('begun')).toMatchObject({
      rule: 'lighting-rate.coverage',
      subject: SUBJECT,
      assignee: 'lamp station',
      severity: 'minor',
      title: { en: 'Lailong: Lighting rate below 97 %: cannot be told, too few reports' },
      verdict: 'unknown',
      values: { low: 0.4975, high: 0.9975, coverage: 0.5, reported: 0.995, lit: 995, out: 5, unknown: 1_000 },
    });
  });

  it('addresses nobody in particular where several look after the silent lamps', () => {
    const two = [lamps('LC-1', 10), lamps('LC-2', 10, { maintainer: 'other station' }), lamps('LC-3', 10)];
    const town = new Timeline('2026-11-22T20:00', RATE, two).keepsReporting('LC-3', { lampsLit: 10 }).at('20:01');
    expect(town.last('begun')).toMatchObject({ rule: 'lighting-rate.coverage', assignee: null });
  });

  it('has somebody responsible where neither the rule nor a dark lamp names one', () => {
    const town = new Timeline('2026-11-22T20:00', RATE.replace(/ {2}organisation.*\n/, ''), [lamps('LC-1', 10)]);
    expect(town.at('20:11').last('begun').organisation).toBe('urban-management');
  });

  it('can be told again, and then only its coverage is ok', () => {
    const town = reporting().at('21:00').keepsReporting('LC-2', { lampsLit: 500 }).at('21:05');
    expect(town.story().slice(2)).toEqual([
      '21:00:00 begun lighting-rate lailong (condition)',
      '21:00:00 resolved lighting-rate.coverage lailong (cleared)',
    ]);
    expect(town.last('resolved')).toMatchObject({ verdict: 'ok', values: { coverage: 1 } });
  });

  it('leaves an open alert open', () => {
    const town = night(900, 1_000).at('20:20').fallsSilent('LC-1', 'LC-2').at('22:00');
    expect(town.story('lighting-rate').length).toBe(2);
    town.keepsReporting('LC-1', { lampsLit: 1_000 }).at('22:10');
    expect(town.story('lighting-rate').length).toBe(2);
    town.keepsReporting('LC-2', { lampsLit: 1_000 }).at('22:11');
    expect(town.story('lighting-rate').at(-1)).toBe('22:10:00 resolved lighting-rate lailong (cleared)');
  });

  it('does not count for `for`: what could not be judged is added to what it has to hold', () => {
    const slow = RATE.replace('10m', '30m');
    const town = night(900, 1_000, slow)
      .at('20:06')
      .fallsSilent('LC-1')
      .at('20:50')
      .keepsReporting('LC-1', { lampsLit: 900 });
    town.at('21:30');
    // It is low from 20:00 to 20:20, when the dark lamps' last report is three intervals old, and again from 20:50 on.
    expect(town.story('lighting-rate')).toEqual([
      '20:00:00 begun lighting-rate lailong (condition)',
      expect.stringMatching(/^(20:59:5|21:00:0)\d fired lighting-rate lailong \(held\)$/),
    ]);
  });
});

describe('lamps by day', () => {
  it('are not expected: a rate that was low stays an open alert over the day until lamps are seen to burn', () => {
    const town = night(900, 1_000, RATE, '2026-11-23T05:40')
      .at('06:00')
      .keepsReporting('LC-1', { lampsLit: 0 })
      .keepsReporting('LC-2', { lampsLit: 0 });
    town.at('17:02');
    expect(town.story('lighting-rate').map((line) => line.split(' ')[1])).toEqual(['begun', 'fired']);
    town.keepsReporting('LC-1', { lampsLit: 1_000 }).keepsReporting('LC-2', { lampsLit: 1_000 }).at('17:10');
    expect(town.story('lighting-rate').at(-1)).toBe('17:02:00 resolved lighting-rate lailong (cleared)');
  });

  it('end what is only pending', () => {
    const slow = RATE.replace('10m', '2h');
    const town = night(1_000, 1_000, slow, '2026-11-23T06:05')
      .at('06:10')
      .keepsReporting('LC-1', { lampsLit: 0 })
      .keepsReporting('LC-2', { lampsLit: 0 });
    town.at('08:00');
    expect(town.story('lighting-rate')).toEqual([
      '06:10:00 begun lighting-rate lailong (condition)',
      expect.stringMatching(/^06:4\d:\d\d vanished lighting-rate lailong \(daylight\)$/),
    ]);
  });

  it('that are still off at dusk are found without a new message, once the transition is over', () => {
    const town = night(0, 0, RATE, '2026-11-22T16:00').at('17:15').fallsSilent('LC-1', 'LC-2').at('17:24');
    const [begun] = town.story('lighting-rate');
    // Sunset at 17:00; what was reported in the twenty minutes after it is judged when they are over.
    expect(begun).toMatch(/^17:(19|20):\d\d begun lighting-rate lailong \(condition\)$/);
    expect(town.records.filter(({ type, at }) => type === 'sample' && at > local('2026-11-22T17:16'))).toEqual([]);
  });

  it('are not missed around dusk and dawn: the coverage alert waits for the transition to be over', () => {
    const quick = RATE.replace('10m', '1m');
    const dusk = night(0, 0, quick, '2026-11-22T16:55').at('17:19');
    expect(dusk.story()).toEqual([]);
    const dawn = night(995, 995, quick, '2026-11-23T06:10').fallsSilent('LC-2').at('06:18').reports('LC-1', {});
    expect(dawn.at('08:00').story('lighting-rate')).toEqual([]);
  });
});

describe('groups that are no more', () => {
  it('do not leave their alert behind: the last lamp retired, or the rulebook looks at other groups', () => {
    const town = night(900, 1_000, RATE.replace('[town]', '[town, village]')).at('20:20').retires('LC-1').at('20:21');
    expect(town.story()).toContain('20:20:00 closed lighting-rate centre (not-judged)');
    const other = night(900, 1_000, RATE.replace('[town]', '[town, road]')).at('20:20').rulebook(RATE).at('20:30');
    expect(other.story().slice(-1)).toEqual(['20:20:00 closed lighting-rate avenue (not-judged)']);
  });

  it('are let go while they are pending as well, and their coverage alert with them', () => {
    const silent = new Timeline('2026-11-22T20:00', RATE.replace('[town]', '[road]'), [
      lampController('L-1'),
      lampController('L-2'),
    ]);
    silent.at('20:05').changes('L-1', { road: 'lane' }).changes('L-2', { road: 'lane' }).at('20:06');
    expect(silent.story()).toContain('20:05:00 vanished lighting-rate.coverage avenue (not-judged)');
  });
});
