import type { Device } from '../../../src/model/device.ts';
import { LampHours, type Phase } from '../../../src/model/lamp-hours.ts';
import type { Value } from '../../../src/model/sample.ts';
import { Sun } from '../../../src/model/sun.ts';
import type { Town } from '../../../src/model/town.ts';
import { freshFor, type Past } from './past.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
/** Around each switching, in which no lamp is judged out, ms. */
const TRANSITION = 20 * MINUTE;

/** Lamps of a device or a group; `expected` = `lit` + `out` + `unknown`. */
export interface Lamps {
  expected: number;
  lit: number;
  out: number;
  unknown: number;
  /** Of the unknown: those that were switched a moment ago, or will be in a moment. */
  settling: number;
  /** Not expected: they are worked on. */
  maintained: number;
  /** By day, by a report of that day: those that burn, and those that do not. */
  burning: number;
  resting: number;
}

/** Lamps that are counted as one. */
export interface Group {
  group: 'town' | 'village' | 'road' | 'class' | 'feeder';
  id: string;
  lamps: Lamps;
  devices: { device: Device; lamps: Lamps }[];
}

const NONE: Lamps = { expected: 0, lit: 0, out: 0, unknown: 0, settling: 0, maintained: 0, burning: 0, resting: 0 };

const hours = new WeakMap<Town, Map<string | null, LampHours>>();

/** The night or day of a device's road in which `at` lies. */
export function phaseOf(past: Past, { road }: Device, at: number): Phase {
  return hoursOf(past.town() as Town, road).at(at);
}

function hoursOf(town: Town, road: string | null): LampHours {
  const known = hours.get(town) ?? new Map<string | null, LampHours>();
  hours.set(town, known);
  const switching = town.roads.find(({ id }) => id === road)?.switching ?? {};
  const found = known.get(road) ?? new LampHours(new Sun(town.location), switching, null, town.timeZone);
  known.set(road, found);
  return found;
}

/** How many lamps of a device must burn at `at`, the night it is for, and the switchings before and after. */
export function plannedOf(past: Past, device: Device, at: number) {
  const { isLit, since, until } = phaseOf(past, device, at);
  const { plan, planUntil, planLamps } = device.attributes;
  const all = device.retiredAt === null ? Number(device.attributes.lamps ?? 0) : 0;
  const fewer = typeof planLamps === 'number' ? Math.min(planLamps, all) : null;
  if (!isLit) return { lamps: 0, nightSince: since, since, until, isDay: true };
  const night = { nightSince: since, since, until, isDay: false };
  if (plan === 'alternate') return { ...night, lamps: fewer ?? Math.ceil(all / 2) };
  if (plan !== 'half-night' || typeof planUntil !== 'string') return { ...night, lamps: all };
  const half = hoursOf(past.town() as Town, device.road).clockAfter(since, planUntil);
  if (half >= until) return { ...night, lamps: all };
  return at < half ? { ...night, lamps: all, until: half } : { ...night, lamps: fewer ?? 0, since: half };
}

/** The counts of its lamps that a device has sent, each newer than all before it. */
export function countsOf(past: Past, { id }: Device): { ts: number; lit: number; total: Value | undefined }[] {
  const counts: { ts: number; lit: number; total: Value | undefined }[] = [];
  for (const { sample } of past.samples(id)) {
    const { lampsLit, lampsTotal } = sample.values;
    if (typeof lampsLit === 'number' && sample.ts > (counts.at(-1)?.ts ?? Number.NEGATIVE_INFINITY))
      counts.push({ ts: sample.ts, lit: lampsLit, total: lampsTotal });
  }
  return counts;
}

/** The newest of them. */
export function reportOf(past: Past, device: Device) {
  return countsOf(past, device).at(-1) ?? null;
}

/** What is known of a device's lamps at `at`. `deadSince`: since when its feeder is known to have no supply, ms. */
export function lampsOf(past: Past, device: Device, at: number, deadSince: number | null): Lamps {
  const all = Number(device.attributes.lamps ?? 0);
  const { lamps, nightSince, since, until, isDay } = plannedOf(past, device, at);
  const report = reportOf(past, device);
  const isFresh = report !== null && at - report.ts <= freshFor(device);
  const isThere = past.isInService(device, at);
  const isMaintained = past.isMaintained(device, at);
  const isSettling = at < since + TRANSITION || at >= until - TRANSITION;
  if (!isThere || lamps === 0) {
    const isOfThisDay =
      isDay &&
      isThere &&
      !isMaintained &&
      at >= since + TRANSITION &&
      report !== null &&
      report.ts >= since + TRANSITION;
    if (!isOfThisDay || !isFresh) return NONE;
    const burning = Math.min(Math.floor(report.lit), all);
    return { ...NONE, burning, resting: all - burning };
  }
  if (isMaintained) return { ...NONE, maintained: lamps };
  const known = { ...NONE, expected: lamps };
  // In the first minutes of a night what was reported by day is no word on it.
  const isEarly = at <= nightSince + Math.max(device.reportInterval * 1_000 + MINUTE, TRANSITION);
  const isBelieved = isFresh && device.attributes.observation !== 'patrol' && !(isEarly && report.ts < nightSince);
  const patrol = past.patrol(device.id);
  const isPatrolled = patrol !== null && at >= patrol.ts && at < patrol.ts + patrol.validFor;
  const word = isBelieved
    ? { ts: report.ts, lit: report.lit, isWhole: report.total === undefined || report.total === all }
    : isPatrolled
      ? { ts: patrol.ts, lit: patrol.lit, isWhole: true }
      : null;
  // Only light that was seen since speaks against a feeder's death.
  const light = word ?? report;
  const isLightSeen =
    light !== null && deadSince !== null && light.ts > deadSince && (light.lit > 0 || (word !== null && !word.isWhole));
  if (deadSince !== null && !isLightSeen) return { ...known, out: lamps };
  const lit = Math.min(Math.floor(word?.lit ?? 0), lamps);
  const out = word?.isWhole === true && !isSettling ? lamps - lit : 0;
  const unknown = lamps - lit - out;
  return { ...known, lit, out, unknown, settling: isSettling ? unknown : 0 };
}

/** The lamps of the town by all their groups. */
export function groupsOf({ past, cases }: World, at: number): Group[] {
  const dark = past.rules().filter((rule) => rule.type === 'threshold' && rule.lamps === 'out');
  const dead = dark.flatMap(({ id }) => cases.all(id)).filter(({ subject }) => subject.type === 'parent');
  const town = past.town() as Town;
  const groups: Group[] = [];
  for (const device of past.devices()) {
    if (device.retiredAt !== null || Number(device.attributes.lamps ?? 0) <= 0) continue;
    const since = dead.filter(({ subject }) => subject.id === device.parent).map(({ startedAt }) => startedAt);
    const lamps = lampsOf(past, device, at, since.length === 0 ? null : Math.min(...since));
    const add = (group: Group['group'], id: string | null | undefined) => {
      if (id == null) return;
      const found = groups.find((one) => one.group === group && one.id === id);
      const known = found ?? { group, id, lamps: NONE, devices: [] };
      if (found === undefined) groups.push(known);
      known.lamps = sum(known.lamps, lamps);
      known.devices.push({ device, lamps });
    };
    add('town', town.id);
    add('village', device.area);
    add('road', device.road);
    add('class', town.roads.find(({ id }) => id === device.road)?.class);
    add('feeder', device.parent);
  }
  return groups;
}

const PARTS = Object.keys(NONE) as (keyof Lamps)[];

function sum(a: Lamps, b: Lamps): Lamps {
  const both = { ...a };
  for (const part of PARTS) both[part] += b[part];
  return both;
}
