import { parse } from 'yaml';
import type { Device } from '../../../src/model/device.ts';
import type { Maintenance } from '../../../src/model/maintenance.ts';
import type { Patrol } from '../../../src/model/patrol.ts';
import type { JournalRecord, SampleRecord, TickRecord } from '../../../src/model/record.ts';
import { Rule } from '../../../src/model/rule.ts';
import { type Schedule, type ScheduleSpan, spanAt } from '../../../src/model/schedule.ts';
import { areasWithin, type Town } from '../../../src/model/town.ts';

/** So many report intervals a device may be quiet before it counts for nothing (DESIGN.md §7). */
const INTERVALS = 3;

/** Why nothing is expected of a device by a rule. */
export type Rest = 'out-of-service' | 'maintenance' | 'schedule';

interface Dated<T> {
  offset: number;
  what: T;
}

/** A journal, sorted by what its records are about. */
export class Annals {
  readonly samples = new Map<string, SampleRecord[]>();
  readonly devices = new Map<string, Dated<Device>[]>();
  readonly patrols = new Map<string, Dated<Patrol>[]>();
  readonly towns: Dated<Town>[] = [];
  readonly books: Dated<readonly Rule[]>[] = [];
  readonly windows: Dated<Maintenance>[] = [];
  readonly ticks: TickRecord[] = [];
  readonly arrivals = new Map<number, number>();

  readonly #found = new Map<Rule, unknown[]>();

  constructor(records: readonly JournalRecord[]) {
    for (const record of records) {
      const { offset } = record;
      this.arrivals.set(offset, record.at);
      if (record.type === 'tick') this.ticks.push(record);
      else if (record.type === 'sample') push(this.samples, record.sample.device, record);
      else {
        const { change } = record;
        if (change.what === 'town') this.towns.push({ offset, what: change.town });
        if (change.what === 'maintenance') this.windows.push({ offset, what: change.maintenance });
        if (change.what === 'device') push(this.devices, change.device.id, { offset, what: change.device });
        if (change.what === 'patrol') push(this.patrols, change.patrol.device, { offset, what: change.patrol });
        if (change.what === 'rulebook') this.books.push({ offset, what: readBook(change.text) });
      }
    }
  }

  /** What a rule finds in a record when it comes: looked for once, since it does not change any more. */
  once<T>(rule: Rule, { offset }: { offset: number }, find: () => T): T {
    const ofRule = this.#found.get(rule) ?? [];
    this.#found.set(rule, ofRule);
    if (ofRule[offset] === undefined) ofRule[offset] = find();
    return ofRule[offset] as T;
  }
}

/** What a journal says up to one of its records, that one included: looked up in the records whenever it is asked for. */
export class Past {
  readonly annals: Annals;
  readonly offset: number;
  readonly #samples = new Map<string, readonly SampleRecord[]>();
  readonly #found = new Map<Rule, Map<string, unknown>>();

  constructor(annals: Annals, offset: number) {
    this.annals = annals;
    this.offset = offset;
  }

  /** The same journal up to another record. */
  asOf(offset: number): Past {
    return new Past(this.annals, offset);
  }

  /** What is known of a device by a rule at this record: looked up once. */
  once<T>(rule: Rule, device: string, find: () => T): T {
    const ofRule = this.#found.get(rule) ?? new Map<string, unknown>();
    this.#found.set(rule, ofRule);
    if (!ofRule.has(device)) ofRule.set(device, find());
    return ofRule.get(device) as T;
  }

  town(): Town | null {
    return this.#last(this.annals.towns);
  }

  /** The rules in force, in the order of their book. */
  rules(): readonly Rule[] {
    return this.#last(this.annals.books) ?? [];
  }

  device(id: string): Device | null {
    return this.#last(this.annals.devices.get(id) ?? []);
  }

  /** Every device that was ever registered, by id. */
  devices(): Device[] {
    const ids = [...this.annals.devices.keys()].sort();
    return ids.flatMap((id) => this.device(id) ?? []);
  }

  /** The samples of a device that came since it is known, in the order of their arrival. */
  samples(id: string): readonly SampleRecord[] {
    const known = this.#samples.get(id);
    if (known !== undefined) return known;
    const registered = this.annals.devices.get(id)?.[0]?.offset ?? Number.POSITIVE_INFINITY;
    const all = this.annals.samples.get(id) ?? [];
    const found = all.filter(({ offset }) => offset > registered && offset <= this.offset);
    this.#samples.set(id, found);
    return found;
  }

  /** How long nothing has come from a device at `at`, less the time that the service was away, ms. */
  quiet(id: string, at: number): number {
    return at - (this.annals.arrivals.get(this.#lastOf(id)) ?? at) - this.awaySince(id);
  }

  /** How long the service was away since something came from a device last, ms. */
  awaySince(id: string): number {
    const last = this.#lastOf(id);
    const ticks = this.annals.ticks.filter(({ offset }) => offset > last && offset <= this.offset);
    return ticks.reduce((sum, tick) => sum + tick.away, 0);
  }

  #lastOf(id: string): number {
    return this.samples(id).at(-1)?.offset ?? this.annals.devices.get(id)?.[0]?.offset ?? 0;
  }

  /** When the newest arrival of a device was, ms; null before the first. */
  heardAt(id: string): number | null {
    return this.samples(id).at(-1)?.at ?? null;
  }

  /** What the patrol found that looked last, as told by now. */
  patrol(id: string): Patrol | null {
    const told = (this.annals.patrols.get(id) ?? []).filter(({ offset }) => offset <= this.offset);
    return told.reduce<Patrol | null>((last, { what }) => (last !== null && last.ts > what.ts ? last : what), null);
  }

  /** Whether anything is expected of a device at `at` (ms). */
  isInService({ id, inService, retiredAt }: Device, at: number): boolean {
    if (retiredAt !== null) return false;
    if (inService === 'always') return true;
    if (inService === 'auto') return this.samples(id).length > 0 || this.patrol(id) !== null;
    return (inService.from === null || at >= inService.from) && (inService.to === null || at < inService.to);
  }

  /** The windows in which a device is worked on, as they are announced by now. */
  windows(device: Device): Maintenance[] {
    const newest = new Map<string, Maintenance>();
    for (const { offset, what } of this.annals.windows) if (offset <= this.offset) newest.set(what.id, what);
    const town = this.town();
    return [...newest.values()].filter(({ subject: { type, id } }) => {
      if (type === 'device') return device.id === id || device.gateway === id;
      if (type === 'parent') return device.parent === id;
      return device.area === id || (town !== null && areasWithin(town, id).includes(device.area));
    });
  }

  isMaintained(device: Device, at: number): boolean {
    return this.windows(device).some(({ from, to }) => at >= from && at < to);
  }

  isOpen(rule: Rule, at: number): boolean {
    return rule.schedule === undefined || spanOf(rule.schedule, at, this.#timeZone()).isOpen;
  }

  /** Why a rule expects nothing of a device at `at` (ms); null where it judges it. */
  rest(rule: Rule, device: Device, at: number): Rest | null {
    if (!this.isInService(device, at)) return 'out-of-service';
    if (this.isMaintained(device, at)) return 'maintenance';
    return this.isOpen(rule, at) ? null : 'schedule';
  }

  /** Since when a rule that judges a device at `at` does so after its last rest, ms. */
  judgedSince(rule: Rule, device: Device, at: number): number {
    const opened = rule.schedule === undefined ? -Infinity : spanOf(rule.schedule, at, this.#timeZone()).since;
    const ends = this.windows(device).flatMap(({ from, to }) => (from < to && to <= at ? [to] : []));
    return Math.max(opened, ...ends);
  }

  /** The record since which the rule of this id judges by what it judges by now. */
  inForceSince(rule: Rule): number {
    const books = this.annals.books.filter(({ offset }) => offset <= this.offset);
    let since = this.offset;
    for (const { offset, what } of books.reverse()) {
      const then = what.find(({ id }) => id === rule.id);
      if (then === undefined || contentOf(then) !== contentOf(rule)) break;
      since = offset;
    }
    return since;
  }

  #timeZone(): string {
    return this.town()?.timeZone ?? 'UTC';
  }

  #last<T>(all: readonly Dated<T>[]): T | null {
    return all.findLast(({ offset }) => offset <= this.offset)?.what ?? null;
  }
}

/** How long a device may be quiet before it counts for nothing, ms. */
export function freshFor({ reportInterval }: Device): number {
  return INTERVALS * reportInterval * 1_000;
}

/** Whether a rule is about devices like this one. */
export function isAbout({ kind, power, type }: Rule, device: Device): boolean {
  if (type === 'silence' && device.attributes.observation === 'patrol') return false;
  return device.kind === kind && (power === undefined || power === device.power);
}

const spans = new WeakMap<Schedule, ScheduleSpan[]>();

/** How a schedule stands; each of its spans is made once. */
function spanOf(schedule: Schedule, at: number, timeZone: string): ScheduleSpan {
  const known = spans.get(schedule) ?? [];
  spans.set(schedule, known);
  const found = known.find(({ since, until }) => at >= since && at < until);
  if (found !== undefined) return found;
  const made = spanAt(schedule, at, timeZone);
  known.push(made);
  return made;
}

const contents = new WeakMap<Rule, string>();

/** What a rule judges by: its name, severity, bureau and who holds it back are no part of it. */
export function contentOf(rule: Rule): string {
  const known = contents.get(rule);
  if (known !== undefined) return known;
  const { name: _name, severity: _severity, basis: _basis, organisation: _organisation, ...rest } = rule;
  const content = JSON.stringify({ ...rest, inhibitedBy: [] });
  contents.set(rule, content);
  return content;
}

const books = new Map<string, readonly Rule[]>();

function readBook(text: string): readonly Rule[] {
  const known = books.get(text) ?? Rule.array().parse(parse(text));
  books.set(text, known);
  return known;
}

function push<T>(lists: Map<string, T[]>, key: string, one: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}
