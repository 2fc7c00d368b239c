/** A field of a series: what its values are, and whether there may be none. */
export interface SeriesField {
  type: 'number' | 'string' | 'boolean';
  unit?: string;
  /** There may be nothing to say: the point then holds null. */
  nullable?: true;
}

/** What a series is made of. */
export interface SeriesShape {
  /** What points of one instant are told apart by, in the order in which they are sorted. */
  tags: readonly string[];
  fields: Readonly<Record<string, SeriesField>>;
  /** What a point stands for: so many ms from its `ts` on; null for an instant. */
  width: number | null;
}

const MINUTE = 60_000;
const COUNT: SeriesField = { type: 'number' };
const RATE: SeriesField = { type: 'number', nullable: true };

/**
 * The figures that are kept beside the readings, each with its name in every store. Numbers are never whole by type: a
 * store keeps them as it keeps readings.
 */
export const SERIES = {
  /** Lamps of a group in the mean of five minutes, and what they come to. By day the rates are null. */
  lighting_rate: {
    tags: ['group', 'id'],
    fields: {
      expected: COUNT,
      lit: COUNT,
      out: COUNT,
      unknown: COUNT,
      low: RATE,
      high: RATE,
      reported: RATE,
      coverage: RATE,
      revision: COUNT,
    },
    width: 5 * MINUTE,
  },
  /** Samples of pressure points within their limits, by hour; `group` is point, zone or town. */
  pressure_compliance: {
    tags: ['group', 'id'],
    fields: {
      valid: COUNT,
      inBounds: COUNT,
      expected: COUNT,
      low: RATE,
      high: RATE,
      rate: RATE,
      coverage: RATE,
      revision: COUNT,
    },
    width: 60 * MINUTE,
  },
  /** The loss ledger as it stood, by kind of device; `all` is the whole, and it alone has the last three. */
  ledger: {
    tags: ['kind'],
    fields: {
      received: COUNT,
      stored: COUNT,
      merged: COUNT,
      duplicate: COUNT,
      rejected: COUNT,
      pending: COUNT,
      lagSeconds: { type: 'number', unit: 's', nullable: true },
      backlogBytes: { type: 'number', unit: 'B', nullable: true },
      journalBytes: { type: 'number', unit: 'B', nullable: true },
    },
    width: null,
  },
  /** Moves of alerts, at the arrival of what decided them; moves of one alert in one ms stand one ms apart. */
  alerts: {
    tags: ['rule', 'subject', 'severity', 'organisation'],
    fields: {
      id: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      reason: { type: 'string' },
      /** 1 while the alert is open after the move. */
      open: COUNT,
    },
    width: null,
  },
} as const satisfies Record<string, SeriesShape>;

export type SeriesName = keyof typeof SERIES;

/** The names of all series. */
export const SERIES_NAMES = Object.keys(SERIES) as SeriesName[];

export type SeriesValue = number | string | boolean | null;

/** A point of a series. (series, tags, ts) is its identity. */
export interface SeriesPoint {
  series: SeriesName;
  /** A value that is not empty for every tag of the series. */
  tags: Readonly<Record<string, string>>;
  /** ms; the beginning of what it stands for. */
  ts: number;
  /** A value for every field of the series. */
  fields: Readonly<Record<string, SeriesValue>>;
}

/** The shape of a series, by its name. */
export function shapeOf(series: SeriesName): SeriesShape {
  return SERIES[series];
}

/** What makes a point one and the same, as text. */
export function identityOf({ series, tags, ts }: Pick<SeriesPoint, 'series' | 'tags' | 'ts'>): string {
  return JSON.stringify([series, ts, ...shapeOf(series).tags.map((tag) => tags[tag])]);
}

/** Points by their series, each identity once: the last one of it. */
export function lastOfEach(points: readonly SeriesPoint[]): Map<SeriesName, SeriesPoint[]> {
  const last = new Map(points.map((point) => [identityOf(point), point]));
  const bySeries = new Map<SeriesName, SeriesPoint[]>();
  for (const point of last.values()) {
    const some = bySeries.get(point.series);
    if (some === undefined) bySeries.set(point.series, [point]);
    else some.push(point);
  }
  return bySeries;
}

/** Below 0 when `a` comes first: by ts, then tag by tag. */
export function byTimeAndTags(
  a: Pick<SeriesPoint, 'series' | 'tags' | 'ts'>,
  b: Pick<SeriesPoint, 'tags' | 'ts'>,
): number {
  if (a.ts !== b.ts) return a.ts - b.ts;
  for (const tag of shapeOf(a.series).tags) {
    const [one, other] = [a.tags[tag] ?? '', b.tags[tag] ?? ''];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
