import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { rollUpOf } from '../src/history/rollups.ts';
import type { Pen } from './pen.ts';

/** Where every board reads: the datasource that `provisioning/` makes. */
export const SOURCE = { type: 'influxdb', uid: 'townpulse' } as const;

/** A query, before its panel gives it a letter. */
export interface Query {
  influxql: string;
  /** What its series are called: words, or `$tag_device`, `$col`. */
  alias?: string;
}

/** A target as Grafana's InfluxDB datasource keeps it when its editor is in text mode. */
interface InfluxTarget extends Dataquery {
  refId: string;
  datasource: typeof SOURCE;
  query: string;
  rawQuery: true;
  resultFormat: 'time_series' | 'table';
  alias?: string;
}

/** A panel's query; the SDK has builders for other datasources only. */
export class InfluxQuery implements Builder<Dataquery> {
  readonly #target: InfluxTarget;

  constructor({ influxql, alias }: Query, refId: string, resultFormat: InfluxTarget['resultFormat']) {
    const target = { refId, datasource: SOURCE, query: influxql, rawQuery: true as const, resultFormat };
    this.#target = {
      ...target,
      ...(alias === undefined ? {} : { alias }),
      _implementsDataqueryVariant: () => undefined,
    };
  }

  build(): Dataquery {
    return this.#target;
  }
}

/** Tags of a reading; what a board lets its reader choose is among them. */
export const CHOICES = ['area', 'road', 'device'] as const;
export type Choice = (typeof CHOICES)[number];

/**
 * The condition of a query: the time that the reader looks at, and what he chose. Grafana writes a choice as a regular
 * expression with every special letter escaped, `(a|b)` for several, `.*` for all: that is the one form that is safe, and
 * the only one that also finds readings without the tag.
 */
export function chosen(choices: readonly Choice[] = CHOICES): string {
  return ['$timeFilter', ...choices.map((tag) => `"${tag}" =~ /^$${tag}$/`)].join(' AND ');
}

/** Lists what there is to choose, within what is chosen already. */
export function valuesOf(tag: Choice, measurements: readonly string[], within: readonly Choice[]): string {
  const where = within.map((choice) => `"${choice}" =~ /^$${choice}$/`).join(' AND ');
  const from = measurements.map((name) => `"${name}"`).join(', ');
  return `SHOW TAG VALUES FROM ${from} WITH KEY = "${tag}"${where === '' ? '' : ` WHERE ${where}`}`;
}

/** How several values become one. */
type Reducer = 'mean' | 'min' | 'max' | 'sum' | 'count' | 'spread' | 'last';

/** A field over time, a line for each value of a tag; where nothing was said there is no value. */
export function lines(kind: string, field: string, by: Choice, how: Reducer = 'mean', within = chosen()): Query {
  return {
    influxql: `SELECT ${how}("${field}") FROM "${kind}" WHERE ${within} GROUP BY time($__interval), "${by}" fill(null)`,
    alias: `$tag_${by}`,
  };
}

/** Each device's newest of a field, summed over time for each value of a tag. */
export function sums(kind: string, field: string, by: Choice, within = chosen()): Query {
  const each = `SELECT last("${field}") AS "newest" FROM "${kind}" WHERE ${within} GROUP BY time($__interval), "device", "${by}" fill(null)`;
  return {
    influxql: `SELECT sum("newest") FROM (${each}) WHERE $timeFilter GROUP BY time($__interval), "${by}" fill(null)`,
    alias: `$tag_${by}`,
  };
}

/** One figure of every device's newest value of a field. */
export function newest(kind: string, field: string, how: Reducer, within = chosen()): string {
  const each = `SELECT last("${field}") AS "newest" FROM "${kind}" WHERE ${within} GROUP BY "device"`;
  return `SELECT ${how}("newest") FROM (${each}) WHERE $timeFilter`;
}

/** A table's row for each device: the newest of the first field, and what was said with it. */
export function newestRows(kind: string, [first, ...others]: readonly string[], within = chosen()): string {
  const columns = [`last("${first}") AS "${first}"`, ...['area', ...others].map((name) => `"${name}"`)];
  return `SELECT ${columns.join(', ')} FROM "${kind}" WHERE ${within} GROUP BY "device"`;
}

/** Of every kind, when its newest reading arrived (ms). */
export function newestOfKinds(pen: Pen): Query[] {
  return [...pen.facts.kinds.values()].map(({ id, name }) => ({
    influxql: `SELECT last("receivedAt") FROM "${id}" WHERE $timeFilter`,
    alias: pen.say(name),
  }));
}

/** A figure of each day, from the roll-ups: they are there for the years in which the readings themselves are gone. */
export function days(
  pen: Pen,
  kind: string,
  field: string,
  by: Choice,
  how: 'mean' | 'min' | 'max',
  within = chosen(),
): Query {
  const select = `SELECT ${how}("${field}_${how}") FROM "${rollUpOf(kind, '1d')}" WHERE ${within}`;
  return {
    influxql: `${select} GROUP BY time($__interval), "${by}" fill(null) tz('${pen.facts.town.timeZone}')`,
    alias: `$tag_${by}`,
  };
}
