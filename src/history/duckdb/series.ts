import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { DuckDBDataChunk } from '@duckdb/node-api';
import {
  lastOfEach,
  SERIES_NAMES,
  type SeriesField,
  type SeriesName,
  type SeriesPoint,
  type SeriesValue,
  shapeOf,
} from '../../model/series.ts';
import type { CountsBeside, SeriesQuery, SeriesSelection, SeriesSums, SeriesSumsQuery } from '../port.ts';
import { quoted } from './names.ts';
import { withAppender } from './rows.ts';
import { Statement } from './statement.ts';

/** Points of a chunk: the most that DuckDB takes in one. */
const CHUNK = 2_048;

const COLUMN_TYPES: Record<SeriesField['type'], string> = { number: 'DOUBLE', string: 'VARCHAR', boolean: 'BOOLEAN' };

/** Makes the tables of all series, and on this connection the places where points are put before they are taken. */
export async function bringSeries(connection: DuckDBConnection): Promise<void> {
  for (const series of SERIES_NAMES) {
    const { fields } = shapeOf(series);
    const columns = [...keyColumns(series).map(([name, type]) => `${name} ${type} NOT NULL`), ...fieldColumns(series)];
    await connection.run(`CREATE TABLE IF NOT EXISTS ${tableOf(series)} (${columns.join(', ')})`);
    for (const [field, { type }] of Object.entries(fields)) {
      const column = `${quoted(field)} ${COLUMN_TYPES[type]}`;
      await connection.run(`ALTER TABLE ${tableOf(series)} ADD COLUMN IF NOT EXISTS ${column}`);
    }
    await connection.run(`CREATE TEMP TABLE ${quoted(stagingOf(series))} (${columns.join(', ')})`);
  }
}

/** Takes points, all or none; the connection is used by nobody else meanwhile. */
export async function keepPoints(connection: DuckDBConnection, points: readonly SeriesPoint[]): Promise<void> {
  await connection.run('BEGIN TRANSACTION');
  try {
    for (const [series, some] of lastOfEach(points)) await replacePoints(connection, series, some);
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Answers a query; values are bound, the only names in the text are those of the series. */
export async function readSeries(connection: DuckDBConnection, query: SeriesQuery): Promise<SeriesPoint[]> {
  const { series, after, limit } = query;
  const { tags, fields } = shapeOf(series);
  const statement = new Statement();
  const conditions = [conditionsOf(query, statement)];
  const order = ['ts', ...tags.map(quoted)].join(', ');
  if (after !== undefined) {
    const key = [statement.ms(after.ts), ...tags.map((tag) => statement.text(after.tags[tag] ?? ''))];
    conditions.push(`(${order}) > (${key.join(', ')})`);
  }
  const columns = [order, ...Object.keys(fields).map(quoted)].join(', ');
  const text = `SELECT ${columns} FROM ${tableOf(series)} WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${statement.ms(limit)}`;
  const rows = (await connection.runAndReadAll(text, statement.values)).getRowsJS();
  return rows.map(([ts, ...cells]) => ({
    series,
    ts: Number(ts),
    tags: Object.fromEntries(tags.map((tag, index) => [tag, cells[index] as string])),
    fields: Object.fromEntries(
      Object.keys(fields).map((field, index) => [field, cells[tags.length + index] as SeriesValue]),
    ),
  }));
}

/** Adds up fields by a tag. */
export async function sumSeries(connection: DuckDBConnection, query: SeriesSumsQuery): Promise<SeriesSums[]> {
  const statement = new Statement();
  const sums = query.fields.map((field) => `coalesce(sum(${quoted(field)}), 0)`);
  const text = `SELECT ${[quoted(query.by), ...sums].join(', ')} FROM ${tableOf(query.series)} WHERE ${conditionsOf(query, statement)} GROUP BY 1 ORDER BY 1`;
  const rows = (await connection.runAndReadAll(text, statement.values)).getRowsJS();
  return rows.map(([key, ...cells]) => ({
    key: key as string,
    sums: Object.fromEntries(query.fields.map((field, index) => [field, Number(cells[index])])),
  }));
}

/** How many events there are from an instant (ms) on, and how many points of each series. */
export async function countBeside(connection: DuckDBConnection, from: number): Promise<CountsBeside> {
  const since = BigInt(Math.trunc(from));
  const sources = [['events', '"at"', 'events'], ...SERIES_NAMES.map((name) => [name, 'ts', tableOf(name)])];
  const counts = sources.map(([name, at, table]) => `SELECT '${name}', count(*) FROM ${table} WHERE ${at} >= $1`);
  const rows = (await connection.runAndReadAll(counts.join(' UNION ALL '), [since])).getRowsJS();
  return Object.fromEntries(rows.map(([name, count]) => [name, Number(count)])) as CountsBeside;
}

async function replacePoints(
  connection: DuckDBConnection,
  series: SeriesName,
  points: readonly SeriesPoint[],
): Promise<void> {
  const { tags, fields } = shapeOf(series);
  const [table, staged] = [tableOf(series), quoted(stagingOf(series))];
  const names = ['ts', ...[...tags, ...Object.keys(fields)].map(quoted)].join(', ');
  let from = Infinity;
  let to = -Infinity;
  for (const { ts } of points) {
    from = Math.min(from, ts);
    to = Math.max(to, ts);
  }
  await connection.run(`DELETE FROM ${staged}`);
  await withAppender(await connection.createAppender(stagingOf(series), 'main', 'temp'), (appender) => {
    const cells = cellsOf(series);
    const chunk = DuckDBDataChunk.create(cells.map((_, index) => appender.columnType(index)));
    for (let start = 0; start < points.length; start += CHUNK) {
      const some = points.slice(start, start + CHUNK);
      chunk.reset();
      chunk.rowCount = some.length;
      for (const [index, cell] of cells.entries()) chunk.setColumnValues(index, some.map(cell));
      appender.appendDataChunk(chunk);
    }
  });
  const same = ['ts', ...tags.map(quoted)].map((name) => `t.${name} = s.${name}`).join(' AND ');
  const span = [BigInt(from), BigInt(to)];
  await connection.run(`DELETE FROM ${table} t USING ${staged} s WHERE ${same} AND t.ts BETWEEN $1 AND $2`, span);
  await connection.run(`INSERT INTO ${table} (${names}) SELECT ${names} FROM ${staged}`);
}

function conditionsOf({ where = {}, from, to }: SeriesSelection, statement: Statement): string {
  const all = [`ts >= ${statement.ms(from)}`, `ts < ${statement.ms(to)}`];
  for (const [tag, values] of Object.entries(where)) all.push(statement.among(quoted(tag), values));
  return all.join(' AND ');
}

function tableOf(series: SeriesName): string {
  return quoted(`series:${series}`);
}

/** Points are put there, to be compared with what stands in the table in one go. */
function stagingOf(series: SeriesName): string {
  return `staged:${series}`;
}

function keyColumns(series: SeriesName): [name: string, type: string][] {
  return [['ts', 'BIGINT'], ...shapeOf(series).tags.map((tag): [string, string] => [quoted(tag), 'VARCHAR'])];
}

function fieldColumns(series: SeriesName): string[] {
  return Object.entries(shapeOf(series).fields).map(([field, { type }]) => `${quoted(field)} ${COLUMN_TYPES[type]}`);
}

function cellsOf(series: SeriesName): ((point: SeriesPoint) => DuckDBValue)[] {
  const { tags, fields } = shapeOf(series);
  return [
    ({ ts }) => BigInt(ts),
    ...tags.map((tag) => (point: SeriesPoint) => point.tags[tag] ?? null),
    ...Object.keys(fields).map((field) => (point: SeriesPoint) => point.fields[field] ?? null),
  ];
}
