import {
  byTimeAndTags,
  identityOf,
  lastOfEach,
  SERIES_NAMES,
  type SeriesName,
  type SeriesPoint,
  type SeriesValue,
  shapeOf,
} from '../../model/series.ts';
import type { CountsBeside, SeriesQuery, SeriesSelection, SeriesSums, SeriesSumsQuery } from '../port.ts';
import { seriesBodies } from './lines.ts';
import { EVENTS } from './names.ts';
import type { InfluxServer } from './server.ts';
import { Statement } from './statement.ts';

/** Statements of one request, at most. */
const STATEMENTS = 200;

/**
 * Takes points. InfluxDB lays a point over the one that is there, field by field, and cannot say null: what a point takes
 * back is taken away before.
 */
export async function keepPoints(server: InfluxServer, points: readonly SeriesPoint[]): Promise<void> {
  const all: SeriesPoint[] = [];
  for (const [series, some] of lastOfEach(points)) {
    await takeAway(server, series, some);
    all.push(...some);
  }
  await server.write(seriesBodies(all), 'ms');
}

/** Answers a query; every name and value in it is bound. */
export async function readSeries(server: InfluxServer, query: SeriesQuery): Promise<SeriesPoint[]> {
  const { from, to, after, limit } = query;
  if (limit < 1 || isNone(query)) return [];
  // InfluxQL orders by time alone: the rest of the last page's instant is read whole, and the last instant of this page too.
  const isWithin = after !== undefined && after.ts >= from && after.ts < to;
  const begun = isWithin ? await readBetween(server, query, after.ts, after.ts + 1) : [];
  const found = begun.filter((point) => after === undefined || byTimeAndTags(point, after) > 0);
  const left = limit - found.length;
  if (left > 0) {
    const next = await readBetween(server, query, after === undefined ? from : Math.max(from, after.ts + 1), to, left);
    const last = next.at(-1);
    if (next.length < left || last === undefined) found.push(...next);
    else {
      found.push(...next.filter(({ ts }) => ts < last.ts));
      found.push(...(await readBetween(server, query, last.ts, last.ts + 1)));
    }
  }
  return found.sort(byTimeAndTags).slice(0, limit);
}

/** Adds up fields by a tag. */
export async function sumSeries(server: InfluxServer, query: SeriesSumsQuery): Promise<SeriesSums[]> {
  if (isNone(query)) return [];
  const statement = new Statement();
  const sums = query.fields.map((field) => `sum(${statement.name(field)})`).join(', ');
  const source = sourceOf(query, statement, query.from, query.to);
  statement.add(`SELECT ${sums} ${source} GROUP BY ${statement.name(query.by)}`);
  const [series = []] = await server.query(statement);
  return series
    .map(({ tags = {}, values }) => ({
      key: tags[query.by] ?? '',
      sums: Object.fromEntries(query.fields.map((field, index) => [field, Number(values[0]?.[index + 1] ?? 0)])),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** How many events there are from an instant (ms) on, and how many points of each series. */
export async function countBeside(server: InfluxServer, from: number): Promise<CountsBeside> {
  const statement = new Statement();
  // A field that every point has.
  const always = (series: SeriesName) =>
    Object.entries(shapeOf(series).fields).find(([, { nullable }]) => nullable !== true)?.[0] ?? '';
  const names = ['events', ...SERIES_NAMES] as const;
  for (const name of names) {
    const [measurement, field] = name === 'events' ? [EVENTS, 'by'] : [name, always(name)];
    statement.add(
      `SELECT count(${statement.name(field)}) FROM ${statement.name(measurement)} WHERE time >= ${statement.instant(from)}`,
    );
  }
  const answers = await server.query(statement);
  const counts = names.map((name, index) => [name, Number(answers[index]?.[0]?.values[0]?.[1] ?? 0)]);
  return Object.fromEntries(counts) as CountsBeside;
}

/** Deletes what stands under the identities of `points` and says something that they do not. */
async function takeAway(server: InfluxServer, series: SeriesName, points: readonly SeriesPoint[]): Promise<void> {
  // A point of the first revision has nothing before it that said more.
  const wanting = points.filter(({ fields }) => fields.revision !== 1 && Object.values(fields).includes(null));
  if (wanting.length === 0) return;
  const instants = wanting.map(({ ts }) => ts);
  const from = instants.reduce((least, ts) => Math.min(least, ts));
  const to = instants.reduce((most, ts) => Math.max(most, ts)) + 1;
  const standing = new Map<string, SeriesPoint>();
  for (const point of await readBetween(server, { series, from, to }, from, to)) {
    standing.set(identityOf(point), point);
  }
  const outlived = wanting.filter((point) => {
    const said = standing.get(identityOf(point))?.fields ?? {};
    return Object.entries(point.fields).some(([field, value]) => value === null && (said[field] ?? null) !== null);
  });
  for (let start = 0; start < outlived.length; start += STATEMENTS) {
    const statement = new Statement();
    for (const { ts, tags } of outlived.slice(start, start + STATEMENTS)) {
      const same = Object.entries(tags).map(([tag, value]) => `${statement.name(tag)} = ${statement.value(value)}`);
      const at = `time >= ${statement.instant(ts)} AND time <= ${statement.instant(ts)}`;
      statement.add(`DELETE FROM ${statement.name(series)} WHERE ${[at, ...same].join(' AND ')}`);
    }
    await server.query(statement);
  }
}

/** Points of a time, by time alone; `limit` of them at most. */
async function readBetween(
  server: InfluxServer,
  selection: SeriesSelection,
  from: number,
  to: number,
  limit?: number,
): Promise<SeriesPoint[]> {
  const { series } = selection;
  const { tags, fields } = shapeOf(series);
  const names = [...Object.keys(fields), ...tags];
  const statement = new Statement();
  const source = sourceOf(selection, statement, from, to);
  const atMost = limit === undefined ? '' : ` LIMIT ${statement.number(limit)}`;
  statement.add(`SELECT ${names.map((name) => statement.name(name)).join(', ')} ${source}${atMost}`);
  const [found = []] = await server.query(statement);
  return found.flatMap(({ values }) =>
    values.map(([ts, ...cells]) => {
      const cell = new Map(names.map((name, index) => [name, cells[index] ?? null]));
      return {
        series,
        ts: ts as number,
        tags: Object.fromEntries(tags.map((tag) => [tag, cell.get(tag) as string])),
        fields: Object.fromEntries(Object.keys(fields).map((field) => [field, cell.get(field) as SeriesValue])),
      };
    }),
  );
}

function isNone({ where = {} }: SeriesSelection): boolean {
  return Object.values(where).some((values) => values.length === 0);
}

function sourceOf({ series, where = {} }: SeriesSelection, statement: Statement, from: number, to: number): string {
  const all = [`time >= ${statement.instant(from)}`, `time < ${statement.instant(to)}`];
  for (const [tag, values] of Object.entries(where)) all.push(statement.among(tag, values));
  return `FROM ${statement.name(series)} WHERE ${all.join(' AND ')}`;
}
