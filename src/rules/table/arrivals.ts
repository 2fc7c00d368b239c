import type { Device } from '../../model/device.ts';
import type { NewRecord } from '../../model/record.ts';
import type { Value } from '../../model/sample.ts';
import type { Series } from './series.ts';

/** A record and when it comes, ms. */
export interface Arrival {
  at: number;
  record: NewRecord;
}

/** What one device sends; times in ms. */
export interface ReadReport {
  device: Device;
  series: ReadonlyMap<string, Series>;
  from: number;
  every: number;
  late: number;
  arrive: number | null;
  times: number;
  replaced: boolean;
  /** When the last of those that end arrives. */
  last: number;
}

/** The samples of a report, up to the end of the test. */
export function arrivalsOf(report: ReadReport, to: number): Arrival[] {
  const { device, series, from, every, late, arrive, times, replaced } = report;
  const all = [...series];
  const length = all.some(([, { rest }]) => rest === undefined)
    ? Math.max(...all.filter(([, { rest }]) => rest === undefined).map(([, { cells }]) => cells.length))
    : Number.POSITIVE_INFINITY;
  const arrivals: Arrival[] = [];
  for (let index = 0; index < length; index++) {
    const ts = from + index * every;
    if (length === Number.POSITIVE_INFINITY && ts > (arrive ?? to)) break;
    const values: Record<string, Value> = {};
    for (const [name, { cells, rest }] of all) {
      const value = index < cells.length ? cells[index] : rest;
      if (value !== undefined && value !== null) values[name] = value;
    }
    if (Object.keys(values).length === 0) continue;
    const sample = { device: device.id, kind: device.kind, ts, values, ...(replaced ? { deviceTs: 0 } : {}) };
    for (let time = 0; time < times; time++)
      arrivals.push({ at: Math.max(ts, arrive ?? ts + late), record: { type: 'sample', sample } });
  }
  return arrivals;
}
