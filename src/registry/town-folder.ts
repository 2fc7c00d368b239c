import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { type Locator, readDocumentFile } from '../kernel/document.ts';
import { type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Timetable } from '../model/lamp-hours.ts';
import { type Area, Plan, Town } from '../model/town.ts';
import { readTimetable } from './timetable.ts';

const RANK = { district: 0, town: 1, village: 2 } as const satisfies Record<Area['level'], number>;

/**
 * Reads a town's folder: `town.yaml` with the timetables that its roads name, and `plan.yaml` where there is one.
 * @throws TownError `town-invalid` with everything that is wrong in either, each with `FILE:LINE:COLUMN`
 */
export function loadTown(folder: string): { town: Town; plan: Plan } {
  const problems: Problem[] = [];
  const town = read(join(folder, 'town.yaml'), Town, problems);
  const planFile = join(folder, 'plan.yaml');
  const plan = existsSync(planFile) ? read(planFile, Plan, problems) : null;
  if (town !== null) problems.push(...checkTown(town.value, town.locate));
  const timetables = town === null ? [] : readTimetables(folder, town.value, town.locate, problems);
  if (town !== null && plan !== null) problems.push(...checkPlan(plan.value, town.value, plan.locate));
  if (town === null || problems.length > 0) {
    throw new TownError('town-invalid', `${problems.length} problem(s) in the town's folder ${folder}`, { problems });
  }
  const whole = timetables.length === 0 ? town.value : { ...town.value, timetables };
  return { town: whole, plan: plan?.value ?? { targets: [] } };
}

/** The timetables that roads name, in the order of their ids. */
function readTimetables(folder: string, { roads }: Town, locate: Locator, problems: Problem[]): Timetable[] {
  const places = new Map<string, string>();
  roads.forEach(({ switching }, index) => {
    const { timetable, dusk, dawn } = switching ?? {};
    if (timetable === undefined) return;
    if (!places.has(timetable)) places.set(timetable, locate.at(['roads', index, 'switching', 'timetable']));
    if (dusk !== undefined || dawn !== undefined) {
      const message = 'roads: a published timetable is not shifted against the sun: give either';
      problems.push({ path: locate.at(['roads', index, 'switching']), message });
    }
  });
  return [...places.keys()].sort().flatMap((id) => {
    const file = join(folder, 'timetables', `${id}.csv`);
    if (!existsSync(file)) {
      problems.push({ path: places.get(id) ?? folder, message: `roads: no timetable ${id}: there is no ${file}` });
      return [];
    }
    const { days, problems: found } = readTimetable(file);
    problems.push(...found);
    return [{ id, days }];
  });
}

function read<T>(file: string, schema: z.ZodType<T>, problems: Problem[]): { value: T; locate: Locator } | null {
  const document = readDocumentFile(file, schema);
  if (document.ok) return document;
  problems.push(...document.problems);
  return null;
}

function checkTown(town: Town, locate: Locator): Problem[] {
  const lists = ['organisations', 'areas', 'roads', 'network'] as const;
  return [
    ...lists.flatMap((list) => checkUnique(list, town[list], locate)),
    ...checkTree(town.areas, locate),
    ...checkNetwork(town, locate),
  ];
}

function checkUnique(list: string, entries: readonly { id: string }[], locate: Locator): Problem[] {
  const first = new Map<string, number>();
  return entries.flatMap(({ id }, index) => {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, index);
    if (earlier === undefined) return [];
    const message = `${list}: the id ${id} stands already at ${locate.at([list, earlier, 'id'])}`;
    return [{ path: locate.at([list, index, 'id']), message }];
  });
}

/** One root, and each other area under one of a higher level: so there can be no ring either. */
function checkTree(areas: readonly Area[], locate: Locator): Problem[] {
  const problems: Problem[] = [];
  const byId = new Map(areas.map((area) => [area.id, area]));
  const roots = areas.filter(({ parent }) => parent === null);
  areas.forEach((area, index) => {
    const report = (message: string) => {
      problems.push({ path: locate.at(['areas', index, 'parent']), message: `areas: ${message}` });
    };
    if (area.parent === null) {
      if (area !== roots[0]) report(`${area.id} is a second root beside ${roots[0]?.id}: give it a parent`);
      return;
    }
    const parent = byId.get(area.parent);
    if (parent === undefined) report(`no area ${area.parent}${didYouMean(area.parent, byId.keys())}`);
    else if (RANK[parent.level] >= RANK[area.level]) {
      report(`a ${area.level} lies in an area of a higher level, and ${parent.id} is a ${parent.level}`);
    }
  });
  if (roots.length === 0) {
    problems.push({ path: locate.at(['areas']), message: 'areas: none is the root: one has the parent null' });
  }
  return problems;
}

function checkNetwork(town: Town, locate: Locator): Problem[] {
  const areas = new Set(town.areas.map(({ id }) => id));
  return town.network.flatMap(({ area }, index) => {
    if (area === undefined || areas.has(area)) return [];
    const message = `network: no area ${area}${didYouMean(area, areas)}`;
    return [{ path: locate.at(['network', index, 'area']), message }];
  });
}

function checkPlan(plan: Plan, town: Town, locate: Locator): Problem[] {
  const known = new Set(town.organisations.map(({ id }) => id));
  const problems = checkUnique('targets', plan.targets, locate);
  plan.targets.forEach((target, index) => {
    const mustBeKnown = (id: string, path: PropertyKey[]) => {
      if (known.has(id)) return;
      const message = `targets: no organisation ${id}${didYouMean(id, known)}`;
      problems.push({ path: locate.at(['targets', index, ...path]), message });
    };
    mustBeKnown(target.lead, ['lead']);
    target.with.forEach((id, at) => {
      mustBeKnown(id, ['with', at]);
    });
  });
  return problems;
}
