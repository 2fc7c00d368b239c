import { atMost, type Clock, type Timer } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { SeriesPoint } from '../model/series.ts';
import { HOUR_MS, hourOf, type Marks } from './marks.ts';
import {
  type HistoryProgress,
  type PointBook,
  pointsBetween,
  type RowBook,
  rowsByDevice,
  type SeriesBook,
} from './parts.ts';
import { addCount, countPoint, POINT_KIND, type PressureCount, ratesOf } from './pressure.ts';

/** What the record stands on. */
export interface RecordParts {
  town: string;
  store: Store;
  marks: Marks;
  points: PointBook;
  history: RowBook & SeriesBook;
  progress(): HistoryProgress;
  /** The town's. */
  clock: Clock;
  realClock: Clock;
  log: Logger;
}

/** Real ms between two looks at what is to be made. */
const PACE = 5_000;
/** An hour is not waited for longer than this, however seldom points report, ms. */
const LONGEST_WAIT = 3 * HOUR_MS;
/** Real ms that a call under way is waited for at a stop. */
const PATIENCE = 2_000;

/**
 * The record of pressure compliance: hours of points, zones and the town, as points of the series `pressure_compliance`.
 * - An hour is made from the history's rows and the registry's dated values, and from nothing else: so late, corrected and
 *   repeated samples come to the same record in whatever order they arrive.
 * - `revision` goes up exactly when the figures of an hour change.
 * - An hour is made when its samples had time to arrive, and again when one of its rows is written later.
 * - A point's hour counts for the zone that it hung from when the hour began.
 */
export class PressureRecord {
  readonly #parts: RecordParts;
  readonly #place: Table<string, number>;
  readonly #timers: Timer[] = [];
  #made: number;
  #round: Promise<void> | null = null;
  /** The hour that is being closed, and the cursor from which on its rows can be read. */
  #closing: { hour: number; cursor: number } | null = null;
  #holders = 0;
  #isDown = false;
  #stopped = false;

  constructor(parts: RecordParts) {
    this.#parts = parts;
    this.#place = parts.store.table('reports.place');
    // Where the record begins must not move with the clock.
    const begin = hourOf(Math.min(parts.clock.now(), this.#firstRegistration()));
    this.#made = this.#place.get('pressure') ?? begin;
    parts.marks.close(this.#made);
  }

  /** Every hour before it is in the record, ms. */
  madeUntil(): number {
    return this.#made;
  }

  start(): void {
    this.#timers.push(this.#parts.realClock.every('compliance', PACE, () => void this.make()));
  }

  /** Makes what is to be made; resolves when it is through with that, or could not go on. */
  make(): Promise<void> {
    this.#round ??= this.#make().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  /** Nothing is taken for made until the answer is called: a copy of the history, and after it of this machine, agree. */
  hold(): () => void {
    this.#holders++;
    return () => {
      this.#holders--;
    };
  }

  /** Makes no more; a call that hangs is not waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) timer.stop();
    if (this.#round !== null) await atMost(this.#parts.realClock, 'compliance stops', PATIENCE, this.#round);
  }

  async #make(): Promise<void> {
    try {
      for (let more = true; more && this.#isFree; ) {
        more = await this.#remakeMarked();
        while (this.#isFree && (await this.#makeNext()));
      }
      if (this.#isDown) this.#parts.log.info({}, 'the record of pressure compliance goes on');
      this.#isDown = false;
    } catch (error) {
      if (!this.#isDown && !this.#stopped)
        this.#parts.log.warn({ error: messageOf(error) }, 'the record of pressure compliance waits for the history');
      this.#isDown = true;
    }
  }

  /** Makes the first of the marked hours again; false when there was none. */
  async #remakeMarked(): Promise<boolean> {
    const { marks, progress } = this.#parts;
    const { cursor } = progress();
    const hours = marks.ready(this.#made, cursor);
    for (const [hour, devices] of hours) {
      if (!this.#isFree) break;
      await this.#remake(hour, devices);
      if (this.#isFree) await marks.clear(hour, devices, cursor);
    }
    return hours.size > 0;
  }

  /** Makes the first hour that is not made yet. False when there is none whose samples are all there. */
  async #makeNext(): Promise<boolean> {
    const { points, clock, progress, marks, store } = this.#parts;
    const devices = points.list({ kind: POINT_KIND });
    const hour = this.#made;
    const intervals = devices.filter(({ retiredAt }) => retiredAt === null).map((device) => device.reportInterval);
    const wait = Math.min(LONGEST_WAIT, Math.max(0, ...intervals) * 1_000);
    const settled = Math.min(clock.now(), progress().waitingSince ?? Infinity);
    if (hour + HOUR_MS + wait > settled) return false;
    if (this.#closing?.hour !== hour) this.#closing = { hour, cursor: marks.close(hour + HOUR_MS) };
    if (this.#closing.cursor > progress().cursor) return false;
    if (devices.length > 0) await this.#remake(hour, null);
    if (!this.#isFree) return false;
    await store.transaction(() => this.#place.put('pressure', hour + HOUR_MS));
    this.#made = hour + HOUR_MS;
    return true;
  }

  /** When the first point was registered, ms; for ever away while there is none. */
  #firstRegistration(): number {
    const { points } = this.#parts;
    const instants = points.list({ kind: POINT_KIND }).map(({ id }) => {
      const stretches = points.between(id, -Infinity, Infinity);
      return stretches.find(({ isRegistered }) => isRegistered)?.from ?? Infinity;
    });
    return instants.reduce((first, one) => Math.min(first, one), Infinity);
  }

  /** Makes an hour of some points, or of all (null), and of what they belong to; keeps what changed. */
  async #remake(hour: number, some: readonly string[] | null): Promise<void> {
    const { points, history, marks, town } = this.#parts;
    const standing = await pointsBetween(history, hour, hour + HOUR_MS);
    const before = new Map(standing.map((point) => [`${point.tags.group} ${point.tags.id}`, point]));
    const ids = some ?? points.list({ kind: POINT_KIND }).map(({ id }) => id);
    const asked = { kind: POINT_KIND, from: hour, to: hour + HOUR_MS };
    const rows = await rowsByDevice(history, some === null ? asked : { ...asked, devices: some });
    const counts = new Map<string, PressureCount>();
    for (const { tags, fields } of standing) {
      if (tags.group === 'point' && tags.id !== undefined) counts.set(tags.id, countOf(fields));
    }
    for (const id of ids) {
      const stretches = points.between(id, hour, hour + HOUR_MS);
      counts.set(id, countPoint(stretches, rows.get(id) ?? [], Infinity, marks.firstReport(id)));
    }
    const groups = new Map<string, PressureCount>();
    for (const [id, count] of counts) {
      const zone = points.at(id, hour)?.parent ?? null;
      for (const key of [`point ${id}`, ...(zone === null ? [] : [`zone ${zone}`]), `town ${town}`]) {
        const sum = groups.get(key) ?? { valid: 0, inBounds: 0, expected: 0 };
        groups.set(key, sum);
        addCount(sum, count);
      }
    }
    const changed = [...groups].flatMap(([key, count]) => changedPoint(key, hour, count, before.get(key)) ?? []);
    if (changed.length > 0) await history.keep(changed);
  }

  get #isFree(): boolean {
    return this.#holders === 0 && !this.#stopped;
  }
}

/** The point of a count, with the revision that follows `before`; null when it says nothing new. */
function changedPoint(
  key: string,
  ts: number,
  count: PressureCount,
  before: SeriesPoint | undefined,
): SeriesPoint | null {
  if (before === undefined && count.expected === 0) return null;
  const [group = '', id = ''] = key.split(' ');
  const known = before === undefined ? null : countOf(before.fields);
  const isSame = known?.valid === count.valid && known.inBounds === count.inBounds && known.expected === count.expected;
  if (isSame) return null;
  const revision = Number(before?.fields.revision ?? 0) + 1;
  const { valid, inBounds, expected } = count;
  const fields = { valid, inBounds, expected, ...ratesOf(count), revision };
  return { series: 'pressure_compliance', tags: { group, id }, ts, fields };
}

function countOf({ valid, inBounds, expected }: SeriesPoint['fields']): PressureCount {
  return { valid: Number(valid), inBounds: Number(inBounds), expected: Number(expected) };
}
