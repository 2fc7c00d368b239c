import type { HistoryRow, Identity, KeptField } from '../port.ts';
import { rowsOf } from './rows.ts';
import type { InfluxServer } from './server.ts';
import { Statement } from './statement.ts';

/** Instants of one device that are nearer than this are read in one go, with what lies between them. */
const NEAR = 3_600_000;
/** Devices of one statement, and statements of one request, at most. */
const DEVICES = 500;
const STATEMENTS = 200;

/** A span of time in which some devices' points are wanted. */
interface Span {
  from: number;
  to: number;
  devices: string[];
}

/**
 * The rows of a kind that are there under these identities. InfluxQL has no way to ask for pairs of device and time, so
 * spans are asked for, each with the devices that have something wanted in it, and the rest is put aside.
 */
export async function readRowsAt(
  server: InfluxServer,
  kind: string,
  identities: readonly Identity[],
  fields: readonly KeptField[],
): Promise<HistoryRow[]> {
  const wanted = new Set(identities.map(({ device, ts }) => `${device}\n${ts}`));
  const spans = spansOf(identities);
  const rows = new Map<string, HistoryRow>();
  for (let start = 0; start < spans.length; start += STATEMENTS) {
    const statement = new Statement();
    for (const { from, to, devices } of spans.slice(start, start + STATEMENTS)) {
      const time = `time >= ${statement.instant(from)} AND time <= ${statement.instant(to)}`;
      const where = `${statement.among('device', devices)} AND ${time}`;
      statement.add(`SELECT * FROM ${statement.name(kind)} WHERE ${where} GROUP BY *`);
    }
    for (const series of (await server.query(statement)).flat()) {
      for (const row of rowsOf(kind, series, fields)) {
        const key = `${row.device}\n${row.ts}`;
        if (wanted.has(key)) rows.set(key, row);
      }
    }
  }
  return [...rows.values()];
}

/** What to ask for: near instants of a device are one span, and devices whose spans lie in the same hours share theirs. */
function spansOf(identities: readonly Identity[]): Span[] {
  const instants = new Map<string, number[]>();
  for (const { device, ts } of identities) {
    const list = instants.get(device);
    if (list === undefined) instants.set(device, [ts]);
    else list.push(ts);
  }
  const shared = new Map<string, Span>();
  const spans: Span[] = [];
  const ask = (device: string, from: number, to: number) => {
    const hours = `${Math.floor(from / NEAR)} ${Math.floor(to / NEAR)}`;
    let span = shared.get(hours);
    if (span === undefined || span.devices.length >= DEVICES) {
      span = { from, to, devices: [] };
      shared.set(hours, span);
      spans.push(span);
    }
    span.from = Math.min(span.from, from);
    span.to = Math.max(span.to, to);
    span.devices.push(device);
  };
  for (const [device, list] of instants) {
    list.sort((a, b) => a - b);
    let from = list[0] as number;
    let to = from;
    for (const ts of list) {
      if (ts - to > NEAR) {
        ask(device, from, to);
        from = ts;
      }
      to = ts;
    }
    ask(device, from, to);
  }
  return spans;
}
