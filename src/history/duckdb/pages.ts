import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventPlace, HistoryEvent, HistoryRow, KeptField, RowsQuery } from '../port.ts';
import { rowColumns, rowOf } from './rows.ts';
import { type Places, rowsOf } from './source.ts';
import { Statement } from './statement.ts';

/** A page of whole rows, ascending by ts, then device. */
export async function readRows(
  connection: DuckDBConnection,
  { kind, devices, from, to, limit, after }: RowsQuery,
  fields: readonly KeptField[],
  places: Places,
): Promise<HistoryRow[]> {
  const statement = new Statement();
  // The page begins where the one before ended: what lies before that need not be read.
  const begin = Math.max(from, after?.ts ?? from);
  const conditions = [`ts >= ${statement.ms(begin)}`, `ts < ${statement.ms(to)}`];
  if (after !== undefined) {
    conditions.push(`(ts, device) > (${statement.ms(after.ts)}, ${statement.text(after.device)})`);
  }
  if (devices !== undefined) conditions.push(statement.among('device', devices));
  const result = await connection.runAndReadAll(
    `SELECT ${rowColumns(fields).join(', ')} FROM ${rowsOf(places, kind, { from: begin, to })} WHERE ${conditions.join(' AND ')} ORDER BY ts, device LIMIT ${statement.ms(limit)}`,
    statement.values,
  );
  return result.getRowsJS().map((cells) => rowOf(kind, fields, cells));
}

/** A page of events, in the order in which they came. */
export async function readEvents(
  connection: DuckDBConnection,
  { at, count }: EventPlace,
  limit: number,
): Promise<HistoryEvent[]> {
  const result = await connection.runAndReadAll(
    'SELECT "at", what, "by", detail FROM events WHERE "at" >= $1 ORDER BY "at", rowid LIMIT $2 OFFSET $3',
    [at, limit, count].map(big),
  );
  return result.getRowsJS().map(([when, what, by, detail]) => ({
    at: Number(when),
    what: String(what),
    by: String(by),
    detail: String(detail),
  }));
}

/** The place after the newest event. */
export async function readEventsEnd(connection: DuckDBConnection): Promise<EventPlace> {
  const newest = 'coalesce((SELECT max("at") FROM events), 0)';
  const [found = []] = (
    await connection.runAndReadAll(`SELECT ${newest}, (SELECT count(*) FROM events WHERE "at" = ${newest})`)
  ).getRowsJS();
  return { at: Number(found[0]), count: Number(found[1]) };
}

function big(value: number): bigint {
  return BigInt(Math.trunc(value));
}
