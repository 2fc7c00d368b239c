import type { Device } from '../../../src/model/device.ts';
import type { Maintenance, MaintenanceSubject } from '../../../src/model/maintenance.ts';
import { parseDuration } from '../../../src/model/primitives.ts';
import type { JournalRecord, NewRecord } from '../../../src/model/record.ts';
import type { Value } from '../../../src/model/sample.ts';
import type { ServiceState } from '../../../src/model/service.ts';
import type { Town } from '../../../src/model/town.ts';
import type { Transition } from '../../../src/model/transition.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { Engine } from '../../../src/rules/engine.ts';
import { judgementsOf } from '../../../src/rules/judgement.ts';
import { loadRulebook, versionOf } from '../../../src/rules/rulebook.ts';
import { KINDS, TOWN } from './town.ts';

/** Town time between two ticks, ms (DESIGN.md §7). */
const TICK = 5_000;
const DAY = 86_400_000;
/** Asia/Shanghai is eight hours ahead, all year. */
const OFFSET = 8 * 3_600_000;

/** A service that nothing is wrong with. */
const WELL: ServiceState = { historyLag: 0, backlog: 0, journalFull: 0, diskHeadroom: 50_000, lettersPurged: 0 };

type Values = Record<string, Value>;
interface Pulse {
  next: number;
  values: Values;
}
type Step<S extends Transition['step']> = Extract<Transition, { step: S }>;

/** `2026-11-22T20:05` of the town as ms. */
export function local(text: string): number {
  return Date.parse(`${text}+08:00`);
}

/** `HH:MM:SS` of the town. */
export function clockTime(ms: number): string {
  return new Date(ms + OFFSET).toISOString().slice(11, 19);
}

/**
 * A town whose time passes as the test tells it: `at('20:05').reports('LC-1', { voltage: 0 })`. Between two moments ticks
 * come every 5 s, and devices that keep reporting do so. All goes through an engine, as records of a journal.
 */
export class Timeline {
  readonly records: JournalRecord[] = [];
  readonly found: Transition[] = [];
  readonly engine = new Engine(KINDS, (transition) => this.found.push(transition));
  #now: number;
  #nextTick: number;
  #service: ServiceState | null = null;
  readonly #devices = new Map<string, Device>();
  readonly #pulses = new Map<string, Pulse>();
  readonly #names = new Map<string, string>();

  /** The town, its rulebook and its devices are there from `from` (`2026-11-22T20:00`) on. */
  constructor(from: string, rules: string, devices: readonly Device[], town: Town = TOWN) {
    this.#now = local(from);
    this.#nextTick = this.#now;
    this.town(town);
    this.rulebook(rules);
    for (const device of devices) this.#put(device);
  }

  /**
   * Lets time pass to `HH:MM` or `HH:MM:SS`: today's, or tomorrow's when that is over. What is due at that very instant
   * comes after what the test does there.
   */
  at(time: string): this {
    const until = this.#next(time);
    for (;;) {
      const due = this.#duePulse();
      if (due !== undefined && due[1].next < until && due[1].next <= this.#nextTick) this.#beat(...due);
      else if (this.#nextTick < until) this.#tick(0);
      else break;
    }
    this.#now = until;
    return this;
  }

  /** The device sends these values, measured now or at another time of the day; `replaced`: the gate had to give them a time. */
  reports(device: string, values: Values, how: { measured?: string; replaced?: boolean } = {}): this {
    const ts = how.measured === undefined ? this.#now : this.#last(how.measured);
    this.#sample(device, ts, values, how.replaced === true ? { deviceTs: 0 } : {});
    return this;
  }

  /** The device sends what it measured at several times of the day, in one message. */
  uploads(device: string, measured: Record<string, Values>): this {
    for (const [time, values] of Object.entries(measured)) this.#sample(device, this.#last(time), values);
    return this;
  }

  /** The device sends these values now and at each of its report intervals. */
  keepsReporting(device: string, values: Values): this {
    this.#pulses.set(device, { next: this.#now, values });
    return this;
  }

  /** Nothing more comes from these devices. */
  fallsSilent(...devices: string[]): this {
    for (const device of devices) this.#pulses.delete(device);
    return this;
  }

  /** The service takes nothing for so long (`1h`); what devices send meanwhile does not come. Its first tick says so. */
  serviceIsAway(duration: string): this {
    const away = parseDuration(duration) ?? Number.NaN;
    this.#now += away;
    for (const [device, pulse] of this.#pulses) {
      const every = this.#interval(device);
      while (pulse.next <= this.#now) pulse.next += every;
    }
    this.#nextTick = this.#now;
    this.#tick(away);
    return this;
  }

  /** From now on ticks tell this of the service; null: nothing. */
  serviceTells(state: Partial<ServiceState> | null): this {
    this.#service = state === null ? null : { ...WELL, ...state };
    return this;
  }

  /** A patrol has looked at a device's lamps, now or at another time of the day. */
  patrols(device: string, lit: number, how: { seen?: string; validFor?: string } = {}): this {
    const ts = how.seen === undefined ? this.#now : this.#last(how.seen);
    const validFor = parseDuration(how.validFor ?? '1d') ?? Number.NaN;
    const patrol = { device, ts, lit, by: 'Wang', validFor };
    this.#feed({ type: 'change', change: { what: 'patrol', patrol }, by: 'test' });
    return this;
  }

  /** Somebody works on a device, a node or an area, from now on or from another time of the day. */
  maintains(subject: MaintenanceSubject, lasting: string, more: Partial<Maintenance> = {}): this {
    const to = this.#now + (parseDuration(lasting) ?? Number.NaN);
    const about = { id: `work on ${subject.id}`, subject, reason: 'repair', by: 'Li', endedBy: null };
    const maintenance = { ...about, from: this.#now, to, ...more };
    this.#feed({ type: 'change', change: { what: 'maintenance', maintenance }, by: 'test' });
    return this;
  }

  /** The registry's entry of a device changes. */
  changes(device: string, to: Partial<Device>): this {
    this.#put({ ...this.#device(device), ...to });
    return this;
  }

  retires(device: string): this {
    return this.changes(device, { retiredAt: this.#now });
  }

  /** The town's folder changes. */
  town(town: Town): this {
    this.#feed({ type: 'change', change: { what: 'town', town }, by: 'test' });
    return this;
  }

  /** Another rulebook comes into force. @throws TownError when it is wrong */
  rulebook(text: string): this {
    loadRulebook(text, 'rules.yaml', { kinds: KINDS });
    this.#feed({ type: 'change', change: { what: 'rulebook', text, version: versionOf(text) }, by: 'test' });
    return this;
  }

  /** What was found, a line a step: `20:06:00 fired feeder-supply F-1 (held)`. Of these rules only, when any is named. */
  story(...rules: string[]): string[] {
    return this.found
      .filter(({ alert }) => rules.length === 0 || rules.includes(this.#nameOf(alert).split(' ')[0] ?? ''))
      .map(({ at, step, alert, reason }) => `${clockTime(at)} ${step} ${this.#nameOf(alert)} (${reason})`);
  }

  /** The newest step of this sort. @throws Error when there was none */
  last<S extends Transition['step']>(step: S): Step<S> {
    const found = this.found.findLast((transition) => transition.step === step);
    if (found === undefined) throw new Error(`nothing was ${step}: ${this.story().join('; ')}`);
    return found as Step<S>;
  }

  /** `HH:MM:SS` at which the newest alert fired by its samples. */
  firedAt(): string {
    return clockTime(this.last('fired').firedAt);
  }

  /** How things stand for a device, or another subject, by a rule at the newest tick: `breach`, or `idle: no-limit` where a reason is given. */
  verdict(rule: string, device: string): Verdict | string {
    const found = this.engine.book.rules.find(({ id }) => id === rule);
    if (found === undefined) throw new Error(`no rule ${rule}`);
    const [judged] = [...judgementsOf(this.engine, found)].filter(({ subject }) => subject.id === device);
    if (judged === undefined) throw new Error(`${device} is not judged by ${rule}`);
    const { verdict, reason } = judged;
    return reason === null ? verdict : `${verdict}: ${reason}`;
  }

  #feed(record: NewRecord): void {
    const whole = { ...record, at: this.#now, offset: this.records.length + 1 } as JournalRecord;
    this.records.push(whole);
    const before = this.found.length;
    this.engine.feed(whole);
    for (const one of this.found.slice(before))
      if (one.step === 'begun') this.#names.set(one.alert, `${one.rule} ${one.subject.id}`);
  }

  #tick(away: number): void {
    this.#now = this.#nextTick;
    this.#nextTick += TICK;
    this.#feed({ type: 'tick', away, ...(this.#service !== null && { service: this.#service }) });
  }

  #duePulse(): [string, Pulse] | undefined {
    let due: [string, Pulse] | undefined;
    for (const pulse of this.#pulses) if (due === undefined || pulse[1].next < due[1].next) due = pulse;
    return due;
  }

  #beat(device: string, pulse: Pulse): void {
    this.#now = pulse.next;
    pulse.next += this.#interval(device);
    this.#sample(device, this.#now, pulse.values);
  }

  #sample(device: string, ts: number, values: Values, more: { deviceTs?: number } = {}): void {
    const { kind } = this.#device(device);
    this.#feed({ type: 'sample', sample: { device, kind, ts, values, ...more } });
  }

  #put(device: Device): void {
    this.#devices.set(device.id, device);
    this.#feed({ type: 'change', change: { what: 'device', device }, by: 'test' });
  }

  #device(id: string): Device {
    const device = this.#devices.get(id);
    if (device === undefined) throw new Error(`no device ${id}`);
    return device;
  }

  #interval(id: string): number {
    return this.#device(id).reportInterval * 1_000;
  }

  #nameOf(alert: string): string {
    return this.#names.get(alert) ?? alert;
  }

  #next(time: string): number {
    const today = this.#today(time);
    return today < this.#now ? today + DAY : today;
  }

  #last(time: string): number {
    const today = this.#today(time);
    // Five minutes ahead is what a device's clock may be.
    return today > this.#now + 300_000 ? today - DAY : today;
  }

  #today(time: string): number {
    const date = new Date(this.#now + OFFSET).toISOString().slice(0, 10);
    return local(`${date}T${time}`);
  }
}
