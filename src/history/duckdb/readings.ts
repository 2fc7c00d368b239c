import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Value } from '../../model/sample.ts';
import type { Aggregate, ReadingItem, ReadingsQuery } from '../port.ts';
import { columnOf, tableOf } from './schema.ts';

const AGGREGATES: Record<Aggregate, (column: string) => string> = {
  mean: (column) => `avg(${column})`,
  min: (column) => `min(${column})`,
  max: (column) => `max(${column})`,
  count: (column) => `count(${column})`,
};

/** Answers a query. Values are bound; the only names in the text are those of the kind and its field. */
export async function readReadings(
  connection: DuckDBConnection,
  query: ReadingsQuery,
  boolean: boolean,
): Promise<ReadingItem[]> {
  const bound: DuckDBValue[] = [];
  const bind = (value: DuckDBValue) => `$${bound.push(value)}`;
  const number = (value: number) => bind(BigInt(Math.trunc(value)));
  const column = columnOf(query.metric);
  const group = query.groupBy === undefined ? "''" : query.groupBy;
  const where = [`ts >= ${number(query.from)}`, `ts < ${number(query.to)}`, `${column} IS NOT NULL`];
  if (query.area !== undefined) where.push(`area = ${bind(query.area)}`);
  if (query.devices !== undefined)
    where.push(query.devices.length === 0 ? 'false' : `device IN (${query.devices.map(bind).join(', ')})`);

  const { bucket } = query;
  const source = `FROM ${tableOf(query.kind)} WHERE ${where.join(' AND ')}`;
  const number01 = boolean ? `${column}::INTEGER` : column;
  const select =
    bucket === undefined
      ? `SELECT ts, device AS grp, ${column} AS value ${source}`
      : `SELECT ${number(bucket.origin)} + ((ts - ${number(bucket.origin)}) // ${number(bucket.width)}) * ${number(bucket.width)} AS ts, ${group} AS grp, ${query.aggregates
          .map((name) => `${AGGREGATES[name](number01)} AS ${name}`)
          .join(', ')} ${source} GROUP BY 1, 2`;
  const after =
    query.after === undefined ? '' : `WHERE (ts, grp) > (${number(query.after.ts)}, ${bind(query.after.group)})`;
  const text = `SELECT * FROM (${select}) ${after} ORDER BY ts, grp LIMIT ${number(query.limit)}`;
  const rows = (await connection.runAndReadAll(text, bound)).getRowObjectsJS();
  return rows.map((row) => {
    const item = { ts: Number(row.ts), group: String(row.grp ?? '') };
    if (bucket === undefined) return { ...item, value: row.value as Value };
    return { ...item, aggregates: Object.fromEntries(query.aggregates.map((name) => [name, Number(row[name])])) };
  });
}
