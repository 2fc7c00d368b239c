import fc from 'fast-check';
import type { Device } from '../../../src/model/device.ts';
import type { JournalRecord, NewRecord } from '../../../src/model/record.ts';
import type { Sample, Value } from '../../../src/model/sample.ts';
import { Sun } from '../../../src/model/sun.ts';
import { Town } from '../../../src/model/town.ts';
import { versionOf } from '../../../src/rules/rulebook.ts';
import { local } from '../support/timeline.ts';
import { TOWN } from '../support/town.ts';
import { type Act, acts, CHANGES, type Make, make, seconds } from './acts.ts';
import { rulebooks } from './books.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A device's clock may be so far ahead and behind before the gate gives its samples their arrival as their time, ms. */
const AHEAD = 5 * MINUTE;
const BEHIND = 30 * 24 * HOUR;

/** A random town's journal, and before which of its records the engine is stopped and started, or only saved. */
export interface RandomTown {
  records: readonly JournalRecord[];
  restarts: readonly number[];
  saves: readonly number[];
}

const SUN = new Sun(TOWN.location);
const LATER: Town = Town.parse({
  ...TOWN,
  roads: [
    { id: 'avenue', name: { zh: '大道', en: 'Avenue' }, class: 'secondary', switching: { dusk: '20m', dawn: '-10m' } },
    { id: 'lane', name: { zh: '巷', en: 'Lane' }, class: 'main' },
  ],
});

/** A device in its surroundings: what it measures, and what becomes of its messages. */
interface Actor {
  device: Device;
  /** Seconds after the full interval. */
  phase: number;
  hasSupply: boolean;
  isMute: boolean;
  isBurning: boolean;
  /** What it says of each field, between bad (0) and good (1). */
  levels: Record<string, number>;
  isFrozen: boolean;
  /** Its lamps go on and off from report to report. */
  isCycling: boolean;
  /** What its counter stood at in the beginning. */
  volume: number;
  total: number | null;
  omits: string | null;
  clockAhead: number;
  /** While it is off the network: what it still measures, what waits, and how it is sent in the end; null while it is on it. */
  upload: { left: number[]; waiting: Sample[]; order: string; isTwice: boolean } | null;
  sent: Sample[];
}

/** Nothing is wrong with it. */
const SOUND = {
  hasSupply: true,
  isMute: false,
  isBurning: false,
  isFrozen: false,
  isCycling: false,
  total: null,
  omits: null,
  clockAhead: 0,
};

/** Lets a town live through a list of acts. */
class Life {
  readonly records: JournalRecord[] = [];
  readonly restarts: number[] = [];
  readonly saves: number[] = [];
  readonly #actors: Actor[] = [];
  /** To whom something was done, the last at the end. */
  readonly #troubled: Actor[][] = [];
  readonly #start: number;
  readonly #cadence: number;
  #now: number;
  #nextTick: number;
  /** The rulebook of the beginning: it may come back. */
  #firstBook = '[]';

  constructor(start: number, cadence: number) {
    this.#start = start;
    this.#cadence = cadence;
    this.#now = start;
    this.#nextTick = start;
  }

  begin(makes: readonly Make[], book: string): void {
    this.#firstBook = book;
    this.#put({ type: 'change', change: { what: 'town', town: TOWN }, by: 'test' });
    this.#reload(book);
    for (const one of makes) this.#register(one);
  }

  /** `ticks` ticks pass, with what the devices send meanwhile. */
  pass(ticks: number): void {
    for (let left = ticks; left > 0; left--) {
      const until = this.#nextTick;
      const due = this.#actors.flatMap((actor) => {
        const every = actor.device.reportInterval * 1_000;
        const first = Math.ceil((this.#now + 1 - actor.phase) / every) * every + actor.phase;
        const found: { at: number; actor: Actor }[] = [];
        for (let at = first; at <= until; at += every) found.push({ at, actor });
        return found;
      });
      for (const { at, actor } of due.sort((a, b) => a.at - b.at)) {
        this.#now = at;
        this.#speak(actor);
      }
      this.#tick(0);
    }
  }

  do(one: Act): void {
    const actor = 'which' in one ? this.#actors[one.which % Math.max(1, this.#actors.length)] : undefined;
    if (one.act === 'feeder') {
      const hit = this.#actors.filter(({ device }) => device.parent === one.node);
      for (const each of hit) each.hasSupply = one.isThere;
      this.#troubled.push(hit);
    } else if (one.act === 'network') {
      const hit = this.#actors.filter(({ device }) => device.parent === one.node);
      for (const each of hit) each.isMute = one.isMute;
      this.#troubled.push(hit);
    } else if (one.act === 'lamps') {
      for (const each of this.#actors) each.levels.lampsLit = one.level;
      this.#troubled.push(this.#actors.slice());
    } else if (one.act === 'mend') this.#mend(this.#troubled.splice(-1 - one.back, 1)[0] ?? []);
    else if (one.act === 'register') this.#register(one.make);
    else if (one.act === 'reload') this.#reload(one.text ?? this.#firstBook);
    else if (one.act === 'town')
      this.#put({ type: 'change', change: { what: 'town', town: one.isLater ? LATER : TOWN }, by: 'test' });
    else if (one.act === 'away') {
      this.#now += one.minutes * MINUTE;
      this.#nextTick = this.#now;
      this.#tick(one.minutes * MINUTE);
    } else if (one.act === 'restart') this.restarts.push(this.records.length);
    else if (one.act === 'save') this.saves.push(this.records.length);
    else if (actor !== undefined) this.#doTo(actor, one);
  }

  /** All is well with them again. */
  #mend(actors: readonly Actor[]): void {
    for (const actor of actors) Object.assign(actor, { ...SOUND, levels: {} });
  }

  #doTo(actor: Actor, one: Act): void {
    const { device } = actor;
    this.#troubled.push([actor]);
    if (one.act === 'says') actor.levels[one.field] = one.level;
    else if (one.act === 'supply') actor.hasSupply = one.isThere;
    else if (one.act === 'mute') actor.isMute = one.isMute;
    else if (one.act === 'burn') actor.isBurning = one.isBurning;
    else if (one.act === 'cycle') actor.isCycling = one.isCycling;
    else if (one.act === 'frozen') actor.isFrozen = true;
    else if (one.act === 'volume') actor.volume = Math.max(0, actor.volume + one.by);
    else if (one.act === 'total') actor.total = one.total;
    else if (one.act === 'partial') actor.omits = one.omits;
    else if (one.act === 'clock') actor.clockAhead = one.ahead;
    else if (one.act === 'upload')
      actor.upload ??= { left: [...one.levels], waiting: [], order: one.order, isTwice: one.isTwice };
    else if (one.act === 'again') this.#arrive(actor, ...actor.sent.slice(-one.count));
    else if (one.act === 'older') {
      const { lampsLit = 0, ...values } = this.#measured(actor, one.level);
      this.#arrive(actor, {
        device: device.id,
        kind: device.kind,
        ts: this.#now - one.by,
        values: { lampsLit, ...values },
      });
    } else if (one.act === 'amend') this.#change(actor, this.#dated(CHANGES[one.change] as Partial<Device>));
    else if (one.act === 'retire') {
      if (device.retiredAt === null) this.#change(actor, { retiredAt: this.#now });
    } else if (one.act === 'patrol') {
      const patrol = {
        device: device.id,
        ts: this.#now - one.ago * MINUTE,
        lit: one.lit,
        by: 'Wang',
        validFor: one.hours * HOUR,
      };
      if (device.kind === 'lighting-controller')
        this.#put({ type: 'change', change: { what: 'patrol', patrol }, by: 'test' });
    } else if (one.act === 'maintain') {
      const id = one.what === 'area' ? device.area : one.what === 'parent' ? (device.parent ?? 'F-1') : device.id;
      const from = this.#now + one.from * MINUTE;
      const window = {
        id: `${one.what} ${id}`,
        subject: { type: one.what, id },
        reason: 'repair',
        by: 'Li',
        endedBy: null,
      };
      const maintenance = { ...window, from, to: from + one.minutes * MINUTE };
      this.#put({ type: 'change', change: { what: 'maintenance', maintenance }, by: 'test' });
    }
  }

  #register(one: Make): void {
    const made = one(`D-${this.#actors.length + 1}`);
    const device = { ...made, ...this.#dated(made) };
    this.#put({ type: 'change', change: { what: 'device', device }, by: 'test' });
    this.#actors.push({
      ...{ device, phase: ((this.#actors.length * 17) % 59) * 1_000, ...SOUND },
      ...{ levels: {}, volume: 1_000, upload: null, sent: [] },
    });
  }

  /** Service from or to so many minutes after the beginning. */
  #dated(device: Partial<Device>): Partial<Device> {
    const { inService: span } = device;
    if (typeof span !== 'object') return device;
    const [from, to] = [span.from, span.to].map((minutes) =>
      minutes === null ? null : this.#start + minutes * MINUTE,
    );
    return { ...device, inService: { from: from ?? null, to: to ?? null } };
  }

  #change(actor: Actor, to: Partial<Device>): void {
    actor.device = { ...actor.device, ...to };
    this.#put({ type: 'change', change: { what: 'device', device: actor.device }, by: 'test' });
  }

  #reload(text: string): void {
    this.#put({ type: 'change', change: { what: 'rulebook', text, version: versionOf(text) }, by: 'test' });
  }

  #speak(actor: Actor): void {
    const { device, isMute, upload, clockAhead } = actor;
    // A circuit that is switched off by day, or dead, lets nobody speak who hangs from it alone.
    const isOff = device.power === 'switched' && (!actor.hasSupply || !SUN.isDown(this.#now));
    if (isMute || isOff) return;
    const values = this.#measured(actor, upload?.left.shift());
    const sample = { device: device.id, kind: device.kind, ts: this.#now + clockAhead, values };
    if (upload === null) return this.#arrive(actor, sample);
    upload.waiting.push(sample);
    if (upload.left.length > 0) return;
    actor.upload = null;
    const { waiting, order } = upload;
    const ordered = order === 'reversed' ? waiting.reverse() : order === 'mixed' ? mixed(waiting) : waiting;
    this.#arrive(actor, ...ordered, ...(upload.isTwice ? ordered : []));
  }

  /** It counts up by two cubic metres an hour. */
  #volumeOf({ volume }: Actor): number {
    return volume + ((this.#now - this.#start) / HOUR) * 2;
  }

  #measured(actor: Actor, level?: number): Record<string, Value> {
    const { device, hasSupply, isBurning, isFrozen, isCycling, levels, total, omits } = actor;
    const at = (field: string) => level ?? levels[field] ?? 1;
    const all = Number(device.attributes.lamps ?? 0);
    const isSupplied = hasSupply && level !== 0;
    const isOff = isCycling && actor.sent.length % 2 === 0;
    const isLit = isSupplied && !isOff && (SUN.isDown(this.#now) || isBurning);
    // Water is never still, but where a sensor is stuck.
    const ripple = isFrozen ? 0 : (Math.floor(this.#now / MINUTE) % 3) * 0.002;
    const values: Record<string, Value> =
      device.kind === 'lighting-controller'
        ? { voltage: isSupplied ? 230 : 0, lampsLit: isLit ? Math.round(all * at('lampsLit')) : 0 }
        : device.kind === 'water-pressure'
          ? { pressure: ([0.1, 0.145, 0.3][Math.round(at('pressure') * 2)] as number) + ripple, battery: 90 }
          : { leak: [30, 22, 0][Math.round(at('leak') * 2)] as number, volume: this.#volumeOf(actor), battery: 90 };
    if (device.kind === 'lighting-controller' && total !== null) values.lampsTotal = total;
    if (omits !== null) delete values[omits];
    return Object.keys(values).length === 0 ? { battery: 90 } : values;
  }

  #arrive(actor: Actor, ...samples: Sample[]): void {
    if (actor.device.retiredAt !== null) return;
    for (const sample of samples) {
      const isOutside = sample.ts > this.#now + AHEAD || sample.ts < this.#now - BEHIND;
      const taken = isOutside ? { ...sample, ts: this.#now, deviceTs: sample.ts } : sample;
      this.#put({ type: 'sample', sample: taken });
      if (!isOutside) actor.sent.push(sample);
    }
  }

  #tick(away: number): void {
    this.#now = this.#nextTick;
    this.#nextTick += this.#cadence;
    this.#put({ type: 'tick', away });
  }

  #put(record: NewRecord): void {
    this.records.push({ ...record, at: this.#now, offset: this.records.length + 1 } as JournalRecord);
  }
}

function mixed<T>(list: readonly T[]): T[] {
  return [...list.filter((_, index) => index % 2 === 1), ...list.filter((_, index) => index % 2 === 0)];
}

/** The sun sets at 17:00 and rises at 6:45. */
const STARTS = ['15:50', '16:50', '19:00', '23:20', '06:10', '10:00'].map((time) => local(`2026-11-22T${time}`));

/** Small towns of one to four feeders and three to thirty devices, and what befalls them. */
export const randomTowns: fc.Arbitrary<RandomTown> = fc
  .record({
    start: fc.constantFrom(...STARTS),
    cadence: seconds(20, 60, 60, 120).map((one) => one * 1_000),
    makes: fc.oneof(
      { weight: 5, arbitrary: fc.array(make, { minLength: 3, maxLength: 8 }) },
      { weight: 1, arbitrary: fc.array(make, { minLength: 8, maxLength: 30 }) },
    ),
    book: rulebooks,
    story: fc.array(fc.tuple(fc.constantFrom(0, 1, 1, 2, 5, 8), acts), { minLength: 10, maxLength: 26 }),
  })
  .map(({ start, cadence, makes, book, story }) => {
    const life = new Life(start, cadence);
    life.begin(makes, book);
    life.pass(5);
    for (const [ticks, one] of story) {
      life.do(one);
      life.pass(ticks);
    }
    life.pass(10);
    const { records, restarts, saves } = life;
    return { records, restarts, saves };
  });
