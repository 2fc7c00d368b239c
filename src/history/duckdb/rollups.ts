import type { DuckDBConnection } from '@duckdb/node-api';
import type { Identity, KeptField, KeptFields } from '../port.ts';
import {
  beginningOf,
  DAY,
  endedOf,
  FIGURES,
  NOTHING_ROLLED_UP,
  nextPiece,
  ROLL_UP_NAMES,
  ROLL_UPS,
  type RollUp,
  SAME_MEAN,
  type Span,
} from '../rollups.ts';
import { columnOf, figureOf, rollUpTableOf } from './names.ts';
import { withAppender } from './rows.ts';
import { type Places, rowsOf } from './source.ts';

/** Devices of one day that are rolled up again at a time. */
const DEVICES = 100;
/** What tells the series of a bucket from others, besides its device: as they were at the readings' time. */
const TAGS = ['area', 'road', 'organisation'];

/** Brings the tables of the roll-ups to the fields: missing ones are made, and missing columns. */
export async function bringRollUps(connection: DuckDBConnection, kept: KeptFields): Promise<void> {
  const found = await connection.runAndReadAll(
    'SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal',
  );
  const known = new Set(found.getRowsJS().map(([table, column]) => `"${table}" "${column}"`));
  const row = ['device VARCHAR NOT NULL', 'ts BIGINT NOT NULL', ...TAGS.map((tag) => `${tag} VARCHAR`)];
  for (const [kind, fields] of kept) {
    const figures = fields.flatMap(({ field }) =>
      FIGURES.map((figure) => [figureOf(field, figure), figure === 'count' ? 'BIGINT' : 'DOUBLE'] as const),
    );
    for (const name of ROLL_UP_NAMES) {
      const table = rollUpTableOf(kind, name);
      const missing = figures.filter(([column]) => !known.has(`${table} ${column}`)).map((column) => column.join(' '));
      if (known.has(`${table} "device"`)) {
        for (const column of missing) await connection.run(`ALTER TABLE ${table} ADD COLUMN ${column}`);
      } else
        await connection.run(`CREATE TABLE ${table} (${[...row, 'revision INTEGER NOT NULL', ...missing].join(', ')})`);
    }
  }
}

/** Reads where the rolling-up stands: what lies before is rolled up. */
export async function readRolledUp(connection: DuckDBConnection): Promise<number> {
  const [row] = (await connection.runAndReadAll('SELECT until FROM rolled_up')).getRowsJS();
  return row === undefined ? NOTHING_ROLLED_UP : Number(row[0]);
}

/** Notes the days of what comes after its buckets were rolled up, in the transaction of the connection. */
export async function noteLate(
  connection: DuckDBConnection,
  rows: Iterable<Identity>,
  rolledUp: number,
  origin: number,
): Promise<void> {
  const days = new Map<string, [kind: string, device: string, day: number]>();
  for (const { kind, device, ts } of rows) {
    if (ts >= rolledUp) continue;
    const day = beginningOf(ts, DAY, origin);
    days.set(`${kind} ${device} ${day}`, [kind, device, day]);
  }
  if (days.size === 0) return;
  await withAppender(await connection.createAppender('late_days'), (appender) => {
    for (const [kind, device, day] of days.values()) {
      appender.appendVarchar(kind);
      appender.appendVarchar(device);
      appender.appendBigInt(BigInt(day));
      appender.endRow();
    }
  });
}

/**
 * Rolls up the next piece of what is due, in the transaction of the connection: first what has ended, then days in which
 * something came late. False when there was nothing to do.
 */
export async function rollUpPiece(
  connection: DuckDBConnection,
  places: Places,
  rolledUp: number,
  now: number,
  origin: number,
): Promise<boolean> {
  const piece = nextPiece(rolledUp, await firstSince(connection, places, rolledUp), now, origin);
  if (piece === null) return rollUpLate(connection, places, rolledUp, origin);
  for (const [kind, fields] of places.tables) {
    for (const name of ROLL_UP_NAMES) {
      await rollUp(connection, places, { kind, fields, name, span: piece.spans[name], devices: null, origin });
    }
  }
  await connection.run('DELETE FROM rolled_up');
  await connection.run('INSERT INTO rolled_up VALUES ($1)', [BigInt(piece.until)]);
  return true;
}

/** The first reading at or after an instant, of any kind. */
async function firstSince(connection: DuckDBConnection, places: Places, since: number): Promise<number | null> {
  const each = [...places.tables.keys()].map(
    (kind) => `SELECT min(ts) AS ts FROM ${rowsOf(places, kind, { from: since, to: Infinity })} WHERE ts >= ${since}`,
  );
  if (each.length === 0) return null;
  const [row] = (await connection.runAndReadAll(`SELECT min(ts) FROM (${each.join(' UNION ALL ')})`)).getRowsJS();
  return row?.[0] == null ? null : Number(row[0]);
}

async function rollUpLate(
  connection: DuckDBConnection,
  places: Places,
  until: number,
  origin: number,
): Promise<boolean> {
  const oldest = 'SELECT kind, day FROM late_days ORDER BY day, kind LIMIT 1';
  const [late] = (await connection.runAndReadAll(oldest)).getRowsJS();
  if (late === undefined) return false;
  const [kind, day] = [String(late[0]), Number(late[1])];
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE again AS SELECT DISTINCT device FROM late_days WHERE kind = $1 AND day = ${day} LIMIT ${DEVICES}`,
    [kind],
  );
  const spans = endedOf(day, until, origin);
  for (const name of ROLL_UP_NAMES) {
    const fields = places.tables.get(kind) ?? [];
    await rollUp(connection, places, { kind, fields, name, span: spans[name], devices: 'again', origin });
  }
  await connection.run(
    `DELETE FROM late_days WHERE kind = $1 AND day = ${day} AND device IN (SELECT device FROM temp.again)`,
    [kind],
  );
  return true;
}

/** Buckets of a kind that are to be made, or made again. */
interface Making {
  kind: string;
  fields: readonly KeptField[];
  name: RollUp;
  span: Span;
  /** A temporary table of the devices that it is about; null for all. */
  devices: string | null;
  origin: number;
}

/**
 * Makes buckets. One that is there keeps its revision while its figures are the same, and is never replaced by one of
 * fewer readings: that one was made when readings had been let go.
 */
async function rollUp(
  connection: DuckDBConnection,
  places: Places,
  { kind, fields, name, span, devices, origin }: Making,
): Promise<void> {
  const { from, to } = span;
  if (from >= to || fields.length === 0) return;
  const [table, width] = [rollUpTableOf(kind, name), ROLL_UPS[name]];
  const among = devices === null ? '' : ` AND device IN (SELECT device FROM temp.${devices})`;
  const first = beginningOf(from, width, origin);
  const figures = fields.flatMap(({ field, type }) => {
    const column = type === 'boolean' ? `${columnOf(field)}::INTEGER` : columnOf(field);
    const of = { mean: `avg(${column})`, min: `min(${column})`, max: `max(${column})`, count: `count(${column})` };
    return FIGURES.map((figure) => ({ name: figureOf(field, figure), made: of[figure] }));
  });
  const made = figures.map((figure) => `${figure.made} AS ${figure.name}`);
  const beginning = `${first} + (ts - ${first}) // ${width} * ${width} AS ts`;
  const fresh = `SELECT device, ${beginning}, ${TAGS.join(', ')}, ${made.join(', ')} FROM ${rowsOf(places, kind, span)} WHERE ts >= ${from} AND ts < ${to}${among} GROUP BY ALL`;
  const key = ['device', 'ts', ...TAGS];
  const same = key.map((column) => `o.${column} IS NOT DISTINCT FROM f.${column}`).join(' AND ');
  const taken = [...key, ...figures.map((figure) => figure.name)];
  const standing = `SELECT 1 FROM ${table} WHERE ts >= ${from} AND ts < ${to} LIMIT 1`;
  if ((await connection.runAndReadAll(standing)).currentRowCount === 0) {
    // Five times as fast as to look for each whether it is there.
    await connection.run(`INSERT INTO ${table} BY NAME SELECT 1 AS revision, * FROM (${fresh})`);
    return;
  }
  await connection.run(
    `MERGE INTO ${table} o USING (${fresh}) f ON (${same} AND o.ts >= ${from} AND o.ts < ${to})
     WHEN MATCHED AND (${fields.map(differs).join(' OR ')}) AND NOT (${fields.map(isLess).join(' OR ')})
       THEN UPDATE SET revision = o.revision + 1, ${figures.map((figure) => `${figure.name} = f.${figure.name}`).join(', ')}
     WHEN NOT MATCHED
       THEN INSERT (revision, ${taken.join(', ')}) VALUES (1, ${taken.map((column) => `f.${column}`).join(', ')})`,
  );
}

function differs({ field }: KeptField): string {
  const exact = (['min', 'max'] as const).map((figure) => figureOf(field, figure));
  const [mean, count] = [figureOf(field, 'mean'), figureOf(field, 'count')];
  return [
    ...exact.map((column) => `o.${column} IS DISTINCT FROM f.${column}`),
    `coalesce(o.${count}, 0) <> f.${count}`,
    `abs(o.${mean} - f.${mean}) > ${SAME_MEAN} * greatest(abs(o.${mean}), abs(f.${mean}))`,
  ].join(' OR ');
}

function isLess({ field }: KeptField): string {
  const count = figureOf(field, 'count');
  return `f.${count} < coalesce(o.${count}, 0)`;
}
