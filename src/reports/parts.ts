import type { Device } from '../model/device.ts';
import type { Offset } from '../model/record.ts';
import type { SeriesPoint } from '../model/series.ts';
import type { Stretch } from '../model/stretch.ts';
import type { PressureRow } from './pressure.ts';

/** The registry, as far as reports ask it. */
export interface PointBook {
  /** Every device of a kind that ever was, in the order of the ids. */
  list(filter: { kind: string }): Device[];
  /** The device as it was at `ts` (ms). */
  at(id: string, ts: number): Device | undefined;
  between(id: string, from: number, to: number): Stretch[];
}

/** Which rows or points are read: `from` inclusive, `to` exclusive, ms. */
interface Page {
  from: number;
  to: number;
  limit: number;
}

/** The readings, as far as reports read them. */
export interface RowBook {
  /** Ascending by ts, then device. */
  rows(
    query: Page & { kind: string; devices?: readonly string[]; after?: { ts: number; device: string } },
  ): Promise<PressureRow[]>;
}

/** The series that reports write and read. */
export interface SeriesBook {
  keep(points: readonly SeriesPoint[]): Promise<void>;
  series(
    query: Page & { series: 'pressure_compliance'; after?: Pick<SeriesPoint, 'ts' | 'tags'> },
  ): Promise<SeriesPoint[]>;
  seriesSums(query: {
    series: 'pressure_compliance';
    by: string;
    fields: readonly string[];
    where: Readonly<Record<string, readonly string[]>>;
    from: number;
    to: number;
  }): Promise<{ key: string; sums: Readonly<Record<string, number>> }[]>;
}

/** How far the history is. */
export interface HistoryProgress {
  cursor: Offset;
  /** Arrival (ms) of the oldest sample that is not in it; null when there is none. */
  waitingSince: number | null;
}

const PAGE = 10_000;

/** Every row of a kind in a time, by device. */
export async function rowsByDevice(
  book: RowBook,
  query: { kind: string; devices?: readonly string[]; from: number; to: number },
): Promise<Map<string, PressureRow[]>> {
  const byDevice = new Map<string, PressureRow[]>();
  for (let after: { ts: number; device: string } | undefined; ; ) {
    const page = await book.rows({ ...query, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const row of page) {
      const rows = byDevice.get(row.device);
      if (rows === undefined) byDevice.set(row.device, [row]);
      else rows.push(row);
    }
    after = page.at(-1);
    if (page.length < PAGE) return byDevice;
  }
}

/** Every point of the record in a time. */
export async function pointsBetween(book: SeriesBook, from: number, to: number): Promise<SeriesPoint[]> {
  const points: SeriesPoint[] = [];
  for (;;) {
    const after = points.at(-1);
    const query = { series: 'pressure_compliance' as const, from, to, limit: PAGE };
    const page = await book.series(after === undefined ? query : { ...query, after });
    points.push(...page);
    if (page.length < PAGE) return points;
  }
}
