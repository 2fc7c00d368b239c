import type { Device } from '../model/device.ts';
import type { Exclusion } from '../model/exclusion.ts';
import type { SeriesPoint } from '../model/series.ts';
import { partedBy } from './exclusions.ts';
import type { Hours } from './hourly.ts';
import { HOUR_MS, type Marks, type Watched } from './marks.ts';
import { type PointBook, pointsBetween, type RowBook, rowsByDevice, type SeriesBook } from './parts.ts';
import { addCount, countPoint, POINT_KIND, PRESSURE, type PressureCount, ratesOf } from './pressure.ts';

/** What hours of pressure compliance are made from. */
export interface PressureParts {
  town: string;
  marks: Pick<Marks, 'firstReport'>;
  points: PointBook;
  exclusions: { inForce(): readonly Exclusion[] };
  history: RowBook & SeriesBook;
}

/** Which rows the record of pressure compliance is made of; `isAuto` as {@link Watched}. */
export function watchedPressures(isAuto: Watched['isAuto']): Watched {
  const concerns: Watched['concerns'] = ({ kind, values }) => kind === POINT_KIND && values[PRESSURE] !== undefined;
  return { name: 'reports', concerns, isAuto, reach: () => 0 };
}

/**
 * The record of pressure compliance: hours of points, zones and the town, as points of the series `pressure_compliance`.
 * - `revision` goes up exactly when the figures of an hour change.
 * - A point's hour counts for the zone that it hung from when the hour began.
 */
export class PressureHours implements Hours {
  readonly name = 'pressure';
  readonly title = 'the record of pressure compliance';
  readonly #parts: PressureParts;

  constructor(parts: PressureParts) {
    this.#parts = parts;
  }

  devices(): Device[] {
    return this.#parts.points.list({ kind: POINT_KIND });
  }

  async remake(hour: number, some: readonly string[] | null): Promise<void> {
    const { points, exclusions, history, marks, town } = this.#parts;
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
      const { counted } = partedBy(exclusions.inForce(), points.between(id, hour, hour + HOUR_MS));
      counts.set(id, countPoint(counted, rows.get(id) ?? [], Infinity, marks.firstReport(id)));
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
