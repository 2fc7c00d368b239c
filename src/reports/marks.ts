import type { Store, Table } from '../kernel/store.ts';
import type { Offset } from '../model/record.ts';
import { POINT_KIND, PRESSURE, type PressureRow } from './pressure.ts';

/** Width of a bucket of the record, ms. */
export const HOUR_MS = 3_600_000;

/** A row that is about to be written. */
type TouchedRow = PressureRow & { kind: string };

/** Of each hour with marks, the devices that are marked in it. */
export type MarkedHours = Map<number, string[]>;

/**
 * Which hours of the record have to be made again, because a row of theirs was written after they were closed: late samples,
 * corrections, and what came again. A mark is durable before the row is.
 */
export class Marks {
  readonly #store: Store;
  readonly #marks: Table<[number, string], true>;
  readonly #firstReports: Table<string, number>;
  readonly #isAuto: (device: string) => boolean;
  /** By hour and device: the history's cursor from which on the row can be read. */
  readonly #cursors = new Map<string, { hour: number; device: string; cursor: Offset }>();
  #closed = -Infinity;
  #touched: Offset = 0;

  /** `isAuto` tells whether a device is in service from its first report on. */
  constructor(store: Store, isAuto: (device: string) => boolean) {
    this.#store = store;
    this.#marks = store.table('reports.marks');
    this.#firstReports = store.table('reports.first');
    this.#isAuto = isAuto;
    for (const [hour, device] of this.#marks.keys())
      this.#cursors.set(`${hour} ${device}`, { hour, device, cursor: 0 });
  }

  /** From now on rows before the instant `until` (ms) are marked. Answers from which cursor on all others can be read. */
  close(until: number): Offset {
    this.#closed = Math.max(this.#closed, until);
    return this.#touched;
  }

  /** Takes note of rows that are about to be written; resolves once that is durable. */
  touched(
    { inserts, replacements }: { inserts: readonly TouchedRow[]; replacements: readonly TouchedRow[] },
    cursor: Offset,
  ): Promise<void> | void {
    const fresh = new Map<string, [number, string]>();
    const begun = new Map<string, number>();
    for (const rows of [inserts, replacements]) {
      for (const { kind, device, ts, values } of rows) {
        if (kind !== POINT_KIND || values[PRESSURE] === undefined) continue;
        this.#touched = cursor;
        if (ts < this.#closed) this.#mark(hourOf(ts), device, cursor, fresh);
        if (this.#isAuto(device)) this.#begin(device, ts, cursor, begun, fresh);
      }
    }
    if (fresh.size === 0 && begun.size === 0) return;
    return this.#store.transaction(() => {
      for (const key of fresh.values()) this.#marks.put(key, true);
      for (const [device, ts] of begun) this.#firstReports.put(device, ts);
    });
  }

  /** When a device first reported, ms; null when it has not. */
  firstReport(device: string): number | null {
    return this.#firstReports.get(device) ?? null;
  }

  /** What is marked before the instant `until` (ms) and can be read at `cursor`, by hour. */
  ready(until: number, cursor: Offset): MarkedHours {
    const hours: MarkedHours = new Map();
    for (const { hour, device, cursor: readable } of this.#cursors.values()) {
      if (hour >= until || readable > cursor) continue;
      const devices = hours.get(hour);
      if (devices === undefined) hours.set(hour, [device]);
      else devices.push(device);
    }
    return hours;
  }

  /** Takes marks away whose hour was made again at `cursor`; one that was set anew since stays. */
  async clear(hour: number, devices: readonly string[], cursor: Offset): Promise<void> {
    const done = devices.filter((device) => (this.#cursors.get(`${hour} ${device}`)?.cursor ?? 0) <= cursor);
    // Before the disk forgets them, so that one that is set meanwhile is written again.
    for (const device of done) this.#cursors.delete(`${hour} ${device}`);
    await this.#store.transaction(() => {
      for (const device of done) if (!this.#cursors.has(`${hour} ${device}`)) this.#marks.remove([hour, device]);
    });
  }

  #mark(hour: number, device: string, cursor: Offset, fresh: Map<string, [number, string]>): void {
    const key = `${hour} ${device}`;
    if (!this.#cursors.has(key)) fresh.set(key, [hour, device]);
    this.#cursors.set(key, { hour, device, cursor });
  }

  /** An earlier first report puts every hour up to the one that was known into service. */
  #begin(
    device: string,
    ts: number,
    cursor: Offset,
    begun: Map<string, number>,
    fresh: Map<string, [number, string]>,
  ): void {
    const known = begun.get(device) ?? this.#firstReports.get(device) ?? Infinity;
    if (ts >= known) return;
    begun.set(device, ts);
    const until = Math.min(this.#closed, known);
    for (let hour = hourOf(ts); hour < until; hour += HOUR_MS) this.#mark(hour, device, cursor, fresh);
  }
}

/** The beginning of the hour that an instant lies in, ms. */
export function hourOf(ts: number): number {
  return Math.floor(ts / HOUR_MS) * HOUR_MS;
}
