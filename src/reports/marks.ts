import type { Store, Table } from '../kernel/store.ts';
import type { Offset } from '../model/record.ts';

/** Width of a bucket of the record, ms. */
export const HOUR_MS = 3_600_000;

/** A row that is about to be written, or something else that a record is made of. */
export interface TouchedRow {
  kind: string;
  device: string;
  ts: number;
  values: Readonly<Record<string, unknown>>;
  /** How long it says something, ms; as long as {@link Watched.reach} says unless given. */
  reach?: number;
}

/** Which rows a record is made of. */
export interface Watched {
  /** What its tables are called by. */
  name: string;
  concerns(row: TouchedRow): boolean;
  /** Whether a device is in service from its first report on. */
  isAuto(device: string): boolean;
  /** How long after its own time a row of a device may still decide, ms. */
  reach(device: string): number;
}

/** Of each hour with marks, the devices that are marked in it. */
export type MarkedHours = Map<number, string[]>;

/** Marks that are looked at in one go: years of imported hours are many more. */
const PAGE = 5_000;

/**
 * Which hours of the record have to be made again, because a row of theirs was written after they were closed: late samples,
 * corrections, imports, and what came again. A mark is durable before the row is.
 */
export class Marks {
  readonly #store: Store;
  /** The history's cursor from which on the row can be read. */
  readonly #marks: Table<[hour: number, device: string], Offset>;
  readonly #firstReports: Table<string, number>;
  readonly #watched: Watched;
  #closed = -Infinity;
  #touched: Offset = 0;
  /** Whether hours were marked by {@link again} since they were last listed. */
  #isDisturbed = false;

  constructor(store: Store, watched: Watched) {
    this.#store = store;
    this.#marks = store.table(`${watched.name}.marks`);
    this.#firstReports = store.table(`${watched.name}.first`);
    this.#watched = watched;
  }

  /** From now on rows before the instant `until` (ms) are marked. Answers from which cursor on all others can be read. */
  close(until: number): Offset {
    this.#closed = Math.max(this.#closed, until);
    return this.#touched;
  }

  /** Takes note of rows that are about to be written; resolves once that is durable. */
  touched(
    {
      inserts,
      replacements,
      findings = [],
    }: Record<'inserts' | 'replacements', readonly TouchedRow[]> & {
      findings?: readonly TouchedRow[];
    },
    cursor: Offset,
  ): Promise<void> | void {
    const marked = new Map<string, [number, string]>();
    const begun = new Map<string, number>();
    const mark = (hour: number, device: string) => marked.set(`${hour} ${device}`, [hour, device]);
    for (const rows of [inserts, replacements, findings]) {
      for (const row of rows) {
        if (!this.#watched.concerns(row)) continue;
        const { device, ts, reach = this.#watched.reach(device) } = row;
        this.#touched = cursor;
        const end = Math.min(this.#closed, ts + reach + 1);
        for (let hour = hourOf(ts); hour < end; hour += HOUR_MS) mark(hour, device);
        if (!this.#watched.isAuto(device)) continue;
        const known = begun.get(device) ?? this.#firstReports.get(device) ?? Infinity;
        if (ts >= known) continue;
        begun.set(device, ts);
        // An earlier first report puts every hour up to the one that was known into service.
        const until = Math.min(this.#closed, known);
        for (let hour = hourOf(ts); hour < until; hour += HOUR_MS) mark(hour, device);
      }
    }
    if (marked.size === 0 && begun.size === 0) return;
    return this.#store.transaction(() => {
      for (const key of marked.values()) this.#marks.put(key, cursor);
      for (const [device, ts] of begun) this.#firstReports.put(device, ts);
    });
  }

  /** Hours from `from` to `to` (ms) have to be made again of these devices, for their rows count otherwise now. Call it in a transaction. */
  again(devices: readonly string[], from: number, to: number): void {
    this.#isDisturbed = true;
    for (let hour = hourOf(from); hour < Math.min(to, this.#closed); hour += HOUR_MS)
      for (const device of devices) {
        const known = this.#marks.get([hour, device]);
        if (known === undefined) this.#marks.put([hour, device], 0);
      }
  }

  /** When a device first reported, ms; null when it has not. */
  firstReport(device: string): number | null {
    return this.#firstReports.get(device) ?? null;
  }

  /** The first of what is marked before the instant `until` (ms) and can be read at `cursor`, by hour; empty when that is all. */
  ready(until: number, cursor: Offset): MarkedHours {
    this.#isDisturbed = false;
    const hours: MarkedHours = new Map();
    let found = 0;
    for (const { key, value: readable } of this.#marks.entries({ end: [until, ''] })) {
      if (readable > cursor) continue;
      const [hour, device] = key;
      const devices = hours.get(hour);
      if (devices === undefined) hours.set(hour, [device]);
      else devices.push(device);
      if (++found === PAGE) break;
    }
    return hours;
  }

  /** Takes marks away whose hour was made again at `cursor`; one that was set anew since stays. */
  clear(hour: number, devices: readonly string[], cursor: Offset): Promise<void> {
    return this.#store.transaction(() => {
      // Whether the hour was made before or after that is not known: it is made once more.
      if (this.#isDisturbed) return;
      for (const device of devices) {
        if ((this.#marks.get([hour, device]) ?? 0) <= cursor) this.#marks.remove([hour, device]);
      }
    });
  }
}

/** The beginning of the hour that an instant lies in, ms. */
export function hourOf(ts: number): number {
  return Math.floor(ts / HOUR_MS) * HOUR_MS;
}
