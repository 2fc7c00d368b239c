import type { EventPlace, HistoryEvent, HistoryRow, KeptField, RowsQuery } from '../port.ts';
import { EVENTS } from './names.ts';
import { rowsOf } from './rows.ts';
import type { InfluxServer } from './server.ts';
import { Statement } from './statement.ts';

/**
 * A page of whole rows, ascending by ts, then device. InfluxQL orders by time alone. So the rest of the last page's instant
 * is read whole, and the last instant of this page too: how it is ordered is decided here.
 */
export async function readRows(
  server: InfluxServer,
  { kind, devices, from, to, limit, after }: RowsQuery,
  fields: readonly KeptField[],
): Promise<HistoryRow[]> {
  if (limit < 1 || devices?.length === 0) return [];
  const between = async (begin: number, end: number, most?: number) => {
    const statement = new Statement();
    const time = `time >= ${statement.instant(begin)} AND time < ${statement.instant(end)}`;
    const whose = devices === undefined ? '' : ` AND ${statement.among('device', devices)}`;
    const atMost = most === undefined ? '' : ` LIMIT ${statement.number(most)}`;
    statement.add(`SELECT * FROM ${statement.name(kind)} WHERE ${time}${whose}${atMost}`);
    return (await server.query(statement)).flat().flatMap((series) => [...rowsOf(kind, series, fields)]);
  };
  const begun = after !== undefined && after.ts >= from && after.ts < to ? await between(after.ts, after.ts + 1) : [];
  const found = begun.filter(({ device }) => after === undefined || device > after.device);
  const left = limit - found.length;
  if (left > 0) {
    const next = await between(after === undefined ? from : Math.max(from, after.ts + 1), to, left);
    const last = next.at(-1);
    if (next.length < left || last === undefined) found.push(...next);
    else found.push(...next.filter(({ ts }) => ts < last.ts), ...(await between(last.ts, last.ts + 1)));
  }
  return found.sort((a, b) => a.ts - b.ts || (a.device < b.device ? -1 : 1)).slice(0, limit);
}

/** A page of events, in the order in which they came: their number within an instant is in their time. */
export async function readEvents(
  server: InfluxServer,
  { at, count }: EventPlace,
  limit: number,
): Promise<HistoryEvent[]> {
  const statement = new Statement();
  const [what, by, detail] = ['what', 'by', 'detail'].map((name) => statement.name(name));
  const range = `LIMIT ${statement.number(limit)} OFFSET ${statement.number(count)}`;
  statement.add(
    `SELECT ${what}, ${by}, ${detail} FROM ${statement.name(EVENTS)} WHERE time >= ${statement.instant(at)} ${range}`,
  );
  const [series = []] = await server.query(statement);
  return series.flatMap(({ values }) =>
    values.map((cells) => {
      const [ts, ...texts] = cells as [number, string, string, string];
      return { at: ts, what: texts[0], by: texts[1], detail: texts[2] };
    }),
  );
}
