import type { KindCounts } from '../../src/history/port.ts';
import type { Sample, SampleFlag, Value } from '../../src/model/sample.ts';

/** A row as P6 says it must be. */
export interface ModelRow {
  values: Record<string, Value>;
  flags: Set<SampleFlag>;
}

/** P6 in its plainest form: a map of rows, and counts; one sample after the other, no batches, no look-ups. */
export class HistoryModel {
  readonly rows = new Map<string, ModelRow>();
  readonly counts: KindCounts = { stored: 0, merged: 0, duplicate: 0, rejected: 0 };
  readonly #newest = new Map<string, number>();

  take({ device, ts, values, deviceTs, assigned }: Sample): void {
    const key = `${device} ${ts}`;
    const newest = this.#newest.get(device) ?? -Infinity;
    this.#newest.set(device, Math.max(ts, newest));
    const row = this.rows.get(key) ?? { values: {}, flags: new Set<SampleFlag>() };
    const exists = this.rows.has(key);
    const unlike = Object.keys(values).filter((field) => row.values[field] !== values[field]);
    const recognisable = deviceTs === undefined && assigned === undefined;
    if (exists && unlike.length === 0 && recognisable) {
      this.counts.duplicate++;
      return;
    }
    this.counts.stored++;
    if (exists) this.counts.merged++;
    if (ts < newest) row.flags.add('late');
    if (deviceTs !== undefined) row.flags.add('clock');
    if (unlike.some((field) => row.values[field] !== undefined)) row.flags.add('correction');
    Object.assign(row.values, values);
    this.rows.set(key, row);
  }
}
