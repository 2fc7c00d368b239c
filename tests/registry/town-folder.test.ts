import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TownError } from '../../src/kernel/errors.ts';
import { loadTown } from '../../src/registry/town-folder.ts';
import { temporaryFolder } from '../support/temporary.ts';

const TOWN = `id: t
name: { zh: 镇, en: Town }
timeZone: Asia/Shanghai
location: [118.4, 33.9]
organisations:
  - { id: water-company, name: { zh: 水, en: Water } }
areas:
  - { id: d, name: { zh: 区, en: District }, level: district, parent: null }
  - { id: t, name: { zh: 镇, en: Town }, level: town, parent: d }
  - { id: v, name: { zh: 村, en: Village }, level: village, parent: t }
network:
  - { id: Z-1, type: pressure-zone, name: { zh: 一, en: One }, area: v }
`;
const PLAN = `targets:
  - { id: task-8, task: 8, name: { zh: 压, en: P }, sentence: 提升供水压力。, lead: water-company, with: [water-company] }
`;

function folderOf(town: string | null, plan: string | null): string {
  const folder = temporaryFolder();
  if (town !== null) writeFileSync(join(folder, 'town.yaml'), town);
  if (plan !== null) writeFileSync(join(folder, 'plan.yaml'), plan);
  return folder;
}

function problemsOf(town: string | null, plan: string | null) {
  const folder = folderOf(town, plan);
  try {
    loadTown(folder);
  } catch (error) {
    if (!(error instanceof TownError)) throw error;
    expect(error.code).toBe('town-invalid');
    const say = (text: string) => text.replaceAll(`${folder}/`, '');
    return error.problems.map(({ path, message }) => `${say(path)}: ${say(message)}`);
  }
  return [];
}

describe("loading a town's folder", () => {
  it('gives the town and its plan', () => {
    const { town, plan } = loadTown(folderOf(TOWN, PLAN));
    expect(town.areas.map(({ id }) => id)).toEqual(['d', 't', 'v']);
    expect(plan.targets).toMatchObject([{ id: 'task-8', with: ['water-company'] }]);
  });

  it('a town need not have a plan', () => {
    expect(loadTown(folderOf(TOWN, null)).plan).toEqual({ targets: [] });
  });

  it('everything that does not hang together is named at once, with line and column', () => {
    const town = TOWN.replace('parent: t }', 'parent: tt }')
      .replace('area: v', 'area: w')
      .concat('  - { id: Z-1, type: feeder, name: { zh: 二, en: Two } }\n');
    const plan = PLAN.replace('lead: water-company', 'lead: water-compny').replace('with: [water', 'with: [walter');
    expect(problemsOf(town, plan)).toEqual([
      'town.yaml:13:11: network: the id Z-1 stands already at town.yaml:12:11',
      'town.yaml:10:68: areas: no area tt (did you mean t?)',
      'town.yaml:12:69: network: no area w (did you mean d?)',
      'plan.yaml:2:77: targets: no organisation water-compny (did you mean water-company?)',
      'plan.yaml:2:98: targets: no organisation walter-company (did you mean water-company?)',
    ]);
  });

  it('the areas are one tree: one root, no ring, each under a higher level', () => {
    const two = TOWN.replace('parent: d }', 'parent: null }');
    expect(problemsOf(two, null)).toEqual(['town.yaml:9:62: areas: t is a second root beside d: give it a parent']);
    const ring = TOWN.replace('level: district, parent: null', 'level: district, parent: v');
    expect(problemsOf(ring, null)).toEqual([
      'town.yaml:8:70: areas: a district lies in an area of a higher level, and v is a village',
      expect.stringContaining('areas: none is the root'),
    ]);
  });

  it('broken files are named beside each other, and a missing one by its name', () => {
    expect(problemsOf(TOWN.replace('Asia/Shanghai', 'Asia/Shangai'), PLAN.replace('task: 8', 'task: eight'))).toEqual([
      'town.yaml:3:11: timeZone: no such IANA time zone',
      expect.stringMatching(/^plan\.yaml:2:25: targets\.0\.task: /),
    ]);
    expect(problemsOf(null, PLAN)).toEqual([expect.stringMatching(/^town\.yaml: the file cannot be read: ENOENT/)]);
  });
});

describe('the timetables of the roads', () => {
  const ROADS = `roads:
  - { id: r1, name: { zh: 路, en: Road }, class: main, switching: { timetable: main-roads } }
  - { id: r2, name: { zh: 路, en: Road }, class: main, switching: { timetable: main-roads } }
  - { id: r3, name: { zh: 路, en: Road }, class: branch, switching: { dusk: -10m, dawn: 5m } }
`;
  const withTimetable = (csv: string, roads = ROADS) => {
    const folder = folderOf(TOWN + roads, null);
    mkdirSync(join(folder, 'timetables'));
    writeFileSync(join(folder, 'timetables/main-roads.csv'), csv);
    return folder;
  };
  const problemsIn = (folder: string) => {
    try {
      loadTown(folder);
      return [];
    } catch (error) {
      if (!(error instanceof TownError)) throw error;
      return error.problems.map(({ path, message }) => `${path}: ${message}`.replaceAll(`${folder}/`, ''));
    }
  };

  it('are part of the town, each once', () => {
    const { town } = loadTown(
      withTimetable('# 发布 published\ndate,on,off\n2026-10-01,18:20,05:20\n2026-10-11,18:00, 05:40\n'),
    );
    expect(town.timetables).toEqual([
      {
        id: 'main-roads',
        days: [
          { date: '2026-10-01', on: '18:20', off: '05:20' },
          { date: '2026-10-11', on: '18:00', off: '05:40' },
        ],
      },
    ]);
    expect(town.roads[2]?.switching).toEqual({ dusk: -600_000, dawn: 300_000 });
  });

  it.each([
    [
      'date,on,offf\n2026-10-01,18:20,05:20\n',
      'timetables/main-roads.csv:1: a timetable has the columns date,on,off; there is no column offf (did you mean off?)',
    ],
    ['date,on,off\n', 'timetables/main-roads.csv: a timetable without a row says nothing'],
    ['date,on,off\n2026-10-32,18:20,05:20\n', 'timetables/main-roads.csv:2: date: '],
    ['date,on,off\n\n2026-10-01,25:20,05:20\n', 'timetables/main-roads.csv:3: on: a time of the day is HH:MM'],
    ['date,on,off\n2026-10-01,18:20\n', 'timetables/main-roads.csv:2: 2 cells, and the header has 3'],
    ['date,on,off\n2026-10-01,18:20,18:20\n', 'timetables/main-roads.csv:2: on and off are both 18:20'],
    [
      'date,on,off\n2026-10-02,18:20,05:20\n2026-10-01,18:20,05:20\n',
      'timetables/main-roads.csv:3: 2026-10-01 does not come after 2026-10-02',
    ],
    ['date,on,off\n"2026-10-02,18:20,05:20\n', 'Quote Not Closed'],
  ])('that read %j are refused with their line', (csv, problem) => {
    expect(problemsIn(withTimetable(csv)).join('\n')).toContain(problem);
  });

  it('must be there, and leave nothing to the sun', () => {
    const folder = folderOf(TOWN + ROADS, null);
    expect(problemsIn(folder)).toEqual([
      'town.yaml:14:79: roads: no timetable main-roads: there is no timetables/main-roads.csv',
    ]);
    const both = ROADS.replace('{ timetable: main-roads }', '{ timetable: main-roads, dusk: 5m }');
    expect(problemsIn(withTimetable('date,on,off\n2026-10-01,18:20,05:20\n', both))).toEqual([
      'town.yaml:14:66: roads: a published timetable is not shifted against the sun: give either',
    ]);
  });
});
