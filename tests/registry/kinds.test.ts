import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROLL_UP_NAMES, rollUpOf } from '../../src/history/rollups.ts';
import { TownError } from '../../src/kernel/errors.ts';
import { SERIES_NAMES } from '../../src/model/series.ts';
import { loadKinds } from '../../src/registry/kinds.ts';
import { temporaryFolder } from '../support/temporary.ts';

const DRAIN_LEVEL = `id: drain-level
name: { zh: 排水液位, en: Drain level }
reportInterval: 300
fields:
  level: { type: number, unit: m, range: [0, 10], basis: the depth of a shaft, name: { zh: 液位, en: Level } }
  overflow: { type: boolean, name: { zh: 溢流, en: Overflow } }
groupSums: []
`;

function folderOf(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** The problems of the kinds in `files`, with the folder left out. */
function problemsOf(files: Record<string, string>) {
  const folder = folderOf(files);
  try {
    loadKinds(folder);
  } catch (error) {
    if (!(error instanceof TownError)) throw error;
    expect(error.code).toBe('config-invalid');
    return error.problems.map(({ path, message }) => `${path.replace(`${folder}/`, '')}: ${message}`);
  }
  return [];
}

describe('loading the kinds', () => {
  it('a kind is a YAML file, with its defaults filled in', () => {
    const kinds = loadKinds(folderOf({ 'drain-level.yaml': DRAIN_LEVEL, 'README.md': 'no kind' }));
    expect([...kinds.keys()]).toEqual(['drain-level']);
    expect(kinds.get('drain-level')).toMatchObject({
      power: 'always',
      attributes: {},
      fields: { level: { unit: 'm' } },
    });
  });

  it('every problem of every file is named at once, with line and column', () => {
    const problems = problemsOf({
      'a.yaml': DRAIN_LEVEL.replace('id: drain-level', 'id: a').replace('type: number', 'type: numbre'),
      'b.yaml': DRAIN_LEVEL.replace('id: drain-level', 'id: b').replace('[0, 10]', '[10, 0]'),
      'c.yaml': DRAIN_LEVEL.replace('id: drain-level', 'id: c').replace('groupSums: []', 'groupSums: [levl, overflow]'),
      'd.yaml': DRAIN_LEVEL,
      'e.yaml': 'id: [',
      'f.yaml': DRAIN_LEVEL.replace('id: drain-level', 'id: f').replace('reportInterval', 'reportIntervall'),
    });
    expect(problems).toEqual([
      'a.yaml:5:18: fields.level.type: "numbre" is not known (did you mean number?)',
      'b.yaml:5:42: fields.level.range: the lower bound comes first, and is below the upper one',
      'c.yaml:7:13: groupSums: no field levl (did you mean level?)',
      'c.yaml:7:19: groupSums: overflow is a switch, which has no sum',
      'd.yaml:1:5: id: "drain-level" does not go with the file\'s name: call the file drain-level.yaml',
      expect.stringMatching(/^e\.yaml:1:\d+: /),
      expect.stringMatching(/^f\.yaml:1:1: reportInterval: /),
      'f.yaml:3:18: unknown key "reportIntervall" (did you mean reportInterval?)',
    ]);
  });

  it('no kind is called as rules call Townpulse itself', () => {
    expect(problemsOf({ 'service.yaml': DRAIN_LEVEL.replace('id: drain-level', 'id: service') })).toEqual([
      'service.yaml:1:5: id: service is what rules call Townpulse itself; choose another name',
    ]);
  });

  it.each([
    ...SERIES_NAMES.map((id) => [id, `the history keeps a series of its own by the name ${id}`]),
    ...ROLL_UP_NAMES.map((name) => [rollUpOf('drain', name), `the history's roll-ups have names that end in _${name}`]),
  ])('no kind is called as the history calls what it makes of readings: %s', (id, why) => {
    expect(problemsOf({ [`${id}.yaml`]: DRAIN_LEVEL.replace('id: drain-level', `id: ${id}`) })).toEqual([
      `${id}.yaml:1:5: id: ${why}; choose another name`,
    ]);
  });

  it('two kinds cannot differ in letter case only: a history would keep them in one table', () => {
    const twin = DRAIN_LEVEL.replace('id: drain-level', 'id: Drain-Level');
    expect(problemsOf({ 'drain-level.yaml': DRAIN_LEVEL, 'Drain-Level.yaml': twin })).toEqual([
      'drain-level.yaml:1:5: id: drain-level differs from Drain-Level in letter case only; choose another name',
    ]);
  });

  it('two files cannot hold the same kind', () => {
    expect(problemsOf({ 'drain-level.yaml': DRAIN_LEVEL, 'twin.yaml': DRAIN_LEVEL })).toEqual([
      'twin.yaml:1:5: id: "drain-level" does not go with the file\'s name: call the file drain-level.yaml',
    ]);
  });

  it('a field that no payload could say, or no history could keep apart, is refused', () => {
    const text = DRAIN_LEVEL.replace(
      'groupSums: []',
      '  overFlow: { type: boolean, name: { zh: 一, en: b } }\n  seq: { type: number, name: { zh: 一, en: a } }',
    );
    expect(problemsOf({ 'drain-level.yaml': text })).toEqual([
      'drain-level.yaml:7:13: fields.overFlow: differs from overflow in letter case only',
      'drain-level.yaml:8:8: fields.seq: a payload means something else by "seq"; choose another name',
    ]);
  });

  it('a folder without kinds, or none at all, is a problem and not a crash', () => {
    expect(problemsOf({})).toEqual([expect.stringContaining('holds no kind')]);
    expect(() => loadKinds('/nowhere/devices')).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });
});
