import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { loadTown } from '../../src/registry/town-folder.ts';
import { loadRulebook, type RulebookSurroundings, readRulebook, versionOf } from '../../src/rules/rulebook.ts';
import {
  checkRulebook,
  differenceOf,
  readRulebookFile,
  surroundings,
  TownRulebook,
} from '../../src/rules/rulebook-file.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { KINDS } from './support/town.ts';

const AROUND: RulebookSurroundings = {
  kinds: KINDS,
  organisations: ['urban-management', 'water-company'],
  targets: ['task-8', 'task-18'],
};

/** A good rule that a test spoils: lines 1 to 9. */
const THRESHOLD = `- id: low-pressure
  type: threshold
  kind: water-pressure
  name: { zh: 水压偏低, en: Low pressure }
  basis: plan.yaml#task-8
  when: pressure < attributes.minPressure
  for: 10m
  severity: major
  organisation: water-company
`;
const RATIO = `- id: lighting-rate
  type: ratio
  kind: lighting-controller
  name: { zh: 亮灯率, en: Lighting rate }
  part: lamps lit
  whole: lamps expected
  groupBy: [town]
  target: 0.97
  severity: major
`;

/** Everything that is wrong with a text, as `rules check` prints it. */
function problems(text: string): string[] {
  const read = readRulebook(text, 'rules.yaml', AROUND);
  return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`);
}
const spoilt = (from: string | RegExp, to: string, text = THRESHOLD) => problems(text.replace(from, to));

describe('the rulebook of the sample town', () => {
  const folder = join(packageRoot, 'seeds/lailong');
  const path = join(folder, 'rules.yaml');
  const { town, plan } = loadTown(folder);
  const around = surroundings(KINDS, town, plan);

  it('is good, and holds the rules of the plan', () => {
    const text = readRulebookFile(path);
    expect(checkRulebook(text, path, around)).toEqual({ rules: 55, problems: [] });
    const { rules, version } = loadRulebook(text, path, around);
    expect(version).toBe(versionOf(readFileSync(path, 'utf8')));
    expect(rules.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'lighting-rate',
        'feeder-supply',
        'concentrator-silent',
        'low-pressure',
        'gas-leak-high',
      ]),
    );
    expect(rules.find(({ id }) => id === 'lighting-rate')).toMatchObject({ target: 0.97, clear: 0.975, for: 600_000 });
    const leaks = rules.filter(({ id }) => /-leak-(low|high)$/.test(id));
    expect(leaks).toHaveLength(4);
    expect(leaks.map((rule) => [rule.for, /\d+ %LEL/.test(rule.name.en)])).toEqual(leaks.map(() => [0, true]));
  });

  it('is refused in words when it cannot be read', () => {
    expect(() => readRulebookFile(join(folder, 'no-such.yaml'))).toThrow(/the rulebook .*no-such\.yaml cannot be read/);
  });
});

describe('a figure that no field can have', () => {
  it.each([
    ['pressure < 140', 'MPa from -0.1 to 2.5', 'for 140 kPa write 0.14'],
    ['140.0 > pressure', 'MPa from -0.1 to 2.5', 'for 140 kPa write 0.14'],
    ['battery < 10 || pressure > 5', 'MPa from -0.1 to 2.5', 'for 5 kPa write 0.005'],
    ['temperature < -300', '°C from -20 to 60', ''],
  ])('%s is refused with the unit and the range', (when, range, hint) => {
    const [problem, ...more] = spoilt('pressure < attributes.minPressure', when);
    expect(more).toEqual([]);
    expect(problem).toMatch(/^rules.yaml:6:(9|25): /);
    expect(problem).toContain(range);
    expect(problem?.endsWith(hint)).toBe(true);
  });

  it.each(['pressure < 0.14', 'pressure < 2.5', 'pressure > -0.1', 'pressure - 3.0 < -2.9', 'rssi < -120'])(
    '%s is none',
    (when) => {
      expect(spoilt('pressure < attributes.minPressure', when)).toEqual([]);
    },
  );
});

describe('a rulebook that takes the place of another', () => {
  const book = (text: string) => loadRulebook(text, 'rules.yaml', AROUND);
  const other = THRESHOLD.replace('id: low-pressure', 'id: other');

  it('names what it adds, changes, rewords, removes and leaves', () => {
    const before = book(THRESHOLD + RATIO + other);
    const after = book(
      THRESHOLD.replace('10m', '5m') +
        RATIO.replace('en: Lighting rate', 'en: Rate') +
        RATIO.replace('id: ', 'id: new-'),
    );
    expect(differenceOf(before, after)).toEqual({
      ...{ version: after.version, added: ['new-lighting-rate'], changed: ['low-pressure'] },
      ...{ reworded: ['lighting-rate'], removed: ['other'], kept: 0 },
    });
    expect(differenceOf(before, before)).toMatchObject({ changed: [], reworded: [], kept: 3 });
    const clearer = book(THRESHOLD.replace('  for', '  clear: pressure > attributes.minPressure\n  for'));
    expect(differenceOf(book(THRESHOLD), clearer).changed).toEqual(['low-pressure']);
  });

  it('comes into force whole or not at all', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, THRESHOLD);
    const rulebook = new TownRulebook(folder, AROUND);
    const recorded: string[] = [];
    const record = async ({ text }: { text: string }) => void recorded.push(text);
    writeFileSync(file, THRESHOLD.replace('pressure <', 'presure <'));
    await expect(rulebook.reload(record)).rejects.toMatchObject({
      code: 'rulebook-invalid',
      problems: [{ path: expect.stringMatching(/rules\.yaml:6:9$/) }],
    });
    expect([recorded, rulebook.book.text]).toEqual([[], THRESHOLD]);
    writeFileSync(file, other);
    const fails = () => Promise.reject(new Error('the disk is full'));
    await expect(rulebook.reload(fails)).rejects.toThrow('the disk is full');
    expect(rulebook.book.text).toBe(THRESHOLD);
    expect(await rulebook.reload(record)).toMatchObject({ added: ['other'], removed: ['low-pressure'] });
    expect([recorded, rulebook.book.text]).toEqual([[other], other]);
  });
});

describe('a rulebook', () => {
  it('fills in what a rule leaves out', () => {
    const { rules } = loadRulebook(THRESHOLD.replace(/ {2}(for|organisation|basis).*\n/g, ''), 'rules.yaml', AROUND);
    expect(rules).toMatchObject([{ id: 'low-pressure', for: 0, inhibitedBy: [], subject: 'device', clear: null }]);
    expect(rules[0]).not.toHaveProperty('organisation');
  });

  it('may be empty only as an empty list', () => {
    expect(problems('[]')).toEqual([]);
    expect(problems('')).toEqual(['rules.yaml:1:1: a rulebook is a list of rules, each beginning with "- id: …"']);
  });

  it('speaks for lamps only where it names a node', () => {
    const rule = THRESHOLD.replace('for: 10m', 'lamps: out');
    expect(problems(rule)).toEqual(['rules.yaml:7:10: lamps hang from a node: this goes with "subject: parent"']);
  });

  it('holds no rate back: it is about many devices', () => {
    const better = RATIO.replace('severity: major', 'severity: major\n  ladder: [{ below: 0.97, severity: critical }]');
    expect(problems(better)).toEqual(['rules.yaml:10:21: a worse rate lies below the target of 0.97']);
    const rule = RATIO.replace('severity: major', 'severity: major\n  inhibitedBy: []');
    expect(problems(rule)).toEqual(['rules.yaml:10:16: a rate over many devices is held back by no other alert']);
  });

  it('is refused whole, with every problem at once, and thrown as one error', () => {
    const text = THRESHOLD.replace('pressure <', 'presure <') + RATIO.replace('0.97', '97');
    expect(() => loadRulebook(text, 'rules.yaml', AROUND)).toThrow(
      expect.objectContaining({
        code: 'rulebook-invalid',
        message: 'rules.yaml: 2 problem(s); the rulebook in force stays',
        problems: [
          { path: 'rules.yaml:6:9', message: expect.stringContaining('presure') },
          { path: 'rules.yaml:17:11', message: expect.stringContaining('target') },
        ],
      }),
    );
  });

  it('is only checked against organisations and the plan where those are known', () => {
    const text = THRESHOLD.replace('water-company', 'nobody').replace('task-8', 'task-99');
    expect(readRulebook(text, 'rules.yaml', { kinds: KINDS }).ok).toBe(true);
  });
});

describe('a mistake is named with its place and the nearest right name', () => {
  it.each([
    [
      'unknown kind',
      'water-pressure',
      'water-presure',
      '3:9: there is no kind water-presure (did you mean water-pressure?)',
    ],
    ['unknown field', 'pressure <', 'presure <', '6:9: water-pressure has no field presure (did you mean pressure?)'],
    [
      'unknown attribute',
      'attributes.min',
      'attributes.mim',
      '6:31: water-pressure has no attribute mimPressure (did you mean minPressure?)',
    ],
    [
      'unknown attribute by index',
      /attributes\..*/,
      "attributes['minPresure']",
      '6:20: water-pressure has no attribute minPresure (did you mean minPressure?)',
    ],
    [
      'unknown organisation',
      'water-company',
      'water-compny',
      '9:17: there is no organisation water-compny (did you mean water-company?)',
    ],
    [
      'unknown target of the plan',
      '#task-8',
      '#task-81',
      '5:10: there is no target of the plan task-81 (did you mean task-8?)',
    ],
    [
      'unknown rule',
      'for: 10m',
      'inhibitedBy: [low-presure]',
      '7:17: there is no rule low-presure (did you mean low-pressure?)',
    ],
    [
      'a rule that holds itself back',
      'for: 10m',
      'inhibitedBy: [low-pressure]',
      '7:17: a rule cannot hold itself back',
    ],
    [
      'a step that does not lead up',
      'for: 10m',
      'ladder: [{ after: 1h, severity: minor }]',
      '7:35: a step of the ladder is graver than the rule itself, which is major',
    ],
    [
      'a step without a time or a condition',
      'for: 10m',
      'ladder: [{ severity: critical }]',
      '7:12: ladder.0.after: a step by time alone says after how long: after: 30m',
    ],
    [
      'a way back from a step by time alone',
      'for: 10m',
      'ladder: [{ after: 1h, back: 10m, severity: critical }]',
      '7:31: ladder.0.back: a step by time alone is not gone back while the alert lasts: "back" goes with a condition',
    ],
    [
      'a step by a condition that is none',
      'for: 10m',
      'ladder: [{ when: presure < 0.1, severity: critical }]',
      '7:20: water-pressure has no field presure (did you mean pressure?)',
    ],
    [
      'a step of a threshold that counts',
      'for: 10m',
      'ladder: [{ after: 1h, atLeast: 3, severity: critical }]',
      '7:34: ladder.0: unknown key "atLeast"',
    ],
    ['unknown key', 'for: 10m', 'fore: 10m', '7:9: unknown key "fore" (did you mean for?)'],
    ['unknown key inside', 'en: Low', 'eng: Low', '4:26: name: unknown key "eng" (did you mean en?)'],
    ['unknown type', 'threshold', 'treshold', '2:9: type: "treshold" is not known (did you mean threshold?)'],
    ['unknown severity', 'major', 'mayor', '8:13: severity: "mayor" is not known (did you mean major?)'],
    ['unknown subject', 'for: 10m', 'subject: parnet', '7:12: subject: "parnet" is not known (did you mean parent?)'],
    ['no duration', '10m', 'ten minutes', '7:8: for: "ten minutes" is no duration: write 90s, 10m, 1h or 30d'],
    [
      'a number where words are due',
      /when.*/,
      'when: 50',
      '6:9: when: Invalid input: expected string, received number',
    ],
    ['a number where a duration is due', '10m', '10', '7:8: for: "10" is no duration: write 90s, 10m, 1h or 30d'],
    [
      'an id that is none',
      'low-pressure',
      'low pressure',
      '1:7: id: an id is a letter or digit, then up to 63 letters, digits, ".", "_" or "-"',
    ],
    ['a condition that stops half way', /when.*/, 'when: pressure <', '6:19: Unexpected token: EOF'],
    [
      'a condition that is none',
      /when.*/,
      'when: pressure + 1.0',
      '6:9: it gives a double, where a condition gives true or false',
    ],
    [
      'a condition about nothing',
      /when.*/,
      'when: 1 < 2',
      '6:9: it asks for no field, so that no sample could ever change it',
    ],
    [
      'a condition about attributes alone',
      /when.*/,
      'when: attributes.minPressure < 1.0',
      '6:9: it asks for no field, so that no sample could ever change it',
    ],
    [
      'a sum of an int and a double',
      /when.*/,
      'when: pressure + 1 < 2.0',
      '6:9: no such overload: double + int: write whole numbers as 1.0 in sums',
    ],
    [
      'a regular expression',
      /when.*/,
      `when: pressure < 0.1 && attributes.role.matches('^(a+)+b')`,
      '6:27: a regular expression may take for ever: compare with ==, in, startsWith, endsWith or contains',
    ],
    [
      'a walk inside a walk',
      /when.*/,
      'when: "[pressure].all(v, [flow].exists(w, w < v))"',
      '6:28: a walk over a list inside another may take for ever: write them side by side',
    ],
    ['a word for an operator', /when.*/, 'when: pressure < 0.1 and flow > 2.0', '6:24: write && for and'],
    ['a number compared with words', /when.*/, 'when: pressure < "low"', '6:9: no such overload: double < string'],
    [
      'wrong YAML',
      'Low pressure }',
      'Low pressure',
      '5:3: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    ['a key that is there twice', 'for: 10m', 'severity: minor', '8:3: Map keys must be unique'],
  ])('%s', (_what, from, to, problem) => {
    expect(spoilt(from, to)).toContain(`rules.yaml:${problem}`);
  });

  it.each([
    [
      'a ratio of a kind without lamps',
      'lighting-controller',
      'gas-meter',
      [
        '5:9: lamps are counted by lampsLit, which gas-meter does not have',
        '5:9: lamps are counted by lampsTotal, which gas-meter does not have',
      ],
    ],
    [
      'a group that is none',
      '[town]',
      '[town, vilage]',
      ['7:19: groupBy.1: "vilage" is not known (did you mean village?)'],
    ],
    ['a target beyond 1', '0.97', '97', ['8:11: target: Too big: expected number to be <=1']],
    [
      'a rate that clears below its target',
      'target: 0.97',
      'target: 0.97\n  clear: 0.9',
      ['9:10: clear: what ends a low rate lies at the target or above it'],
    ],
  ])('%s', (_what, from, to, found) => {
    expect(spoilt(from, to, RATIO)).toEqual(found.map((problem) => `rules.yaml:${problem}`));
  });

  it('a silence without patience', () => {
    const text = THRESHOLD.replace('threshold', 'silence').replace(/when.*/, 'after: a while');
    expect(problems(text)).toEqual([
      'rules.yaml:6:10: after: "a while" is neither "3 intervals" nor a duration such as 15m',
    ]);
  });

  it('an id that is taken, by another rule or by the coverage alert of one', () => {
    expect(problems(THRESHOLD + THRESHOLD)).toEqual(['rules.yaml:10:7: there is a rule low-pressure already']);
    const coverage = THRESHOLD.replace('low-pressure', 'lighting-rate.coverage');
    expect(problems(RATIO + coverage)).toEqual([
      'rules.yaml:10:7: lighting-rate.coverage is what lighting-rate calls its alert about too few reports',
    ]);
  });

  it('a thing that is missing', () => {
    expect(problems(THRESHOLD.replace(/ {2}(kind|when).*\n/g, ''))).toEqual([
      'rules.yaml:1:3: kind: is missing',
      'rules.yaml:1:3: when: is missing',
    ]);
    expect(problems(THRESHOLD.replace(/ {2}severity.*\n/, ''))).toEqual([
      'rules.yaml:1:3: severity: is missing: one of critical, major, minor, info',
    ]);
    expect(problems(THRESHOLD.replace(/ {2}type.*\n/, ''))[0]).toMatch(/: type: is missing: one of threshold, /);
  });

  it('several in one rule, whatever their sort, and in `when` as in `clear`', () => {
    const text = THRESHOLD.replace('10m', 'ten')
      .replace('water-company', 'water-compny')
      .replace('pressure <', 'presure <')
      .replace('  severity: major\n', '  severity: mayor\n  clear: battry > 3.0\n  inhibitedBy: [nobody-else]\n');
    expect(problems(text).map((line) => line.replace(/^rules.yaml:(\d+:\d+): (.*)$/, '$1 $2'))).toEqual([
      '6:9 water-pressure has no field presure (did you mean pressure?)',
      '7:8 for: "ten" is no duration: write 90s, 10m, 1h or 30d',
      '8:13 severity: "mayor" is not known (did you mean major?)',
      '9:10 water-pressure has no field battry (did you mean battery?)',
      '10:17 there is no rule nobody-else',
      '11:17 there is no organisation water-compny (did you mean water-company?)',
    ]);
  });
});

describe('the place of a mistake inside a condition', () => {
  it.each([
    ['plain', 'when: battery > 1.0 && presure < 1.0', '6:26'],
    ['in double quotes', 'when: "battery > 1.0 && presure < 1.0"', '6:27'],
    ['in single quotes', "when: 'battery > 1.0 && presure < 1.0'", '6:27'],
    ['in a block of several lines', 'when: |\n    battery > 1.0 &&\n    presure < 1.0', '8:5'],
    ['in a folded block', 'when: >-\n    battery > 1.0 &&\n    presure < 1.0', '8:5'],
  ])('is where it stands in the file, %s', (_how, line, place) => {
    expect(spoilt(/when.*/, line)[0]).toContain(`rules.yaml:${place}: water-pressure has no field presure`);
  });
});
