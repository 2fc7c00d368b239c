import type { Device } from '../model/device.ts';
import type { Name } from '../model/primitives.ts';
import { LEAST_TURNS, LONGEST_WITHIN } from '../model/rule.ts';
import { CLASS_NAMES, type RoadClass, type Town } from '../model/town.ts';
import { Agenda } from './agenda.ts';
import {
  countOf,
  type LampCount,
  type LampState,
  type LampTally,
  saysTheSame,
  stateOf,
  tallyOf,
} from './lamp-state.ts';
import { edgeAfter, maintenanceAt } from './maintenance.ts';
import type { Member, Roster } from './roster.ts';

/** By what lamps are grouped. */
export const LAMP_GROUPS = ['town', 'village', 'road', 'class', 'feeder'] as const;
export type LampGroup = (typeof LAMP_GROUPS)[number];

/** A group of lamps with its count. The object stays the same from tick to tick; what it counts does not. */
export interface GroupCount extends LampTally {
  group: LampGroup;
  id: string;
  /** Of those counts, what rests on samples whose own time is known: what the record is made of. */
  recorded: LampCount;
  /** Goes up when the count of one of its devices changes. */
  version: number;
  /** Its devices with lamps by their ids. */
  devices: ReadonlyMap<string, LampState>;
}

/** What the lamps that are switched together say. */
export interface Circuit {
  /** How many of their devices say by their newest reports that some burn. */
  lit: number;
  /** The newest report that some burn, ms. */
  litAt: number | null;
}

interface Group extends GroupCount {
  key: string;
  devices: Map<string, LampState>;
}

interface SharedCircuit extends Circuit {
  lamps: Set<Known>;
}

/** A device with lamps as it was last counted. */
interface Known {
  member: Member;
  lamps: number;
  groups: readonly Group[];
  circuit: SharedCircuit;
  /** What it was counted from besides its own report. */
  deadSince: number | null;
  isMaintained: boolean;
  isHeard: boolean;
  /** Whether some burn by its newest report, as its circuit counts it. */
  isLit: boolean;
  state: LampState | null;
  /** When it has to be looked at again though nothing comes from it, ms. */
  wakesAt: number;
}

/** Around each switching, and off a published time, unless the town says otherwise, ms. */
export const TRANSITION = 20 * 60_000;
export const MISMATCH = 60 * 60_000;
const COUNTED = ['expected', 'lit', 'out', 'unknown'] as const satisfies readonly (keyof LampCount)[];
const TALLIED = [
  ...COUNTED,
  'settling',
  'offSchedule',
  'maintained',
  'burning',
  'resting',
  'patrolled',
  'metered',
] as const satisfies readonly (keyof LampTally)[];

/**
 * Counts the lamps of the town: which are expected now, and which of them are lit, out, or unknown. A count is corrected by
 * what changed since the one before, so that a tick costs what happened and not what there is; it is the same as one made
 * anew from what the roster holds.
 */
export class Lighting {
  /** Devices with lamps that are out, that burn by day, that count other lamps than the registry, and that went on or off in the night lately. */
  readonly notable = {
    out: new Map<string, LampState>(),
    burning: new Map<string, LampState>(),
    mismatched: new Map<string, LampState>(),
    turning: new Map<string, LampState>(),
  };
  readonly #roster: Roster;
  #town: Town | null = null;
  #members: readonly Member[] | null = null;
  /** Of the windows of maintenance, as they were looked at last. */
  #windows = -1;
  #dead: ReadonlyMap<string, number> = new Map();
  /** Devices that something has come of since the last count. */
  readonly #stirred = new Set<Member>();
  readonly #agenda = new Agenda<Known>();
  #known = new Map<string, Known>();
  readonly #groups = new Map<string, Group>();
  readonly #circuits = new Map<string, SharedCircuit>();
  #inOrder: readonly GroupCount[] | null = null;

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /** Something new is known of a device: it is looked at by the next count. */
  stir(member: Member): void {
    if (member.device.attributes.lamps !== undefined) this.#stirred.add(member);
  }

  /**
   * Every group that has a lamp, at `at` (ms); town first, then by group and id. `dead` are the nodes that are known to
   * have no supply, and since when (ms).
   */
  count(at: number, dead: ReadonlyMap<string, number>): readonly GroupCount[] {
    const isOther = this.#meet();
    const stirred = new Set<Known>();
    for (const known of isOther ? this.#known.values() : this.#suspects(at, dead)) {
      const { member, state, circuit } = known;
      const deadSince = dead.size === 0 ? null : (dead.get(member.device.parent ?? '') ?? null);
      const isMaintained = maintenanceAt(member.windows, at) !== null;
      const isHeard = member.heard.at !== null;
      const { lamps, meter, patrol } = member.heard;
      const hasReported = state === null || state.report !== lamps || state.meter !== meter || state.patrol !== patrol;
      if (hasReported && turn(known))
        for (const one of circuit.lamps) if (one.member.hours.isPublished) stirred.add(one);
      const isSame =
        state !== null &&
        (!hasReported || saysTheSame(state, at, deadSince)) &&
        at < state.until &&
        deadSince === known.deadSince &&
        isMaintained === known.isMaintained &&
        isHeard === known.isHeard;
      if (isSame) this.#wake(known, at);
      else {
        Object.assign(known, { deadSince, isMaintained, isHeard });
        stirred.add(known);
      }
    }
    this.#stirred.clear();
    this.#dead = dead;
    for (const known of stirred) this.#judge(known, at);
    this.#inOrder ??= [...this.#groups.values()].sort(
      (a, b) => LAMP_GROUPS.indexOf(a.group) - LAMP_GROUPS.indexOf(b.group) || (a.id < b.id ? -1 : 1),
    );
    return this.#inOrder;
  }

  /** Of whom something has come, whose time is up, and who hangs from a node whose supply is another than it was. */
  #suspects(at: number, dead: ReadonlyMap<string, number>): Set<Known> {
    const due = this.#agenda.due(at);
    for (const known of due) known.wakesAt = Number.POSITIVE_INFINITY;
    const suspects = new Set(due.filter((known) => this.#known.get(known.member.device.id) === known));
    for (const { device } of this.#stirred) {
      const known = this.#known.get(device.id);
      if (known !== undefined) suspects.add(known);
    }
    for (const node of new Set([...dead.keys(), ...this.#dead.keys()]))
      if (dead.get(node) !== this.#dead.get(node))
        for (const known of this.#circuits.get(node)?.lamps ?? []) suspects.add(known);
    return suspects;
  }

  /** Sees to it that a device is looked at when its time is up. */
  #wake(known: Known, at: number): void {
    const until = Math.min(known.state?.until ?? at, edgeAfter(known.member.windows, at));
    if (until >= known.wakesAt) return;
    known.wakesAt = until;
    this.#agenda.add(known, until);
  }

  /** How a group is called. */
  nameOf(group: LampGroup, id: string): Name {
    return group === 'class' ? (CLASS_NAMES[id as RoadClass] ?? { zh: id, en: id }) : this.#roster.nameOf(id);
  }

  #judge(known: Known, at: number): void {
    const { member, lamps, groups, circuit, deadSince, isMaintained, state: before } = known;
    const { transition = TRANSITION, mismatch = MISMATCH } = this.#town?.lighting ?? {};
    const state = stateOf(member, lamps, at, { deadSince, isMaintained, circuit, transition, mismatch });
    known.state = state;
    this.#wake(known, at);
    const isSame = before !== null && isSameCount(before, state);
    for (const group of groups) {
      group.devices.set(member.device.id, state);
      if (isSame) continue;
      group.version++;
      if (before !== null) add(group, before, -1);
      add(group, state, 1);
    }
    const { id } = member.device;
    note(this.notable.out, id, state, state.out > 0);
    note(this.notable.burning, id, state, state.burning > 0);
    note(this.notable.mismatched, id, state, state.isMismatch);
    note(this.notable.turning, id, state, isTurning(state));
  }

  /** A device's lamps as they were last counted. */
  of(device: string): LampState | undefined {
    return this.#known.get(device)?.state ?? undefined;
  }

  /** A group as it was last counted. */
  group(group: LampGroup, id: string): GroupCount | undefined {
    return this.#groups.get(`${group} ${id}`);
  }

  /** What the lamps that hang from a node say. */
  circuit(node: string): Circuit | undefined {
    return this.#circuits.get(node);
  }

  /** Brings what is known to the devices that there are; true where it was not so that all of them may be others. */
  #meet(): boolean {
    const members = this.#roster.inOrder();
    const { town, maintenance } = this.#roster;
    const isOther = maintenance.version !== this.#windows;
    this.#windows = maintenance.version;
    if (members === this.#members && town === this.#town) return isOther;
    if (town !== this.#town) for (const known of this.#known.values()) this.#forget(known);
    const before = town === this.#town ? this.#known : new Map<string, Known>();
    this.#known = new Map();
    [this.#members, this.#town] = [members, town];
    // First of all whoever changed leaves: a group that is empty then is gone, and who comes makes it anew.
    for (const member of members) {
      const known = before.get(member.device.id);
      if (known !== undefined && known.member !== member) this.#forget(known);
    }
    for (const member of members) {
      const { id } = member.device;
      const known = before.get(id);
      const lamps = lampsOf(member.device);
      if (lamps > 0) this.#known.set(id, known?.member === member ? known : this.#newcomer(member, lamps));
    }
    return true;
  }

  #newcomer(member: Member, lamps: number): Known {
    const { device } = member;
    const circuit = this.#circuitOf(device.parent ?? device.id);
    const groups = this.#groupsOf(device);
    const known: Known = {
      ...{ member, lamps, groups, circuit, state: null },
      ...{ deadSince: null, isMaintained: false, isHeard: false, isLit: false },
      wakesAt: Number.POSITIVE_INFINITY,
    };
    circuit.lamps.add(known);
    return known;
  }

  #forget({ member, groups, circuit, state }: Known): void {
    for (const group of groups) {
      if (state !== null) add(group, state, -1);
      group.version++;
      group.devices.delete(member.device.id);
      if (group.devices.size > 0) continue;
      this.#groups.delete(group.key);
      this.#inOrder = null;
    }
    for (const known of circuit.lamps) if (known.member === member) circuit.lamps.delete(known);
    sumUp(circuit);
    for (const set of Object.values(this.notable)) set.delete(member.device.id);
  }

  #circuitOf(id: string): SharedCircuit {
    const known = this.#circuits.get(id) ?? { lit: 0, litAt: null, lamps: new Set<Known>() };
    this.#circuits.set(id, known);
    return known;
  }

  #groupsOf(device: Device): Group[] {
    return groupsOf(device, this.#town).map(([group, id]) => this.#group(group, id));
  }

  #group(group: LampGroup, id: string): Group {
    const key = `${group} ${id}`;
    let known = this.#groups.get(key);
    if (known === undefined) {
      known = { group, id, key, ...tallyOf(0, 0, 0), recorded: countOf(0, 0, 0), version: 0, devices: new Map() };
      this.#groups.set(key, known);
      this.#inOrder = null;
    }
    return known;
  }
}

/** The groups that a device's lamps count for. */
export function groupsOf({ area, road, parent }: Device, town: Town | null): [LampGroup, string][] {
  const found: [LampGroup, string][] = town === null ? [] : [['town', town.id]];
  found.push(['village', area]);
  if (road !== null) {
    found.push(['road', road]);
    const known = town?.roads.find(({ id }) => id === road);
    if (known !== undefined) found.push(['class', known.class]);
  }
  if (parent !== null) found.push(['feeder', parent]);
  return found;
}

/** The devices of a group with lamps out, those with most first. */
export function darkestOf({ devices }: GroupCount): LampState[] {
  return [...devices.values()]
    .filter(({ out }) => out > 0)
    .sort((a, b) => b.out - a.out || (a.member.device.id < b.member.device.id ? -1 : 1));
}

/** Who looks after the lamps of a group that are unknown. */
export function maintainersOf({ devices }: GroupCount): Set<string> {
  const maintainers = [...devices.values()].map(({ unknown, member: { device } }) =>
    unknown > 0 ? device.maintainer : null,
  );
  return new Set(maintainers.filter((maintainer) => maintainer !== null));
}

/** Whose alert one about a group is: that of whose lamps are out, or else of its first device. */
export function organisationOf(count: GroupCount): string {
  const [first = ''] = [...count.devices.keys()].sort();
  const [darkest = count.devices.get(first)] = darkestOf(count);
  return darkest?.member.device.organisation ?? '';
}

/** How many lamps the registry says a device has; none once it is retired. */
export function lampsOf({ attributes, retiredAt }: Device): number {
  return retiredAt === null ? Math.max(0, Number(attributes.lamps ?? 0)) : 0;
}

/** More often than with dusk and dawn. */
function isTurning({ report }: LampState): boolean {
  const turns = report?.turns ?? [];
  const [newest, third] = [turns.at(-1), turns.at(-LEAST_TURNS)];
  return newest !== undefined && third !== undefined && newest - third <= LONGEST_WITHIN;
}

function isSameCount(a: LampState, b: LampState): boolean {
  return TALLIED.every((part) => a[part] === b[part]) && COUNTED.every((part) => a.recorded[part] === b.recorded[part]);
}

function note(notable: Map<string, LampState>, id: string, state: LampState, is: boolean): void {
  if (is) notable.set(id, state);
  else notable.delete(id);
}

/** Brings a circuit to what a lamp of it says now; true when the circuit is another than before. */
function turn(known: Known): boolean {
  const { circuit, member, isLit } = known;
  const { lit = 0, litAt = null } = member.heard.lamps ?? {};
  known.isLit = lit > 0;
  circuit.lit += Number(known.isLit) - Number(isLit);
  const isLater = litAt !== null && (circuit.litAt === null || litAt > circuit.litAt);
  if (isLater) circuit.litAt = litAt;
  return isLater || known.isLit !== isLit;
}

/** Sums up anew what the lamps of a circuit say. */
function sumUp(circuit: SharedCircuit): void {
  [circuit.lit, circuit.litAt] = [0, null];
  for (const known of circuit.lamps) {
    known.isLit = false;
    turn(known);
  }
}

function add(to: Group, state: LampState, sign: 1 | -1): void {
  for (const part of TALLIED) to[part] += sign * state[part];
  for (const part of COUNTED) to.recorded[part] += sign * state.recorded[part];
}
