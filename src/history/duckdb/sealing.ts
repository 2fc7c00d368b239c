import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { TownError } from '../../kernel/errors.ts';
import type { Point } from '../../kernel/points.ts';
import type { Identity } from '../port.ts';
import { monthAfter, monthOf, type Span } from '../rollups.ts';
import { putIdentities } from './lookups.ts';
import { tableOf, text } from './names.ts';
import type { Places, SealedMonth } from './source.ts';

/*
 * A closed month of a kind moves from its table into a Parquet file:
 *
 *   rows of the table ─COPY─▶ file.partial ─fsync, rename─▶ file ─┐
 *                                                                 ├─ one transaction: the month is recorded, its rows go
 *   rows that came or changed meanwhile (they stay) ──────────────┘
 *
 * Until that transaction the file counts for nothing, and the next start removes it; after it the rows are in the file. What
 * comes later for the month stays in the table, laid over the file.
 */

const PARTIAL = '.partial';
/** Rows that are packed and skipped together: small enough that one device's month lies in few of them. */
const ROW_GROUP = 30_720;

/** Reads which months are sealed. */
export async function readSealed(connection: DuckDBConnection): Promise<SealedMonth[]> {
  const rows = await connection.runAndReadAll('SELECT kind, "from", "to", file FROM sealed ORDER BY kind, "from"');
  return rows.getRowsJS().map(([kind, from, to, file]) => ({
    ...{ kind: String(kind), from: Number(from), to: Number(to), file: String(file) },
  }));
}

/**
 * Makes sure that the folder holds the sealed months and nothing else: what a kill has left goes.
 * @throws TownError `data-dir-unusable` when one is missing
 */
export function tidyFolder({ folder, sealed }: Places): void {
  const found = new Set(existsSync(folder) ? readdirSync(folder) : []);
  const lost = sealed.filter(({ file }) => !found.has(file));
  if (lost.length > 0) {
    const files = lost.map(({ file }) => join(folder, file)).join(', ');
    throw new TownError('data-dir-unusable', `sealed months of the history are missing: ${files}; restore a backup`);
  }
  for (const { file } of sealed) found.delete(file);
  for (const file of found) rmSync(join(folder, file), { force: true });
}

/** The next month of a kind that ended by `closed` and lies in its table unsealed; null when there is none. */
export async function nextMonth(
  connection: DuckDBConnection,
  { tables, sealed }: Places,
  closed: number,
  origin: number,
): Promise<SealedMonth | null> {
  const end = monthOf(closed, origin);
  for (const kind of tables.keys()) {
    const others = sealed
      .filter((month) => month.kind === kind)
      .map(({ from, to }) => ` AND NOT (ts >= ${from} AND ts < ${to})`);
    const oldest = `SELECT min(ts) FROM ${tableOf(kind)} WHERE ts < ${end}${others.join('')}`;
    const [row] = (await connection.runAndReadAll(oldest)).getRowsJS();
    if (row?.[0] == null) continue;
    const from = monthOf(Number(row[0]), origin);
    const name = new Date(from - origin).toISOString().slice(0, 7);
    return { kind, from, to: monthAfter(from, origin), file: `${kind}-${name}.parquet` };
  }
  return null;
}

/** Writes a month of a table into its file; resolves once that is on the disk. */
export async function writeMonth(
  connection: DuckDBConnection,
  { folder }: Places,
  { kind, from, to, file }: SealedMonth,
  point: Point,
): Promise<void> {
  const path = join(folder, file);
  const rows = `SELECT * FROM ${tableOf(kind)} WHERE ts >= ${from} AND ts < ${to} ORDER BY device, ts`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const form = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP}`;
  await connection.run(`COPY (${rows}) TO ${text(path + PARTIAL)} (${form})`);
  await sync(path + PARTIAL);
  point('seal.written');
  await rename(path + PARTIAL, path);
  await sync(folder);
  point('seal.named');
}

/**
 * Records a written month and takes its rows out of the table, in the transaction of the connection. `touched` came or
 * changed since the writing began, and stays.
 * @throws Error when the file does not hold what is taken out
 */
export async function recordMonth(
  connection: DuckDBConnection,
  { folder }: Places,
  { kind, from, to, file }: SealedMonth,
  touched: readonly Identity[],
): Promise<void> {
  const [table, path] = [tableOf(kind), text(join(folder, file))];
  if (touched.length > 0) await putIdentities(connection, touched);
  else await connection.run('DELETE FROM looked_up');
  const stays = 'SELECT device, ts FROM looked_up';
  const goes = `FROM ${table} t WHERE ts >= ${from} AND ts < ${to} AND NOT EXISTS (SELECT 1 FROM looked_up l WHERE l.device = t.device AND l.ts = t.ts)`;
  const held = `SELECT count(*) FROM read_parquet(${path}) ANTI JOIN (${stays}) USING (device, ts)`;
  const counts = `SELECT (SELECT count(*) ${goes}), (${held})`;
  const [[going, holds] = []] = (await connection.runAndReadAll(counts)).getRowsJS();
  if (going !== holds) throw new Error(`${file} holds ${holds} rows of ${kind}, and ${going} are to go`);
  await rememberNewest(connection, kind, { from, to });
  await connection.run('INSERT INTO sealed VALUES ($1, $2, $3, $4)', [kind, BigInt(from), BigInt(to), file]);
  await connection.run(`DELETE ${goes}`);
}

/** Remembers each device's newest instant among rows that leave their table, in the transaction of the connection. */
export async function rememberNewest(connection: DuckDBConnection, kind: string, { from, to }: Span): Promise<void> {
  const rows = `SELECT device, max(ts) FROM ${tableOf(kind)} WHERE ts >= ${from} AND ts < ${to} GROUP BY device`;
  await connection.run(`INSERT INTO newest ${rows} ON CONFLICT (device) DO UPDATE SET ts = greatest(ts, excluded.ts)`);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
