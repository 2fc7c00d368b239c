import { z } from 'zod';
import { LightingSettings, Switching, type Timetable } from './lamp-hours.ts';
import { Id, Location, Name } from './primitives.ts';

/** A node of the tree district > town > village. */
export const Area = z.strictObject({
  id: Id,
  name: Name,
  level: z.enum(['district', 'town', 'village']),
  parent: Id.nullable(),
  location: Location.optional(),
});
export type Area = z.infer<typeof Area>;

/** What a road is for: by it its lamps have their target. */
export const RoadClass = z.enum(['main', 'secondary', 'branch', 'residential', 'alley']);
export type RoadClass = z.infer<typeof RoadClass>;

/** What the roads of a class are called together. */
export const CLASS_NAMES: Readonly<Record<RoadClass, Name>> = {
  main: { zh: '主干路', en: 'Main roads' },
  secondary: { zh: '次干路', en: 'Secondary roads' },
  branch: { zh: '支路', en: 'Branch roads' },
  residential: { zh: '居住区道路', en: 'Residential roads' },
  alley: { zh: '背街小巷', en: 'Alleys' },
};

export const Road = z.strictObject({
  id: Id,
  name: Name,
  class: RoadClass,
  /** When its lamps burn; default: from sunset to sunrise. */
  switching: Switching.optional(),
});
export type Road = z.infer<typeof Road>;

/** A node of a utility's network that devices hang from. */
export const NetworkNode = z.strictObject({
  id: Id,
  type: z.enum(['feeder', 'pressure-zone', 'regulator']),
  name: Name,
  area: Id.optional(),
});
export type NetworkNode = z.infer<typeof NetworkNode>;

export const Organisation = z.strictObject({ id: Id, name: Name });
export type Organisation = z.infer<typeof Organisation>;

/** A town, as `town.yaml` of its folder says it. */
export const Town = z.strictObject({
  id: Id,
  name: Name,
  /** IANA time zone of the town's calendar. */
  timeZone: z.string().refine(isTimeZone, 'no such IANA time zone'),
  /** Where the sun is taken for things without a place of their own. */
  location: Location,
  /** What is to be said of the inventory's origin. */
  note: Name.optional(),
  organisations: z.array(Organisation).min(1),
  areas: z.array(Area).min(1),
  roads: z.array(Road).default([]),
  network: z.array(NetworkNode).default([]),
  lighting: LightingSettings.optional(),
});
export type Town = z.infer<typeof Town> & {
  /** Those that its roads name, read from `timetables/<id>.csv`. */
  timetables?: readonly Timetable[];
};

/** A promise of the town's plan, as `plan.yaml` says it. */
export const PlanTarget = z.strictObject({
  id: Id,
  task: z.int(),
  name: Name,
  /** The plan's own sentence. */
  sentence: z.string().min(1),
  lead: Id,
  with: z.array(Id).default([]),
  /** What is held against the target, and the target itself as a rate 0..1; absent where the plan names no figure. */
  metric: z.string().optional(),
  target: z.number().min(0).max(1).optional(),
  /** Where the target comes from when the plan itself names no figure. */
  basis: z.string().min(1).optional(),
});
export const Plan = z.strictObject({ targets: z.array(PlanTarget) });
export type Plan = z.infer<typeof Plan>;

/** The area of this id and every one that lies in it, by id; none when the town has no such area. */
export function areasWithin(town: Town, id: string): string[] {
  const inside = town.areas.filter((area) => area.parent === id).flatMap((area) => areasWithin(town, area.id));
  return town.areas.some((area) => area.id === id) ? [id, ...inside] : [];
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
