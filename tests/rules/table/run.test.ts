import { describe, expect, it } from 'vitest';
import type { Device, DeviceInput } from '../../../src/model/device.ts';
import { applyDefaults, checkDevices } from '../../../src/registry/check.ts';
import { loadRulebook } from '../../../src/rules/rulebook.ts';
import { readTests, type TestSurroundings } from '../../../src/rules/table/read.ts';
import { type Outcome, runTest } from '../../../src/rules/table/run.ts';
import { KINDS, pressurePoint, TOWN } from '../support/town.ts';

const RULES = `
- { id: low, type: threshold, kind: water-pressure, name: { zh: 低, en: Low }, when: pressure < attributes.minPressure, clear: pressure > 0.2, for: 10m, severity: major }
- { id: silent, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 3 intervals, severity: minor }
- { id: rate, type: ratio, kind: lighting-controller, name: { zh: 率, en: Rate }, part: lamps lit, whole: lamps expected, groupBy: [town], target: 0.9, severity: major }
`;
const book = (text: string) => loadRulebook(text, 'rules.yaml', { kinds: KINDS });

const AROUND: TestSurroundings = {
  ...{ kinds: KINDS, town: TOWN, book: book(RULES) },
  devices: () => new Map<string, Device>([['WP-9', pressurePoint('WP-9', { attributes: { minPressure: 0.3 } })]]),
  register: (input: DeviceInput) => {
    const device = applyDefaults(input, KINDS);
    return { device, problems: checkDevices([device], { kinds: KINDS, town: TOWN, isRegistered: () => true }) };
  },
  rulebook: (file) => book(file === 'none.yaml' ? '[]' : RULES.replace('for: 10m', 'for: 5m')),
};

/** One test of the rule `low` on WP-1 (limit 0.14), from eight o'clock on. */
function test(lines: string, rule = 'low'): string {
  return `tests:
- rule: ${rule}
  name: a name
  from: 2026-11-22T08:00
  devices:
    WP-1: { kind: water-pressure, attributes: { minPressure: 0.14 } }
    WP-9: town
${lines.replace(/^/gm, '  ')}
`;
}
const REPORT = 'reports: [{ device: WP-1, values: { pressure: 0.3x2 0.1x5 0.3 } }]';

function run(text: string): Outcome {
  const read = readTests(text, 't.yaml', () => AROUND);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return runTest(read.file.tests[0] as NonNullable<(typeof read.file.tests)[0]>, read.file, KINDS);
}
/** What is wrong by the outcome: what was expected and what was got. */
const wrong = (text: string) =>
  run(text)
    .rows.filter(({ isRight }) => !isRight)
    .map(({ time, expected, got }) => [time, expected, got]);
const got = (text: string) => run(text).rows.flatMap(({ time, got: came }) => (came === null ? [] : `${time} ${came}`));

/** Everything that is wrong with a file, as the command prints it. */
function problems(text: string): string[] {
  const read = readTests(text, 't.yaml', () => AROUND);
  return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`);
}

const FIRED = '08:20:00 fired low WP-1 (held)';
const RESOLVED = '08:35:00 resolved low WP-1 (cleared)';

describe('a test', () => {
  it('is right where everything that was told was expected, to the precision in which it is written', () => {
    const whole = `${REPORT}\nexpect:\n - 08:20 fired WP-1\n - +35m resolved low device:WP-1 (cleared) pressure=0.3`;
    expect(wrong(test(whole))).toEqual([]);
    expect(wrong(test(`${REPORT}\nexpect: [08:20:00 fired WP-1, 2026-11-22T08:35:00 resolved WP-1]`))).toEqual([]);
  });

  it('is wrong by what came and was not expected', () => {
    expect(wrong(test(`${REPORT}\nexpect: []\nto: 09:00`))).toEqual([
      ['08:20:00', null, 'fired low WP-1 (held)'],
      ['08:35:00', null, 'resolved low WP-1 (cleared)'],
    ]);
  });

  it('is wrong by what was expected and did not come', () => {
    const text = test(`${REPORT}\nexpect: [08:20 fired WP-1, 08:35 resolved WP-1, 08:40 fired WP-9]`);
    expect(wrong(text)).toEqual([['08:40:00', '08:40 fired WP-9', null]]);
  });

  it.each([
    ['another time', '08:20:05 fired WP-1'],
    ['another step', '08:20 closed WP-1'],
    ['another subject', '08:20 fired WP-9'],
    ['another reason', '08:20 fired WP-1 (late)'],
    ['another figure', '08:20 fired WP-1 pressure=0.11'],
    ['another severity', '08:20 fired WP-1 severity=minor'],
    ['another instant', '08:20 fired WP-1 startedAt=08:11'],
    ['another type of subject', '08:20 fired parent:WP-1'],
  ])('is wrong by %s', (_what, line) => {
    expect(wrong(test(`${REPORT}\nexpect: [${line}, 08:35 resolved WP-1]`))).not.toEqual([]);
  });

  it.each(['pressure=0.1', 'severity=major', 'startedAt=08:10', 'firedAt=08:20:00', 'organisation=urban-management'])(
    'compares the figure %s',
    (figure) => {
      expect(wrong(test(`${REPORT}\nexpect: [08:20 fired WP-1 ${figure}, 08:35 resolved WP-1]`))).toEqual([]);
    },
  );

  it('need not say what happens before an alert fires, but what it says of it must be so', () => {
    const ends = '08:20 fired WP-1, 08:35 resolved WP-1';
    expect(wrong(test(`${REPORT}\nexpect: [08:10 begun WP-1, ${ends}]`))).toEqual([]);
    expect(wrong(test(`${REPORT}\nexpect: [08:11 begun WP-1, ${ends}]`))).toHaveLength(1);
  });

  it('asks for verdicts at their moments, after what arrives then', () => {
    const verdicts =
      'verdicts: [08:06 WP-1 ok, 08:10:00 WP-1 breach, 08:06 WP-9 unknown (no-sample), 09:00 WP-1 silent]';
    expect(wrong(test(`${REPORT}\nexpect: [08:20 fired WP-1, 08:35 resolved WP-1]\n${verdicts}`))).toEqual([]);
    const other = 'verdicts: [08:06 WP-1 breach, 08:06 WP-9 unknown (coverage)]';
    expect(wrong(test(`${REPORT}\nexpect: [08:20 fired WP-1, 08:35 resolved WP-1]\n${other}`))).toEqual([
      ['08:06:00', '08:06 WP-1 breach', 'WP-1 ok'],
      ['08:06:00', '08:06 WP-9 unknown (coverage)', 'WP-9 unknown (no-sample)'],
    ]);
  });

  it('asks a ratio for its figures', () => {
    const lamps = `tests:
- rule: rate
  name: a name
  from: 2026-11-22T20:00
  devices: { LC-1: { kind: lighting-controller, attributes: { lamps: 10 } } }
  reports: [{ device: LC-1, values: { lampsLit: 8x* } }]
  expect: [20:00 fired lailong expected=10 lit=8 low=0.8]
  verdicts: [20:10 lailong breach out=2 high=0.8]
`;
    expect(wrong(lamps)).toEqual([]);
    expect(wrong(lamps.replace('out=2', 'out=3'))).toEqual([
      ['20:10:00', expect.anything(), 'lailong breach out=2 high=0.8'],
    ]);
  });
});

describe('reports', () => {
  const story = (report: string, more = '') => got(test(`reports: [${report}]\nexpect: []\nto: 10:00\n${more}`));

  it('come at the report interval, or as often as they say', () => {
    expect(story('{ device: WP-1, values: { pressure: 0.3x2 0.1x5 0.3 } }')).toEqual(
      expect.arrayContaining([FIRED, RESOLVED]),
    );
    expect(story('{ device: WP-1, from: 08:01, every: 60s, values: { pressure: 0.1x12 0.3 } }')).toContain(
      '08:13:00 resolved low WP-1 (cleared)',
    );
  });

  it('leave out what is missing, and go on to the end where they say so', () => {
    expect(story('{ device: WP-1, values: { pressure: 0.1 _x2 0.3, battery: 80x4 } }')).toEqual([
      '08:00:00 begun low WP-1 (condition)',
      '08:10:00 fired low WP-1 (held)',
      '08:15:00 resolved low WP-1 (cleared)',
    ]);
    expect(
      got(test('reports: [{ device: WP-1, values: { pressure: 0.3x* } }]\nexpect: []\nto: 10:00', 'silent')),
    ).toHaveLength(2);
  });

  it('arrive late, all at once, or twice, and keep the time at which they were measured', () => {
    const late = story('{ device: WP-1, late: 30s, values: { pressure: 0.1x4 } }');
    expect(late).toEqual(['08:00:30 begun low WP-1 (condition)', '08:10:00 fired low WP-1 (held)']);
    const batch = '{ device: WP-1, arrive: 09:30, values: { pressure: 0.1x4 0.3 } }';
    const told = [
      '09:30:00 begun low WP-1 (condition)',
      '09:30:00 fired low WP-1 (late)',
      '09:30:00 resolved low WP-1 (late)',
    ];
    expect(story(batch)).toEqual(told);
    expect(story(batch.replace('arrive', 'times: 3, arrive'))).toEqual(told);
  });

  it('come from several devices', () => {
    expect(
      story('{ device: [WP-1, WP-9], values: { pressure: 0.1x3 } }').filter((line) => line.includes('fired')),
    ).toHaveLength(2);
  });
});

describe('events', () => {
  const REPORTS = 'reports: [{ device: WP-1, values: { pressure: 0.1x* } }]\nexpect: []\nto: 09:00';
  const story = (event: string, rule = 'low') => got(test(`${REPORTS}\nevents: [${event}]`, rule));

  it('change a device, retire it, reload the rulebook', () => {
    expect(story('{ at: 08:05, device: WP-1, set: { attributes: { minPressure: 0.05 } } }').at(-1)).toContain(
      'vanished',
    );
    expect(story('{ at: 08:15, retire: WP-1 }').at(-1)).toBe('08:15:00 closed low WP-1 (retired)');
    expect(story('{ at: 08:15, rules: none.yaml }').at(-1)).toBe('08:15:00 closed low WP-1 (rule-removed)');
    expect(story('{ at: 08:05, rules: other.yaml }').at(-1)).toBe('08:10:00 fired low WP-1 (held)');
  });

  it('are work on a device, a node or an area: what is pending is let go, and nothing begins', () => {
    for (const what of ['WP-1', 'centre', 'lailong'])
      expect(story(`{ at: 08:05, maintain: ${what}, for: 20m }`)).toEqual([
        '08:00:00 begun low WP-1 (condition)',
        '08:05:00 vanished low WP-1 (maintenance)',
        '08:25:00 begun low WP-1 (condition)',
        '08:35:00 fired low WP-1 (held)',
      ]);
    expect(story('{ at: 08:05, maintain: park, for: 20m }').at(-1)).toBe('08:10:00 fired low WP-1 (held)');
  });

  it('are what a patrol found: a number of lamps, all or none, for a day unless said', () => {
    const lamps = (found: string) => `tests:
- rule: rate
  name: a name
  from: 2026-11-22T20:00
  devices: { LC-1: { kind: lighting-controller, attributes: { lamps: 20, observation: patrol } } }
  events: [{ at: 20:05, patrol: LC-1, ${found} }]
  expect: []
  verdicts:
    - 20:04 town:lailong unknown lit=0
    - 20:06 town:lailong ok lit=20
    - 20:16 town:lailong ok lit=20
`;
    const verdicts = (found: string) =>
      run(lamps(found)).rows.flatMap(({ expected, got: came }) => (expected === null ? [] : [came]));
    const is = (lit: number, verdict: string) => `lailong ${verdict} lit=${lit}`;
    expect(verdicts('lit: 18')).toEqual([is(0, 'unknown (coverage)'), is(18, 'ok'), is(18, 'ok')]);
    expect(verdicts('lit: true')[2]).toBe(is(20, 'ok'));
    expect(verdicts('lit: false')[2]).toBe(is(0, 'breach'));
    expect(verdicts('lit: true, for: 10m')[2]).toBe(is(0, 'unknown (coverage)'));
  });

  it('take the service away: nothing arrives, and its first tick says for how long', () => {
    const silence = got(
      test(
        'reports: [{ device: WP-1, values: { pressure: 0.3x3 _x3 0.3x* } }]\nevents: [{ at: 08:29, away: 10m }]\nexpect: []\nto: 09:00',
        'silent',
      ),
    );
    expect(silence.filter((line) => line.includes('WP-1'))).toEqual([]);
    const away = got(
      test(
        'reports: [{ device: WP-1, values: { pressure: 0.3x3 0.1x3 0.3x* } }]\nevents: [{ at: 08:29, away: 20m }]\nexpect: []\nto: 09:00',
      ),
    );
    expect(away).toEqual([]);
  });
});

describe('a bad file of tests', () => {
  const good = `${REPORT}\nexpect: [08:20 fired WP-1, 08:35 resolved WP-1]`;
  it('is refused whole, each problem with its line, its column and the nearest name', () => {
    const text = test(`reports: [{ device: WP-2, values: { pressure: 0.1 } }]\nexpect: [08:20 fird WP-1]`).replace(
      'rule: low',
      'rule: lo',
    );
    expect(problems(text)).toEqual([
      't.yaml:2:9: there is no rule lo (did you mean low?)',
      't.yaml:8:23: the test has no device WP-2 (did you mean WP-1?)',
      't.yaml:9:18: no step is called fird (did you mean fired?)',
    ]);
  });

  it.each([
    [
      'pressure: 0.3x2',
      'presure: 0.3x2',
      /^t\.yaml:8:\d+: water-pressure has no field presure \(did you mean pressure\?\)$/,
    ],
    ['0.1x5', '0.1xx5', /^t\.yaml:8:55: "0.1xx5" is no value/],
    ['0.1x5', '99', /99 never comes in as pressure: -0.1 to 2.5 MPa$/],
    ['0.1x5', 'true', /true never comes in as pressure/],
    ['0.3 }', '0.3, battery: 80x3 }', /battery has 3 values where pressure has 8; x\* goes on/],
    ['08:20 fired', '8:20 fired', /8:20 is no time of this test/],
    ['fired WP-1', 'fired WP-7', /nothing is called WP-7 here \(did you mean WP-1\?\)/],
    ['fired WP-1', 'fired lou WP-1', /^t\.yaml:9:\d+: lou is no rule of this test \(did you mean low\?\)$/],
    ['fired WP-1', 'fired low WP-1 again', /"again" is one word too many/],
    ['fired WP-1', 'fired', /it names no subject/],
    ['from: 2026-11-22T08:00', 'from: 2026-11-22 08:00', /write the town's date and time/],
    ['expect', 'expects', /unknown key "expects" \(did you mean expect\?\)/],
    [
      'minPressure: 0.14',
      'minPresure: 0.14',
      /attributes.minPresure: a water-pressure has no attribute minPresure \(did you mean minPressure\?\)/,
    ],
    ['kind: water-pressure', 'kind: water-presure', /no kind water-presure \(did you mean water-pressure\?\)/],
    ['WP-9: town', 'WP-8: town', /the town has no device WP-8 \(did you mean WP-9\?\)/],
    ['WP-9: town', 'WP-8: twon', /write `town` for the device/],
    ['WP-9: town', 'WP-8: { like: WP-7 }', /the town has no device WP-7/],
    ['WP-9: town', 'WP-8: { kind: water-pressure, areas: x }', /unknown key "areas" \(did you mean area\?\)/],
    ['expect', 'events: [{ at: 08:05, retire: WP-1, away: 5m }]\n  expect', /an event is one of/],
    ['expect', 'events: [{ at: 07:05, retire: WP-0 }]\n  expect', /the test has no device WP-0/],
    ['expect', 'events: [{ at: 08:05, maintain: WP-1 }]\n  expect', /an event is one of.*maintain with for/],
    ['expect', 'events: [{ at: 08:05, maintain: WP-2, for: 1h }]\n  expect', /no device WP-2 \(did you mean WP-1/],
    ['expect', 'events: [{ at: 08:05, patrol: WP-1 }]\n  expect', /an event is one of.*patrol with lit/],
    ['expect', 'events: [{ at: 08:05, patrol: WP-1, lit: 1 }]\n  expect', /WP-1 has 0 lamps in the registry/],
    ['expect', 'events: [{ at: 08:05, lit: 1 }]\n  expect', /an event is one of/],
    ['expect', 'verdicts: [08:20 WP-1 brech]\n  expect', /brech is no verdict \(did you mean breach\?\)/],
  ])('%s written %s', (from, to, problem) => {
    const text = test(good);
    expect(problems(text)).toEqual([]);
    const spoilt = problems(text.replace(from, to));
    expect(spoilt.join('\n')).toMatch(new RegExp(problem.source, 'm'));
  });

  it('must say what is expected, be it nothing', () => {
    expect(problems(test(REPORT)).join()).toMatch(/expect: is missing/);
  });

  it('with several rules names the one that a line is about', () => {
    expect(problems(test(`${REPORT}\nexpect: [08:20 fired WP-1]`, '[low, silent]')).join()).toMatch(
      /which rule\? Write it before WP-1: low, silent/,
    );
    expect(problems(test(`${REPORT}\nexpect: [08:20 fired low WP-1]`, '[low, silent]'))).toEqual([]);
  });
});
