import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { typed } from './support/typed.ts';

const OWN = join(packageRoot, 'seeds/lailong/rules.yaml');

function rulebook(text: string): string {
  const file = join(temporaryFolder(), 'rules.yaml');
  writeFileSync(file, text);
  return file;
}

const BROKEN = `- id: low-pressure
  type: threshold
  kind: water-presure
  name: { zh: 水压偏低, en: Low pressure }
  when: pressure < 0.1
  severity: major
- id: burst
  type: threshold
  kind: water-pressure
  name: { zh: 爆管, en: Burst }
  when: presure < 0.1
  severity: major
- id: leak
  type: threshold
  kind: gas-meter
  name: { zh: 泄漏, en: Leak }
  when: leak > 25
  severity: terrible
`;

describe('rules check', () => {
  it("says of the town's own rulebook that nothing is wrong, and how many rules it has", async () => {
    const { code, out, err } = await typed(['rules', 'check']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^${OWN}: \\d+ rules, nothing wrong\n$`));
    const json = await typed(['rules', 'check', OWN, '--json']);
    expect(JSON.parse(json.out)).toEqual({ ok: true, rules: expect.any(Number), problems: [] });
  });

  it('names every problem of a broken one as FILE:LINE:COLUMN with the nearest name, and ends with 2', async () => {
    const file = rulebook(BROKEN);
    const { code, out, err } = await typed(['rules', 'check', file]);
    expect([code, out]).toEqual([2, '']);
    const lines = err.split('\n').slice(0, -1);
    for (const line of lines) expect(line).toMatch(new RegExp(`^${file}:\\d+:\\d+: .+`));
    expect(lines).toContainEqual(expect.stringMatching(/:3:9: .*did you mean water-pressure\?/));
    expect(lines).toContainEqual(expect.stringMatching(/:11:\d+: .*presure.*did you mean pressure\?/));
    expect(lines).toContainEqual(expect.stringMatching(/:18:13: .*terrible/));
  });

  it('prints the problems as one JSON document where it is asked to, and ends with 2 all the same', async () => {
    const { code, out, err } = await typed(['rules', 'check', rulebook(BROKEN), '--json']);
    expect([code, err]).toEqual([2, '']);
    const { ok, problems } = JSON.parse(out) as { ok: boolean; problems: { path: string; message: string }[] };
    expect([ok, problems.length]).toEqual([false, 3]);
  });

  it('says of a file that is not there that it is not', async () => {
    const { code, err } = await typed(['rules', 'check', '/nowhere/rules.yaml']);
    expect([code, err]).toEqual([2, expect.stringMatching(/^townpulse: .*\/nowhere\/rules\.yaml cannot be read/)]);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
