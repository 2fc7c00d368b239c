import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { Rounds } from '../kernel/rounds.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { Device } from '../model/device.ts';
import { HOUR_MS, hourOf, type Marks } from './marks.ts';
import type { HistoryProgress, PointBook } from './parts.ts';

/** What a record is made of, hour by hour. */
export interface Hours {
  /** What its place is called by on the disk. */
  readonly name: string;
  /** What it is called in the log. */
  readonly title: string;
  /** Every device whose samples it is made of, also of those that are retired. */
  devices(): Device[];
  /** Makes an hour anew, of some devices or of all (null), and of what they belong to; keeps what changed. */
  remake(hour: number, some: readonly string[] | null): Promise<void>;
}

/** What making the record stands on. */
export interface RecordParts {
  hours: Hours;
  store: Store;
  marks: Marks;
  points: Pick<PointBook, 'between'>;
  progress(): HistoryProgress;
  /** The town's. */
  clock: Clock;
  realClock: Clock;
  log: Logger;
}

/** An hour is not waited for longer than this, however seldom points report, ms. */
const LONGEST_WAIT = 3 * HOUR_MS;

/**
 * Makes a record hour by hour, at a pace of its own.
 * - An hour is made from the history's rows and the registry's dated values, and from nothing else that the order of arrival
 *   could change: so late, corrected and repeated samples come to the same record.
 * - An hour is made when its samples had time to arrive, and again when one of its rows is written later.
 */
export class HourlyRecord {
  readonly #parts: RecordParts;
  readonly #place: Table<string, number>;
  readonly #rounds: Rounds;
  #made: number;
  /** The hour that is being closed, and the cursor from which on its rows can be read. */
  #closing: { hour: number; cursor: number } | null = null;

  constructor(parts: RecordParts) {
    this.#parts = parts;
    this.#place = parts.store.table('reports.place');
    // Where the record begins must not move with the clock.
    const begin = hourOf(Math.min(parts.clock.now(), this.#firstRegistration()));
    this.#made = this.#place.get(parts.hours.name) ?? begin;
    parts.marks.close(this.#made);
    const { title } = parts.hours;
    const words = { fails: `${title} waits for the history`, works: `${title} goes on` };
    this.#rounds = new Rounds({ name: 'record', words, round: () => this.#make() }, parts.realClock, parts.log);
  }

  /** Every hour before it is in the record, ms. */
  madeUntil(): number {
    return this.#made;
  }

  start(): void {
    this.#rounds.start();
  }

  /** Makes what is to be made; resolves when it is through with that, or could not go on. */
  make(): Promise<void> {
    return this.#rounds.run();
  }

  /** Nothing is taken for made until the answer is called: a copy of the history, and after it of this machine, agree. */
  hold(): () => void {
    return this.#rounds.hold();
  }

  /** Makes no more; a call that hangs is not waited for. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #make(): Promise<void> {
    for (let more = true; more && this.#rounds.isFree; ) {
      more = await this.#remakeMarked();
      while (this.#rounds.isFree && (await this.#makeNext()));
    }
  }

  /** Makes the first of the marked hours again; false when there was none. */
  async #remakeMarked(): Promise<boolean> {
    const { hours, marks, progress } = this.#parts;
    const { cursor } = progress();
    const ready = marks.ready(this.#made, cursor);
    for (const [hour, devices] of ready) {
      if (!this.#rounds.isFree) break;
      await hours.remake(hour, devices);
      if (this.#rounds.isFree) await marks.clear(hour, devices, cursor);
    }
    return ready.size > 0;
  }

  /** Makes the first hour that is not made yet. False when there is none whose samples are all there. */
  async #makeNext(): Promise<boolean> {
    const { hours, clock, progress, marks, store } = this.#parts;
    const devices = hours.devices();
    const hour = this.#made;
    const intervals = devices.filter(({ retiredAt }) => retiredAt === null).map((device) => device.reportInterval);
    const wait = Math.min(LONGEST_WAIT, Math.max(0, ...intervals) * 1_000);
    const settled = Math.min(clock.now(), progress().waitingSince ?? Infinity);
    if (hour + HOUR_MS + wait > settled) return false;
    if (this.#closing?.hour !== hour) this.#closing = { hour, cursor: marks.close(hour + HOUR_MS) };
    if (this.#closing.cursor > progress().cursor) return false;
    if (devices.length > 0) await hours.remake(hour, null);
    if (!this.#rounds.isFree) return false;
    await store.transaction(() => this.#place.put(hours.name, hour + HOUR_MS));
    this.#made = hour + HOUR_MS;
    return true;
  }

  /** When the first of its devices was registered, ms; for ever away while there is none. */
  #firstRegistration(): number {
    const { hours, points } = this.#parts;
    const instants = hours.devices().map(({ id }) => {
      const stretches = points.between(id, -Infinity, Infinity);
      return stretches.find(({ isRegistered }) => isRegistered)?.from ?? Infinity;
    });
    return instants.reduce((first, one) => Math.min(first, one), Infinity);
  }
}
