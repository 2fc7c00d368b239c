import type { Device } from '../model/device.ts';
import type { Name } from '../model/primitives.ts';
import type { Town } from '../model/town.ts';
import type { Verdict } from '../model/verdict.ts';
import { freshFor, isInService, type Member, type Roster } from './roster.ts';

/** By what lamps are grouped. */
export const LAMP_GROUPS = ['town', 'village', 'road', 'class', 'feeder'] as const;
export type LampGroup = (typeof LAMP_GROUPS)[number];

interface Group {
  group: LampGroup;
  id: string;
  key: string;
}

/** Lamps of a group at one instant; `expected` = `lit` + `out` + `unknown`. */
export interface LampCount {
  expected: number;
  lit: number;
  out: number;
  unknown: number;
}

/** A group of lamps with its count. */
export interface GroupCount extends LampCount {
  group: LampGroup;
  id: string;
  /** Of those counts, what rests on samples whose own time is known: what the record is made of. */
  recorded: LampCount;
  /** The devices with lamps that are out, and who looks after the lamps that are unknown. */
  darkest: { member: Member; out: number }[];
  /** Whose its first device is. */
  organisation: string;
  maintainers: Set<string>;
}

/** The rates of a count; null where there is nothing to divide by. */
export interface Rates {
  low: number | null;
  high: number | null;
  reported: number | null;
  coverage: number | null;
}

/** Reports from before dusk say nothing about the lamps after it; that long after it, they do. Added to a report interval, ms. */
const SWITCH_GRACE = 60_000;

const CLASS_NAMES: Record<string, Name> = {
  main: { zh: '主干路', en: 'Main roads' },
  secondary: { zh: '次干路', en: 'Secondary roads' },
  branch: { zh: '支路', en: 'Branch roads' },
  residential: { zh: '居住区道路', en: 'Residential roads' },
  alley: { zh: '背街小巷', en: 'Alleys' },
};

/** Counts the lamps of the town: which are expected now, and which of them are lit, out, or unknown. */
export class Lighting {
  readonly #roster: Roster;
  /** The groups of each device, as it and the town were when they were last asked for: they change less than they are asked. */
  readonly #groups = new WeakMap<Device, { town: Town | null; groups: readonly Group[] }>();

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /**
   * Every group that has a lamp, at `at` (ms); town first, then by group and id. `dead` are the nodes that are known to
   * have no supply, and since when (ms).
   */
  count(at: number, dead: ReadonlyMap<string, number>): GroupCount[] {
    const groups = new Map<string, GroupCount>();
    for (const member of this.#roster.inOrder()) {
      const lamps = Number(member.device.attributes.lamps ?? 0);
      if (lamps <= 0 || member.device.retiredAt !== null) continue;
      const deadSince = dead.get(member.device.parent ?? '') ?? null;
      const now = countLamps(member, lamps, at, deadSince, false);
      const recorded =
        member.heard.lamps?.isTimeReplaced === true ? countLamps(member, lamps, at, deadSince, true) : now;
      for (const { group, id, key } of this.#groupsOf(member.device)) {
        const known = groups.get(key) ?? emptyGroup(group, id, member.device.organisation);
        groups.set(key, known);
        add(known, now);
        add(known.recorded, recorded);
        if (now.out > 0) known.darkest.push({ member, out: now.out });
        if (now.unknown > 0 && member.device.maintainer !== null) known.maintainers.add(member.device.maintainer);
      }
    }
    return [...groups.values()].sort(
      (a, b) => LAMP_GROUPS.indexOf(a.group) - LAMP_GROUPS.indexOf(b.group) || (a.id < b.id ? -1 : 1),
    );
  }

  /** How a group is called. */
  nameOf(group: LampGroup, id: string): Name {
    return group === 'class' ? (CLASS_NAMES[id] ?? { zh: id, en: id }) : this.#roster.nameOf(id);
  }

  #groupsOf(device: Device): readonly Group[] {
    const { town } = this.#roster;
    const known = this.#groups.get(device);
    if (known !== undefined && known.town === town) return known.groups;
    const groups: [LampGroup, string][] = town === null ? [] : [['town', town.id]];
    groups.push(['village', device.area]);
    if (device.road !== null) {
      groups.push(['road', device.road]);
      const road = town?.roads.find(({ id }) => id === device.road);
      if (road !== undefined) groups.push(['class', road.class]);
    }
    if (device.parent !== null) groups.push(['feeder', device.parent]);
    const found = groups.map(([group, id]) => ({ group, id, key: `${group} ${id}` }));
    this.#groups.set(device, { town, groups: found });
    return found;
  }
}

/** The interval that a count allows, the reported figure, and how much of it is known. */
export function ratesOf({ expected, lit, out, unknown }: LampCount): Rates {
  if (expected === 0) return { low: null, high: null, reported: null, coverage: null };
  return {
    low: lit / expected,
    high: (lit + unknown) / expected,
    reported: lit + out === 0 ? null : lit / (lit + out),
    coverage: (lit + out) / expected,
  };
}

/** What a count says of a target: breach only if it cannot be met, ok only if it is met for sure (P8). */
export function verdictOf(
  count: LampCount,
  target: number,
  isDark: boolean,
): { verdict: Verdict; reason: string | null } {
  const { low, high } = ratesOf(count);
  if (low === null || high === null) return { verdict: 'idle', reason: isDark ? 'lamp-plan' : 'daylight' };
  if (high < target) return { verdict: 'breach', reason: null };
  if (low >= target) return { verdict: 'ok', reason: null };
  return { verdict: 'unknown', reason: 'coverage' };
}

function countLamps(
  member: Member,
  lamps: number,
  at: number,
  deadSince: number | null,
  onlyOwnTime: boolean,
): LampCount {
  const expected = isInService(member, at) ? expectedOf(member, lamps, at) : 0;
  const { lamps: report } = member.heard;
  if (expected === 0) return { expected: 0, lit: 0, out: 0, unknown: 0 };
  const unknown = { expected, lit: 0, out: 0, unknown: expected };
  // What a lamp said before its feeder died, or its darkness since, is no word against the feeder's.
  if (deadSince !== null && (report === null || report.ts <= deadSince || report.lit === 0))
    return { expected, lit: 0, out: expected, unknown: 0 };
  if (report === null || at - report.ts > freshFor(member) || (onlyOwnTime && report.isTimeReplaced)) return unknown;
  const duskAt = member.sun.downSince(at);
  const isFromDaylight = report.ts < duskAt && at - duskAt <= member.device.reportInterval * 1_000 + SWITCH_GRACE;
  if (isFromDaylight) return unknown;
  const lit = Math.min(Math.floor(report.lit), expected);
  const rest = expected - lit;
  const isMismatch = report.total !== null && report.total !== lamps;
  return isMismatch ? { expected, lit, out: 0, unknown: rest } : { expected, lit, out: rest, unknown: 0 };
}

/** How many of the lamps must burn at `at` by the sun and their plan. */
function expectedOf({ device, sun }: Member, lamps: number, at: number): number {
  if (!sun.isDown(at)) return 0;
  switch (device.attributes.plan) {
    case 'half-night':
      return at < sun.horizon(at).rise ? 0 : lamps;
    case 'alternate':
    case 'one-side':
      return Math.ceil(lamps / 2);
    default:
      return lamps;
  }
}

function emptyGroup(group: LampGroup, id: string, organisation: string): GroupCount {
  const none = () => ({ expected: 0, lit: 0, out: 0, unknown: 0 });
  return { group, id, ...none(), recorded: none(), darkest: [], organisation, maintainers: new Set() };
}

function add(to: LampCount, more: LampCount): void {
  to.expected += more.expected;
  to.lit += more.lit;
  to.out += more.out;
  to.unknown += more.unknown;
}
