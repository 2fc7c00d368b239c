import type { DuckDBConnection } from '@duckdb/node-api';
import type { Value } from '../../model/sample.ts';
import type { Aggregate, KeptField, ReadingItem, ReadingsQuery } from '../port.ts';
import { FIGURES, type Instead, ROLL_UPS } from '../rollups.ts';
import { columnOf, figureOf, rollUpTableOf } from './names.ts';
import { type Places, rowsOf } from './source.ts';
import { Statement } from './statement.ts';

/** Of figures that are put together: those of readings, and those of buckets. */
const AGGREGATES: Record<Aggregate, string> = {
  mean: 'sum(mean * count) / sum(count)',
  min: 'min(min)',
  max: 'max(max)',
  count: 'sum(count)',
};

const GROUPS = { none: "''", device: 'device', area: "coalesce(area, '')" } as const;

/** Answers a query. Values are bound; the only names in the text are those of a kind's tables and of its fields. */
export async function readReadings(
  connection: DuckDBConnection,
  query: ReadingsQuery,
  field: KeptField,
  places: Places,
  instead: Instead | null,
): Promise<ReadingItem[]> {
  const statement = new Statement();
  const { aggregates, bucket, groupBy, after } = query;
  let select: string;
  if (bucket === undefined) select = readingsOf(query, field, places, statement);
  else {
    const columns = [
      `${beginning({ ...bucket, from: query.from }, statement)} AS ts`,
      `${GROUPS[groupBy ?? 'none']} AS "group"`,
      ...aggregates.map((name) => `${AGGREGATES[name]} AS "${name}"`),
    ];
    const figures = instead === null ? [] : [rolledUp(query, field, instead, statement)];
    const source = [figuresOf(query, field, places, instead, statement), ...figures].join(' UNION ALL ');
    select = `SELECT ${columns.join(', ')} FROM (${source}) GROUP BY 1, 2`;
  }
  const later =
    after === undefined ? 'true' : `(ts, "group") > (${statement.ms(after.ts)}, ${statement.text(after.group)})`;
  const text = `SELECT * FROM (${select}) WHERE ${later} ORDER BY ts, "group" LIMIT ${statement.ms(query.limit)}`;
  const rows = (await connection.runAndReadAll(text, statement.values)).getRowObjectsJS();
  return rows.map((row) => {
    const item = { ts: Number(row.ts), group: row.group as string };
    if (bucket === undefined) return { ...item, value: row.value as Value };
    return { ...item, aggregates: Object.fromEntries(aggregates.map((name) => [name, Number(row[name])])) };
  });
}

/** The readings that are asked for, one by one. */
function readingsOf(query: ReadingsQuery, { field }: KeptField, places: Places, statement: Statement): string {
  const column = columnOf(field);
  const where = conditions(query, `${column} IS NOT NULL`, statement);
  return `SELECT ts, device AS "group", ${column} AS value FROM ${rowsOf(places, query.kind, query)} WHERE ${where}`;
}

/** The readings that go into buckets, each as the figures of a bucket of its own. */
function figuresOf(
  query: ReadingsQuery,
  { field, type }: KeptField,
  places: Places,
  instead: Instead | null,
  statement: Statement,
): string {
  const column = columnOf(field);
  const from = Math.max(query.from, instead?.until ?? -Infinity);
  const value = type === 'boolean' ? `${column}::INTEGER` : column;
  const where = conditions({ ...query, from }, `${column} IS NOT NULL`, statement);
  const figures = `${value} AS mean, ${value} AS min, ${value} AS max, 1 AS count`;
  return `SELECT ts, device, area, ${figures} FROM ${rowsOf(places, query.kind, { ...query, from })} WHERE ${where}`;
}

/** Buckets of a roll-up that overlap the period, where the readings are gone. */
function rolledUp(
  query: ReadingsQuery,
  { field }: KeptField,
  { rollUp, until }: Instead,
  statement: Statement,
): string {
  const [mean, min, max, count] = FIGURES.map((figure) => figureOf(field, figure));
  const span = { from: query.from - ROLL_UPS[rollUp] + 1, to: Math.min(query.to, until) };
  const where = conditions({ ...query, ...span }, `${count} > 0`, statement);
  const figures = `${mean} AS mean, ${min} AS min, ${max} AS max, ${count} AS count`;
  return `SELECT ts, device, area, ${figures} FROM ${rollUpTableOf(query.kind, rollUp)} WHERE ${where}`;
}

function conditions(query: ReadingsQuery, isThere: string, statement: Statement): string {
  // A page begins where the one before ended, and need not read what lies before that.
  const from = Math.max(query.from, query.after?.ts ?? query.from);
  const all = [`ts >= ${statement.ms(from)}`, `ts < ${statement.ms(query.to)}`, isThere];
  if (query.devices !== undefined) all.push(statement.among('device', query.devices));
  if (query.area !== undefined) all.push(statement.among('area', query.area));
  return all.join(' AND ');
}

/** The beginning of the bucket that a reading falls into. */
function beginning(
  { from, width, origin }: { from: number; width: number; origin: number },
  statement: Statement,
): string {
  // Counted from a beginning at or before every reading asked for: integer division rounds towards zero.
  const first = statement.ms(origin + Math.floor((from - origin) / width) * width);
  const wide = statement.ms(width);
  return `${first} + (ts - ${first}) // ${wide} * ${wide}`;
}
