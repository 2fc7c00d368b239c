import type { DuckDBConnection } from '@duckdb/node-api';
import type { Value } from '../../model/sample.ts';
import type { Aggregate, KeptField, ReadingItem, ReadingsQuery } from '../port.ts';
import { columnOf, tableOf } from './schema.ts';
import { Statement } from './statement.ts';

const AGGREGATES: Record<Aggregate, (value: string) => string> = {
  mean: (value) => `avg(${value})`,
  min: (value) => `min(${value})`,
  max: (value) => `max(${value})`,
  count: (value) => `count(${value})`,
};

const GROUPS = { none: "''", device: 'device', area: "coalesce(area, '')" } as const;

/** Answers a query. Values are bound; the only names in the text are those of a kind's table and of its fields. */
export async function readReadings(
  connection: DuckDBConnection,
  query: ReadingsQuery,
  { field, type }: KeptField,
): Promise<ReadingItem[]> {
  const statement = new Statement();
  const { aggregates, bucket, groupBy } = query;
  const column = columnOf(field);
  const source = `FROM ${tableOf(query.kind)} WHERE ${conditions(query, column, statement)}`;
  let select = `SELECT ts, device AS "group", ${column} AS value ${source}`;
  if (bucket !== undefined) {
    const value = type === 'boolean' ? `${column}::INTEGER` : column;
    const columns = [
      `${beginning({ ...bucket, from: query.from }, statement)} AS ts`,
      `${GROUPS[groupBy ?? 'none']} AS "group"`,
      ...aggregates.map((name) => `${AGGREGATES[name](value)} AS "${name}"`),
    ];
    select = `SELECT ${columns.join(', ')} ${source} GROUP BY 1, 2`;
  }
  const { after } = query;
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

function conditions(query: ReadingsQuery, column: string, statement: Statement): string {
  // A page begins where the one before ended, and need not read what lies before that.
  const from = Math.max(query.from, query.after?.ts ?? query.from);
  const all = [`ts >= ${statement.ms(from)}`, `ts < ${statement.ms(query.to)}`, `${column} IS NOT NULL`];
  const among = (name: string, values: readonly string[]) =>
    all.push(values.length === 0 ? 'false' : `${name} IN (${values.map((value) => statement.text(value)).join(', ')})`);
  if (query.devices !== undefined) among('device', query.devices);
  if (query.area !== undefined) among('area', query.area);
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
