import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/kernel/package-root.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { typed } from '../support/typed.ts';

const RULES = `- { id: low, type: threshold, kind: water-pressure, name: { zh: 低, en: Low }, when: pressure < 0.14, for: 10m, severity: major }
- { id: other, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 2h, severity: major }
`;
const TESTS = `tests:
  - rule: low
    name: falls & <fires>
    from: 2026-01-15T08:00
    devices: { WP-0001: town }
    reports: [{ device: WP-0001, values: { pressure: 0.3 0.1x4 } }]
    expect: [08:15 fired WP-0001]
`;

/** A folder with a rulebook and a file of tests; the town is the sample town. */
function folder(tests: string): string {
  const place = temporaryFolder();
  writeFileSync(join(place, 'rules.yaml'), RULES);
  writeFileSync(join(place, 'some.test.yaml'), tests);
  return join(place, 'some.test.yaml');
}

describe('rules test', () => {
  it("runs the town's own without a file, and ends with 0 when all is well", async () => {
    const town = temporaryFolder();
    for (const file of ['town.yaml', 'devices.csv']) cpSync(join(packageRoot, 'seeds/lailong', file), join(town, file));
    writeFileSync(join(town, 'rules.yaml'), RULES);
    writeFileSync(join(town, 'rules.test.yaml'), TESTS);
    const { code, out, err } = await typed(['rules', 'test'], { TOWNPULSE_TOWN: town });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/rules\.test\.yaml: 1 passed, 0 failed \(\d+ ms\)\n/);
  });

  it('names the rules that no test is about', async () => {
    const file = folder(TESTS);
    const { code, out } = await typed(['rules', 'test', file]);
    expect([code, out.replace(/\d+ ms/, 'ms')]).toEqual([
      0,
      `${file}: 1 passed, 0 failed (ms)\nrules without a test: other\n`,
    ]);
  });

  it('says only how many they are, of more than ten', async () => {
    const file = folder(TESTS);
    const rule = (id: string) =>
      `- { id: ${id}, type: threshold, kind: gas-meter, name: { zh: 名, en: Name }, when: leak >= 25, severity: major }\n`;
    const add = (count: number) =>
      writeFileSync(
        join(dirname(file), 'rules.yaml'),
        RULES + Array.from({ length: count }, (_, index) => rule(`more-${index}`)).join(''),
      );
    add(9);
    expect((await typed(['rules', 'test', file])).out).toMatch(/rules without a test: other, more-0, .*more-8\n$/);
    add(10);
    expect((await typed(['rules', 'test', file])).out).toMatch(/rules without a test: 11\n$/);
  });

  it('draws what failed on the time line, expected beside got, with its place; and ends with 1', async () => {
    const file = folder(TESTS.replace('08:15', '08:14').replace('fires', '着火'));
    const { code, out } = await typed(['rules', 'test', file]);
    expect(code).toBe(1);
    expect(out.split('\n').slice(0, 6)).toEqual([
      `FAILED low: falls & <着火>   ${file}:2:5`,
      '    town time  expected             got',
      '    08:05:00                        begun low WP-0001 (condition)',
      `  ≠ 08:14:00   08:14 fired WP-0001  nothing   ${file}:7:14`,
      '  ≠ 08:15:00   nothing              fired low WP-0001 (held)',
      '',
    ]);
    expect(out).toContain(`${file}: 0 passed, 1 failed`);
  });

  it('refuses a bad file with every problem and its place, and ends with 2', async () => {
    const file = folder(TESTS.replace('rule: low', 'rule: loww').replace('pressure:', 'presure:'));
    const { code, out, err } = await typed(['rules', 'test', file]);
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n')).toEqual([
      `${file}:2:11: there is no rule loww (did you mean low?)`,
      expect.stringMatching(/:6:\d+: water-pressure has no field presure \(did you mean pressure\?\)$/),
      '',
    ]);
    const missing = await typed(['rules', 'test', '/nowhere.yaml']);
    expect([missing.code, missing.err]).toEqual([2, expect.stringMatching(/^\/nowhere.yaml: the file cannot be read/)]);
    const ruleless = await typed(['rules', 'test', folder(`rules: no.yaml\n${TESTS}`)]);
    expect([ruleless.code, ruleless.err]).toEqual([
      2,
      expect.stringMatching(/:1:8: the rulebook .*no.yaml cannot be read/),
    ]);
  });

  it('prints one JSON document where it is asked to', async () => {
    const { code, out } = await typed(['rules', 'test', folder(TESTS), '--json']);
    expect(code).toBe(0);
    const [tested] = JSON.parse(out) as { outcomes: object[]; untested: string[] }[];
    expect(tested?.outcomes).toEqual([expect.objectContaining({ name: 'falls & <fires>', isRight: true })]);
    expect(tested?.untested).toEqual(['other']);
  });

  it('writes JUnit XML: what passed, what failed and how, and files that are wrong', async () => {
    const files = [folder(TESTS), folder(TESTS.replace('08:15', '08:14')), folder('tests: 1')];
    const report = join(temporaryFolder(), 'report.xml');
    expect((await typed(['rules', 'test', ...files, '--junit', report])).code).toBe(2);
    const xml = readFileSync(report, 'utf8');
    expect(xml).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites>\n/);
    expect(
      [...xml.matchAll(/<testsuite [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)"/g)].map((match) =>
        match.slice(1),
      ),
    ).toEqual([
      ['1', '0', '0'],
      ['1', '1', '0'],
      ['1', '0', '1'],
    ]);
    expect(xml).toContain(`<testcase classname="low" name="falls &amp; &lt;fires&gt;" file="${files[0]}" line="2"`);
    expect(xml).toContain('08:14:00 expected 08:14 fired WP-0001, got nothing');
    // Balanced, and nothing in it that XML would take for its own.
    const tags = [...xml.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)].filter(
      (match) => match[3] === '' && !match[0].startsWith('<?'),
    );
    const depth = tags.reduce((open, match) => open + (match[1] === '/' ? -1 : 1), 0);
    expect(depth).toBe(0);
    expect(xml.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#10;)/);
    const unwritable = await typed(['rules', 'test', files[0] as string, '--junit', '/nowhere/report.xml']);
    expect([unwritable.code, unwritable.err]).toEqual([
      2,
      expect.stringContaining('--junit /nowhere/report.xml cannot be written'),
    ]);
  });
});
