import type { SampleFlag, Value } from '../../model/sample.ts';
import type { KeptField } from '../fields.ts';
import type { HistoryRow, Identity } from '../port.ts';
import { DEVICE_TS, FLAGS, fieldKeyOf, RECEIVED_AT, SEQ } from './names.ts';
import type { InfluxServer, Series } from './server.ts';
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

/** The rows of a series, as `GROUP BY *` answers them. */
function* rowsOf(
  kind: string,
  { tags = {}, columns, values }: Series,
  fields: readonly KeptField[],
): Iterable<HistoryRow> {
  const at = (name: string) => columns.indexOf(name);
  const [time, receivedAt, deviceTs, seq, flags] = ['time', RECEIVED_AT, DEVICE_TS, SEQ, FLAGS].map(at) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const metrics = fields.map(({ field, type }) => ({ field, type, column: at(fieldKeyOf(field)) }));
  for (const cells of values) {
    const found: Record<string, Value> = {};
    for (const { field, type, column } of metrics) {
      const cell = cells[column];
      if (typeof cell === type) found[field] = cell as Value;
    }
    yield {
      kind,
      device: tags.device ?? '',
      ts: cells[time] as number,
      receivedAt: (cells[receivedAt] ?? 0) as number,
      deviceTs: (cells[deviceTs] ?? null) as number | null,
      seq: (cells[seq] ?? null) as number | null,
      flags: String(cells[flags] ?? '')
        .split(',')
        .filter((flag) => flag !== '') as SampleFlag[],
      area: tags.area || null,
      road: tags.road || null,
      organisation: tags.organisation || null,
      values: found,
    };
  }
}
