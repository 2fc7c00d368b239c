import type { Device } from '../model/device.ts';
import { LampHours } from '../model/lamp-hours.ts';
import { withLimits } from '../model/limits.ts';
import type { Maintenance } from '../model/maintenance.ts';
import type { Patrol } from '../model/patrol.ts';
import type { Name } from '../model/primitives.ts';
import type { Change, SampleRecord } from '../model/record.ts';
import { MOST_TURNS } from '../model/rule.ts';
import { SERVICE_DEVICE } from '../model/service.ts';
import { isSignal, type SignalRule } from '../model/signal-rule.ts';
import { Sun } from '../model/sun.ts';
import { CLASS_NAMES, type RoadClass, type Town } from '../model/town.ts';
import { isMetered, learn, type MeterReport } from './lamp-meter.ts';
import { MaintenanceBook } from './maintenance.ts';
import type { CompiledRule, CompiledThreshold } from './rulebook.ts';

/** A device is `unknown` when its newest sample, and `silent` when its last arrival, is older than so many report intervals. */
const INTERVALS_FRESH = 3;
/** Attributes on which it hangs what a circuit draws. */
export const LEARNED_OF = ['lamps', 'observation', 'fullLoad'];
/** Lamps in one square of so many degrees share a sun: 0.1° of longitude are 24 s. */
const SUN_CELL = 0.1;

/** The newest count of a device's lamps. */
export interface LampReport {
  ts: number;
  lit: number;
  /** How many lamps it says it has; null when it does not say. */
  total: number | null;
  /** When it last said that some burn; null when it never did. */
  litAt: number | null;
  /** When their number last turned from falling to rising or back, newest last; absent while it never did, ms. */
  turns?: readonly number[];
  /** Whether it rose when it last changed; absent while it never did. */
  isRising?: boolean;
  /** Its time was replaced at the gate: good for the rate now, not for the record. */
  isTimeReplaced: boolean;
}

/** When a device was heard of; instants in ms. Small, for it is written at every commit. */
export interface Heard {
  /** Arrival of its registration. */
  registeredAt: number;
  /** Newest sample time; null before the first sample. */
  ts: number | null;
  /** Arrival of whatever came last. */
  at: number | null;
  /** The service's absences in all ({@link Roster.away}) at that arrival. */
  away: number;
  lamps: LampReport | null;
  /** What the newest patrol found. */
  patrol?: Patrol;
  /** What its meter said, where its lamps are known by that alone. */
  meter?: MeterReport | null;
  /** By rule: time of the newest sample that said enough for it; by a silence: when it was closed without having ended. */
  judged: Record<string, number>;
}

/** A device as the engine knows it. */
export interface Member {
  device: Device;
  /** What it states, with the limits that follow from it. */
  attributes: Device['attributes'];
  heard: Heard;
  /** The rules that its samples move. */
  thresholds: readonly CompiledThreshold[];
  signals: readonly SignalRule[];
  /** When the lamps at its road and place burn. */
  hours: LampHours;
  /** In which it is worked on. */
  windows: readonly Maintenance[];
}

/** The engine's own picture of the town, its devices and the service itself, made of nothing but the journal. */
export class Roster {
  readonly members = new Map<string, Member>();
  readonly maintenance = new MaintenanceBook();
  /** Ids of those that changed since the last checkpoint: registration, and what was heard. */
  readonly changedDevices = new Set<string>();
  readonly changedHeard = new Set<string>();
  /** How long the service could not take readings, in all, ms. */
  away = 0;
  town: Town | null = null;
  /** Since when it is as it is, ms. */
  townSince = 0;
  isTownChanged = false;
  #inOrder: readonly Member[] | null = null;
  /** By rule: whom it is about, in the order of the ids; made when it is asked for. */
  readonly #judged = new Map<CompiledRule, readonly Member[]>();
  readonly #children = new Map<string, Set<string>>();
  /** The same in the order of the ids, as far as they were asked for. */
  readonly #childrenInOrder = new Map<string, readonly string[]>();
  readonly #wards = new Map<string, Set<string>>();
  /** By place and road; those of one road at one place share them. */
  readonly #hours = new Map<string, LampHours>();

  constructor() {
    this.#put(SERVICE_DEVICE, newcomer(0, 0));
  }

  /** Takes a change of the town or a device; the rules that it falls under come by {@link assign}. */
  apply(change: Extract<Change, { what: 'device' | 'town' }>, at: number): void {
    if (change.what === 'town') {
      this.town = change.town;
      this.townSince = at;
      this.isTownChanged = true;
      this.#hours.clear();
      // Whoever goes by when their lamps burn has to look at all of them.
      this.#judged.clear();
      for (const member of this.members.values()) {
        member.hours = this.#hoursOf(member.device);
        member.windows = this.maintenance.of(member.device, this.town);
      }
      return;
    }
    const { device } = change;
    const known = this.members.get(device.id);
    // Other lamps draw other power: what was learned of those before is no word on them.
    if (known !== undefined && LEARNED_OF.some((name) => known.device.attributes[name] !== device.attributes[name]))
      known.heard.meter = null;
    this.#put(device, known?.heard ?? newcomer(at, this.away), known);
    this.changedDevices.add(device.id);
    this.changedHeard.add(device.id);
  }

  /** Takes a window of maintenance as it is from `at` (ms) on. */
  maintain(maintenance: Maintenance, at: number): void {
    this.maintenance.take(maintenance, at);
    for (const member of this.members.values()) member.windows = this.maintenance.of(member.device, this.town);
  }

  /** Takes what a patrol found; of two the one that looked last holds. */
  patrolled(patrol: Patrol): void {
    const heard = this.members.get(patrol.device)?.heard;
    if (heard === undefined || (heard.patrol !== undefined && heard.patrol.ts > patrol.ts)) return;
    heard.patrol = patrol;
    this.changedHeard.add(patrol.device);
  }

  /** Puts back what a checkpoint holds. */
  restore(device: Device, heard: Heard | undefined): void {
    this.#put(device, heard ?? newcomer(0, 0));
  }

  /** Tells every device, or one, which rules its samples move. */
  assign(rules: readonly CompiledRule[], only?: string): void {
    this.#judged.clear();
    const thresholds = rules.filter((rule) => rule.type === 'threshold');
    const members = only === undefined ? this.members.values() : [this.members.get(only)];
    const signals = rules.filter(isSignal);
    for (const member of members) {
      if (member === undefined) continue;
      member.thresholds = thresholds.filter((rule) => appliesTo(rule, member.device));
      member.signals = signals.filter((rule) => appliesTo(rule, member.device));
    }
  }

  /** Every device in the order of the ids: the order of what is found must not hang on how the picture came about. */
  inOrder(): readonly Member[] {
    this.#inOrder ??= [...this.members.values()].sort((a, b) => (a.device.id < b.device.id ? -1 : 1));
    return this.#inOrder;
  }

  /** The devices that a rule is about, in the order of the ids. */
  judgedBy(rule: CompiledRule): readonly Member[] {
    let judged = this.#judged.get(rule);
    if (judged === undefined) {
      judged = this.inOrder().filter(({ device }) => appliesTo(rule, device));
      this.#judged.set(rule, judged);
    }
    return judged;
  }

  /** Takes note of a sample. */
  hear({ sample, at }: SampleRecord, member: Member): void {
    const { heard } = member;
    if (heard.ts === null || sample.ts > heard.ts) heard.ts = sample.ts;
    heard.at = at;
    heard.away = this.away;
    const { lampsLit, lampsTotal } = sample.values;
    if (typeof lampsLit === 'number' && (heard.lamps === null || sample.ts > heard.lamps.ts)) {
      const total = typeof lampsTotal === 'number' ? lampsTotal : null;
      const litAt = lampsLit > 0 ? sample.ts : (heard.lamps?.litAt ?? null);
      const isTimeReplaced = sample.deviceTs !== undefined;
      const report: LampReport = { ts: sample.ts, lit: lampsLit, total, litAt, isTimeReplaced };
      heard.lamps = heard.lamps === null ? report : turned(report, heard.lamps);
    }
    if (isMetered(member) && (heard.meter == null || sample.ts > heard.meter.ts))
      heard.meter = learn(sample, member, heard.meter ?? null);
    this.changedHeard.add(sample.device);
  }

  /** Notes up to when a rule has judged a device. */
  judge({ device, heard }: Member, rule: string, until: number): void {
    heard.judged[rule] = until;
    this.changedHeard.add(device.id);
  }

  /** Forgets what a rule has judged: it judges otherwise from now on. */
  forget(rule: string): void {
    for (const { device, heard } of this.members.values()) {
      if (heard.judged[rule] === undefined) continue;
      // Not as if it had never been: what has a detector keeps it.
      heard.judged[rule] = 0;
      this.changedHeard.add(device.id);
    }
  }

  /** Devices that hang from a network node, in the order of their ids. */
  childrenOf(node: string): readonly string[] {
    let children = this.#childrenInOrder.get(node);
    if (children === undefined) {
      children = [...(this.#children.get(node) ?? [])].sort();
      this.#childrenInOrder.set(node, children);
    }
    return children;
  }

  /** Devices that a gateway publishes for, in the order of their ids. */
  wardsOf(gateway: string): string[] {
    return [...(this.#wards.get(gateway) ?? [])].sort();
  }

  /** How a subject is called. */
  nameOf(id: string): Name {
    const device = this.members.get(id)?.device;
    if (device !== undefined) return device.name;
    const { town } = this;
    const found = [...(town?.network ?? []), ...(town?.areas ?? []), ...(town?.roads ?? []), ...(town ? [town] : [])];
    return found.find((thing) => thing.id === id)?.name ?? CLASS_NAMES[id as RoadClass] ?? { zh: id, en: id };
  }

  #put(device: Device, heard: Heard, { thresholds = [], signals = [] }: Partial<Member> = {}): void {
    const before = this.members.get(device.id)?.device;
    unlink(this.#children, before?.parent, device.id);
    unlink(this.#wards, before?.gateway, device.id);
    if (device.retiredAt === null) {
      link(this.#children, device.parent, device.id);
      link(this.#wards, device.gateway, device.id);
    }
    this.#inOrder = null;
    this.#judged.clear();
    this.#childrenInOrder.clear();
    const attributes = withLimits(device);
    const windows = this.maintenance.of(device, this.town);
    this.members.set(device.id, {
      device,
      attributes,
      heard,
      thresholds,
      signals,
      hours: this.#hoursOf(device),
      windows,
    });
  }

  #hoursOf({ location, road }: Device): LampHours {
    const { town } = this;
    const [lon, lat] = location ?? town?.location ?? [0, 0];
    const place: [number, number] = [cell(lon), cell(lat)];
    const key = `${place.join(' ')} ${road}`;
    const known = this.#hours.get(key);
    if (known !== undefined) return known;
    const switching = town?.roads.find(({ id }) => id === road)?.switching ?? {};
    const timetable = town?.timetables?.find(({ id }) => id === switching.timetable) ?? null;
    const hours = new LampHours(new Sun(place), switching, timetable, town?.timeZone ?? 'UTC');
    this.#hours.set(key, hours);
    return hours;
  }
}

/** Whether a rule is about devices like this one. */
export function appliesTo({ kind, power, type }: CompiledRule, device: Device): boolean {
  // Who is watched by patrols has nothing to say.
  if (type === 'silence' && device.attributes.observation === 'patrol') return false;
  return device.kind === kind && (power === undefined || device.power === power);
}

/** Whether anything is expected of the device at `at` (ms). */
export function isInService({ device, heard }: Member, at: number): boolean {
  if (device.retiredAt !== null) return false;
  if (device.inService === 'always') return true;
  if (device.inService === 'auto') return heard.at !== null || heard.patrol !== undefined;
  const { from, to } = device.inService;
  return (from === null || at >= from) && (to === null || at < to);
}

/** How long a device may be quiet before it counts for nothing, ms. */
export function freshFor({ device }: Pick<Member, 'device'>): number {
  return INTERVALS_FRESH * device.reportInterval * 1_000;
}

/** How long nothing has arrived at `at`, without the time that the service itself was away, ms. */
export function quietFor({ heard }: Member, at: number, away: number): number {
  return at - (heard.at ?? heard.registeredAt) - (away - heard.away);
}

/** A report with what it says of the lamps' going on and off, seen from the one before. */
function turned(report: LampReport, before: LampReport): LampReport {
  const { turns, isRising } = before;
  if (turns !== undefined) report.turns = turns;
  if (report.lit === before.lit) {
    if (isRising !== undefined) report.isRising = isRising;
    return report;
  }
  report.isRising = report.lit > before.lit;
  if (report.isRising !== isRising) report.turns = [...(turns ?? []), report.ts].slice(-MOST_TURNS);
  return report;
}

function newcomer(at: number, away: number): Heard {
  return { registeredAt: at, ts: null, at: null, away, lamps: null, judged: {} };
}

function cell(degrees: number): number {
  return Math.round(degrees / SUN_CELL) * SUN_CELL;
}

function link(index: Map<string, Set<string>>, to: string | null, id: string): void {
  if (to === null) return;
  const known = index.get(to);
  if (known === undefined) index.set(to, new Set([id]));
  else known.add(id);
}

function unlink(index: Map<string, Set<string>>, from: string | null | undefined, id: string): void {
  if (from != null) index.get(from)?.delete(id);
}
