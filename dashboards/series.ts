import type { Name } from '../src/model/primitives.ts';
import type { SERIES, SeriesName } from '../src/model/series.ts';
import { BAD, GOOD, type Step } from './facts.ts';
import { rate, type Values } from './panels.ts';
import type { Pen } from './pen.ts';
import type { Query } from './query.ts';

/** A field of a series of figures that the history keeps beside the readings. */
export type FieldOf<S extends SeriesName> = keyof (typeof SERIES)[S]['fields'] & string;
/** A group whose lamps or pressure points are counted together. */
type Group = 'town' | 'village' | 'road' | 'feeder' | 'point' | 'zone';

const WARNING = 'yellow';

/** The figures of a rate: the one that is quoted, the interval in which it surely lies, and how much was heard. */
export const FIGURES = {
  reported: { zh: '上报口径', en: 'As reported' },
  low: { zh: '至少', en: 'At least' },
  high: { zh: '至多', en: 'At most' },
  coverage: { zh: '覆盖率', en: 'Coverage' },
} as const satisfies Record<string, Name>;
export const FIGURE_NAMES = Object.entries(FIGURES).map(([id, name]) => ({ id, name }));

/**
 * How the bounds of a rate are coloured against its target: the promise is surely kept when the lower one reaches it, surely
 * broken when the upper one does not, and in between nobody can tell.
 */
export function boundColors(target: number | null): { low: Values; high: Values } {
  const steps = (below: string): Step[] =>
    target === null
      ? []
      : [
          { from: Number.NEGATIVE_INFINITY, color: below },
          { from: target, color: GOOD },
        ];
  return { low: { ...rate(null), steps: steps(WARNING) }, high: { ...rate(null), steps: steps(BAD) } };
}

/** Says how to read a rate's bounds. */
export const INTERVAL: Name = {
  zh: '“至少”绿：确已达标；“至多”红：确未达标；其余为数据不足、无法判定。未上报的不算亮、也不算灭。',
  en: '“At least” in green: surely kept. “At most” in red: surely broken. Otherwise too little was heard to tell: what is not heard of counts neither way.',
};

/** A group's lighting rate as it is now: the newest bucket's figures. */
export function lightingRate(group: Group): Query {
  const figures = LIT.map((name) => `last("${name}") AS "${name}"`);
  return { influxql: `SELECT ${figures.join(', ')} FROM "lighting_rate" WHERE ${of(group)}`, alias: '$col' };
}

/** A group's lighting rate over time, with its bounds. */
export function lightingRates(group: Group): Query {
  const figures = LIT.filter((name) => name !== 'coverage').map((name) => `mean("${name}") AS "${name}"`);
  const select = `SELECT ${figures.join(', ')} FROM "lighting_rate" WHERE ${of(group)}`;
  return { influxql: `${select} GROUP BY time($__interval) fill(null)`, alias: '$col' };
}

/**
 * A group's lighting rate by night, noon to noon, with its bounds: lamps of all buckets together, so that a short night
 * counts as much as its hours.
 */
export function nights(pen: Pen, group: Group): Query {
  const [lit, out, expected, unknown] = LAMPS.map((name) => `sum("${name}")`);
  const figures = [
    `${lit} / (${lit} + ${out}) AS "reported"`,
    `${lit} / ${expected} AS "low"`,
    `(${lit} + ${unknown}) / ${expected} AS "high"`,
  ];
  const select = `SELECT ${figures.join(', ')} FROM "lighting_rate" WHERE ${of(group)} AND "expected" > 0`;
  return { influxql: `${select} GROUP BY time(1d, 12h) fill(none) tz('${pen.facts.town.timeZone}')`, alias: '$col' };
}

/** Pressure compliance over all of the time looked at: samples within bounds, of those that are valid or were due. */
export function compliance(group: Group, rest = ''): Query {
  const [inBounds, valid, expected] = SAMPLES.map((name) => `sum("${name}")`);
  const figures: Record<keyof typeof FIGURES, string> = {
    reported: `${inBounds} / ${valid}`,
    low: `${inBounds} / ${expected}`,
    high: `(${inBounds} + ${expected} - ${valid}) / ${expected}`,
    coverage: `${valid} / ${expected}`,
  };
  const select = Object.entries(figures).map(([name, figure]) => `${figure} AS "${name}"`);
  return {
    influxql: `SELECT ${select.join(', ')} FROM "pressure_compliance" WHERE ${of(group)}${rest}`,
    alias: '$col',
  };
}

/** The quoted figure of pressure compliance over time, a line for each of a group. */
export function compliances(group: Group): Query {
  const [inBounds, valid] = SAMPLES.map((name) => `sum("${name}")`);
  const select = `SELECT ${inBounds} / ${valid} FROM "pressure_compliance" WHERE ${of(group)}`;
  return { influxql: `${select} GROUP BY time($__interval), "id" fill(null)`, alias: '$tag_id' };
}

const LIT = ['reported', 'low', 'high', 'coverage'] as const satisfies FieldOf<'lighting_rate'>[];

const SAMPLES = ['inBounds', 'valid', 'expected'] as const satisfies FieldOf<'pressure_compliance'>[];
const LAMPS = ['lit', 'out', 'expected', 'unknown'] as const satisfies FieldOf<'lighting_rate'>[];

function of(group: Group): string {
  return `$timeFilter AND "group" = '${group}'`;
}
