import { type Placed, placeTimes } from '../../../src/decode/time.ts';
import type { HistoryBatch, HistoryRow, RowsQuery } from '../../../src/history/port.ts';
import type { Device } from '../../../src/model/device.ts';
import type { Sample } from '../../../src/model/sample.ts';
import type { Town } from '../../../src/model/town.ts';
import { MemoryHistory } from '../../history/memory.ts';
import { nightOf, type PlainHours, type PlainLamps, type PlainReport, plannedAt, townTime } from './plain-lamps.ts';
import { concentrator, TOWN } from './town.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** The last noon of the year before, and a day into the one after. */
export const START = townTime('2027-12-31T12:00');
export const END = townTime('2029-01-02T06:00');
const INTERVAL = 15 * MINUTE;
/** What the gate lets through, ms. */
const WINDOW = { maxAge: 30 * DAY, maxAhead: 5 * MINUTE };

const TIMETABLE = [
  { date: '2027-12-01', on: '17:30', off: '06:50' },
  { date: '2028-03-01', on: '18:20', off: '06:05' },
  { date: '2028-05-01', on: '19:10', off: '05:05' },
  { date: '2028-08-15', on: '18:50', off: '05:25' },
  { date: '2028-10-15', on: '17:40', off: '06:10' },
];
const SUN: PlainHours = { sun: [118.4, 33.9], dusk: 10 * MINUTE, dawn: -5 * MINUTE };
const PUBLISHED: PlainHours = { days: TIMETABLE };

/** The avenue follows the sun: on ten minutes after it has set, off five minutes before it rises. The lane has a timetable. */
export const LAMP_TOWN: Town = {
  ...TOWN,
  roads: TOWN.roads.map((road) => ({
    ...road,
    switching: road.id === 'avenue' ? { dusk: 10 * MINUTE, dawn: -5 * MINUTE } : { timetable: 'lane' },
  })),
  timetables: [{ id: 'lane', days: TIMETABLE }],
};

/** A device of that year: as the registry has it, as somebody with a pencil has it, and what went wrong with it. */
interface YearDevice {
  device: Device;
  plain: PlainLamps;
  /** Lamps that are dark, from noon to noon. */
  dark?: { from: string; to: string; lamps: number };
  silent?: { from: string; to: string };
  /** Its clock is off by so much, ms; meanwhile it sees one lamp less. */
  leaps?: readonly { from: string; to: string; by: number }[];
}

const onLane = { road: 'lane', parent: 'F-2' };
const lamps = (count: number, more: Device['attributes'] = {}) => ({
  reportInterval: INTERVAL / 1_000,
  attributes: { lamps: count, ...more },
});

export const YEAR_DEVICES: readonly YearDevice[] = [
  {
    device: concentrator('A', lamps(12)),
    plain: { hours: SUN, lamps: 12 },
    dark: { from: '2028-03-03', to: '2028-03-17', lamps: 2 },
  },
  {
    device: concentrator('B', lamps(8, { plan: 'half-night', planUntil: '00:30', planLamps: 3 })),
    plain: { hours: SUN, lamps: 8, half: { at: '00:30', lamps: 3 } },
    silent: { from: '2028-07-01', to: '2028-07-04' },
  },
  // Every other one of seven: four.
  { device: concentrator('C', lamps(7, { plan: 'alternate' })), plain: { hours: SUN, lamps: 4 } },
  {
    device: concentrator('D', lamps(6, { plan: 'one-side', planLamps: 2 })),
    plain: { hours: SUN, lamps: 2 },
    leaps: [
      // As a clock that has lost its battery: the gate gives its samples their arrival.
      { from: '2028-06-10T20:00', to: '2028-06-12T02:00', by: -58 * 365 * DAY },
      { from: '2028-08-07T12:00', to: '2028-08-14T12:00', by: 4 * MINUTE },
      // An hour is told twice, and then one is missing.
      { from: '2028-10-05T22:00', to: '2028-10-06T00:00', by: -HOUR },
    ],
  },
  {
    device: concentrator('E', { ...lamps(5), inService: { from: townTime('2028-04-15T00:00'), to: null } }),
    plain: { hours: SUN, lamps: 5, from: townTime('2028-04-15T00:00') },
  },
  { device: concentrator('F', { ...onLane, ...lamps(10) }), plain: { hours: PUBLISHED, lamps: 10 } },
  {
    device: concentrator('G', { ...onLane, ...lamps(8, { plan: 'half-night', planUntil: '01:00', planLamps: 3 }) }),
    plain: { hours: PUBLISHED, lamps: 8, half: { at: '01:00', lamps: 3 } },
  },
];

/** All that a device said in that year, in the order in which it came. */
export function reportsOf({ plain, dark, silent, leaps = [] }: YearDevice, offset: number): (PlainReport & Placed)[] {
  const reports: (PlainReport & Placed)[] = [];
  const isIn = (at: number, period: { from: string; to: string } | undefined) =>
    period !== undefined && at >= noonOr(period.from) && at < noonOr(period.to);
  let night = { date: '', on: 0, off: 0 };
  for (let at = START + offset; at < END; at += INTERVAL) {
    if (isIn(at, silent)) continue;
    // The night that begins or began around this noon.
    const date = new Date(at - 12 * HOUR + 8 * HOUR).toISOString().slice(0, 10);
    if (date !== night.date) night = { date, ...nightOf(plain.hours, date) };
    const planned = at >= night.on && at < night.off ? plannedAt(plain, date, at) : 0;
    const leap = leaps.find((one) => isIn(at, one));
    const missing = (isIn(at, dark) ? (dark?.lamps ?? 0) : 0) + (leap === undefined ? 0 : 1);
    const [placed] = placeTimes([{ sent: at + (leap?.by ?? 0) }], at, WINDOW, null);
    const { ts, deviceTs } = placed as Placed;
    const isReplaced = deviceTs !== undefined;
    reports.push({ at, ts, lit: Math.max(0, planned - missing), ...(isReplaced && { deviceTs, isReplaced }) });
  }
  return reports;
}

/** A report as a sample. */
export function sampleOf({ id, kind }: Device, { ts, lit, deviceTs }: PlainReport & Placed): Sample {
  return { device: id, kind, ts, values: { lampsLit: lit }, ...(deviceTs !== undefined && { deviceTs }) };
}

/** What counts in the end: of two with the same time the one that came last; and none whose time is not its own. */
export function inTheEnd(reports: readonly PlainReport[]): PlainReport[] {
  const byTime = new Map(reports.flatMap((report) => (report.isReplaced === true ? [] : [[report.ts, report]])));
  return [...byTime.values()].sort((a, b) => a.ts - b.ts);
}

/** What counts at the time when it comes: what is newer than all before, from its arrival on. */
export function asItCame(reports: readonly PlainReport[]): PlainReport[] {
  let newest = -Infinity;
  return reports.flatMap((report) => {
    if (report.ts <= newest) return [];
    newest = report.ts;
    return [{ ...report, ts: report.at }];
  });
}

/** A history of the newest days, which is quick to ask for hours of them. */
export class NewestDays extends MemoryHistory {
  readonly #hours = new Map<number, Map<string, HistoryRow>>();

  override async commit(batch: HistoryBatch): Promise<void> {
    await super.commit(batch);
    this.offered.length = 0;
    for (const row of [...batch.inserts, ...batch.replacements]) {
      const hour = Math.floor(row.ts / HOUR);
      const rows = this.#hours.get(hour) ?? new Map<string, HistoryRow>();
      this.#hours.set(hour, rows);
      rows.set(`${row.device} ${row.ts}`, row);
    }
    for (const [hour, rows] of this.#hours) {
      if (this.#hours.size <= 72) break;
      for (const row of rows.values()) this.table.delete(`${row.kind} ${row.device} ${row.ts}`);
      this.#hours.delete(hour);
    }
  }

  override async rows({ kind, from, to, limit, after }: RowsQuery): Promise<HistoryRow[]> {
    const found: HistoryRow[] = [];
    for (let hour = Math.floor(from / HOUR); hour * HOUR < to; hour++)
      found.push(...(this.#hours.get(hour)?.values() ?? []));
    const order = (a: { ts: number; device: string }, b: { ts: number; device: string }) =>
      a.ts - b.ts || (a.device < b.device ? -1 : a.device > b.device ? 1 : 0);
    return found
      .filter(
        (row) => row.kind === kind && row.ts >= from && row.ts < to && (after === undefined || order(row, after) > 0),
      )
      .sort(order)
      .slice(0, limit);
  }
}

function noonOr(date: string): number {
  return townTime(date.includes('T') ? date : `${date}T12:00`);
}
