import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventPlace, HistoryEvent, HistoryRow, KeptField, RowsQuery } from '../port.ts';
import { rowColumns, rowOf } from './rows.ts';
import { type Places, rowsOf } from './source.ts';

/** A page of whole rows, ascending by ts, then device. */
export async function readRows(
  connection: DuckDBConnection,
  { kind, from, to, limit, after }: RowsQuery,
  fields: readonly KeptField[],
  places: Places,
): Promise<HistoryRow[]> {
  // The page begins where the one before ended: what lies before that need not be read.
  const begin = Math.max(from, after?.ts ?? from);
  const later = after === undefined ? '' : ' AND (ts, device) > ($4, $5)';
  const result = await connection.runAndReadAll(
    `SELECT ${rowColumns(fields).join(', ')} FROM ${rowsOf(places, kind, { from: begin, to })} WHERE ts >= $1 AND ts < $2${later} ORDER BY ts, device LIMIT $3`,
    [...[begin, to, limit].map(big), ...(after === undefined ? [] : [big(after.ts), after.device])],
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
