import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boardFiles } from '../../dashboards/boards.ts';
import { Facts } from '../../dashboards/facts.ts';
import { DEVICES_FOLDER, TOWN_FOLDER } from '../simulators/support/town.ts';
import { temporaryFolder } from '../support/temporary.ts';

const facts = Facts.read(TOWN_FOLDER, DEVICES_FOLDER);

/** The facts of the sample town, with a text in one of its files changed. */
function changed(file: 'rules.yaml' | 'plan.yaml', from: string, to: string): Facts {
  const folder = join(temporaryFolder(), 'town');
  cpSync(TOWN_FOLDER, folder, { recursive: true });
  const text = readFileSync(join(folder, file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(folder, file), text.replaceAll(from, to));
  return Facts.read(folder, DEVICES_FOLDER);
}

describe('colours of values', () => {
  it('change where the rules speak, to that of the worst that does', () => {
    expect(facts.steps('gas-regulator', 'leak')).toEqual([
      { from: Number.NEGATIVE_INFINITY, color: 'green' },
      { from: 25, color: 'orange' },
      { from: 50, color: 'red' },
    ]);
  });

  it('are bad below a figure that a rule wants reached', () => {
    expect(facts.steps('lighting-controller', 'voltage')).toEqual([
      { from: Number.NEGATIVE_INFINITY, color: 'red' },
      { from: 50, color: 'green' },
    ]);
  });

  it('are none where no rule has a figure: a limit that each device states is none', () => {
    expect(facts.steps('water-pressure', 'pressure')).toEqual([]);
    expect(facts.steps('gas-meter', 'flow')).toEqual([]);
  });

  it('follow the rulebook into the boards', () => {
    const before = boardFiles(facts).get('en/gas.json') ?? '';
    const after = boardFiles(changed('rules.yaml', 'when: leak >= 25', 'when: leak >= 17')).get('en/gas.json') ?? '';
    expect(before).not.toContain('"value": 17');
    expect(after.split('"value": 17').length).toBe(before.split('"value": 25').length);
  });
});

describe('targets', () => {
  const steps = (files: ReadonlyMap<string, string>, file: string, figure: number) =>
    (files.get(file) ?? '').split(`"value": ${figure}`).length - 1;
  const before = boardFiles(facts);

  it('of the lighting rate are those of the rule that judges the town', () => {
    const after = boardFiles(changed('rules.yaml', 'target: 0.97', 'target: 0.935'));
    for (const file of ['zh/town.json', 'en/lighting.json']) {
      expect(steps(before, file, 0.935), file).toBe(0);
      expect(steps(after, file, 0.935), file).toBeGreaterThan(0);
    }
  });

  it('of pressure compliance are those of the plan', () => {
    const after = boardFiles(changed('plan.yaml', 'target: 0.97', 'target: 0.935'));
    for (const file of ['zh/town.json', 'en/water.json']) {
      expect(steps(before, file, 0.935), file).toBe(0);
      expect(steps(after, file, 0.935), file).toBeGreaterThan(0);
    }
  });
});

describe('what a board cannot be made from', () => {
  it('is said: a field that no kind has', () => {
    expect(() => facts.field('gas-meter', 'pressure')).toThrow('gas-meter has no field pressure');
  });

  it('is said: a rulebook that is wrong', () => {
    expect(() => changed('rules.yaml', 'when: leak >= 25', 'when: leek >= 25')).toThrow('problem(s)');
  });
});
