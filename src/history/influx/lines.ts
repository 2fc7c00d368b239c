import { setImmediate } from 'node:timers/promises';
import type { Field } from '../../model/kind.ts';
import { type SeriesPoint, shapeOf } from '../../model/series.ts';
import { refuseStray } from '../fields.ts';
import { type HistoryEvent, type HistoryRow, type KeptFields, RefusedByStore } from '../port.ts';
import type { Footprint, SeriesParts } from './doubt.ts';
import type { FigureRow } from './figures.ts';
import { DEVICE_TS, EVENTS, FLAGS, fieldKeyOf, RECEIVED_AT, SEQ, TAGS } from './names.ts';

/** Characters of one request's body, about; what is larger is cut, so that several requests are under way. */
const BODY = 384 * 1024;
/** Longer details would pass the 64 KiB that InfluxDB gives a string. */
const LONGEST_DETAIL = 60_000;

/** Rows as bodies of line protocol, and which points they are. */
export interface Encoded extends Pick<Footprint, 'series' | 'points'> {
  /** Each about 384 KiB, of whole lines. */
  bodies: string[];
}

/** A device's series: its tags as text, kept so that they are put together once and not for each row. */
interface Series {
  area: string | null;
  road: string | null;
  organisation: string | null;
  /** What a line of it begins with, up to the fields. */
  text: string;
  parts: SeriesParts;
  /** Its place among the series of the batch that last had it. */
  batch: number;
  place: number;
}

interface KindLines {
  measurement: string;
  fields: ReadonlyMap<string, { type: Field['type']; text: string }>;
  devices: Map<string, Series>;
}

/** Writes rows in InfluxDB's line protocol, without an object for a point. Times are in ms. */
export class LineWriter {
  readonly #kinds = new Map<string, KindLines>();
  #batch = 0;

  constructor(kept: KeptFields) {
    for (const [kind, fields] of kept) {
      this.#kinds.set(kind, {
        measurement: escapeMeasurement(kind),
        fields: new Map(fields.map(({ field, type }) => [field, { type, text: `,${escapeKey(fieldKeyOf(field))}=` }])),
        devices: new Map(),
      });
    }
  }

  /**
   * `again` says that some of the rows may be there from an earlier try, which may have called another one late.
   * @throws RefusedByStore for a row that has no place in its measurement
   */
  async encode(rows: readonly HistoryRow[], again: boolean): Promise<Encoded> {
    this.#batch++;
    const bodies: string[] = [];
    const series: SeriesParts[] = [];
    const points = new Uint8Array(rows.length * 16);
    const pairs = new DataView(points.buffer);
    let body = '';
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] as HistoryRow;
      const kind = this.#kinds.get(row.kind);
      if (kind === undefined) throw new RefusedByStore(`there is no kind ${row.kind}`);
      const own = seriesOf(kind, row);
      if (own.batch !== this.#batch) {
        own.batch = this.#batch;
        own.place = series.push(own.parts) - 1;
      }
      pairs.setFloat64(index * 16, own.place, true);
      pairs.setFloat64(index * 16 + 8, row.ts, true);
      body += `${own.text}${fieldsOf(kind, row, again)} ${whole(row.ts)}\n`;
      if (body.length >= BODY) {
        bodies.push(body);
        body = '';
        // The rest of the process has a turn.
        await setImmediate();
      }
    }
    if (body !== '') bodies.push(body);
    return { bodies, series, points };
  }
}

/**
 * Events as lines; times are in ns, since several may fall into one ms: `before` is how many of its first instant are on
 * the server.
 */
export function eventLines(events: readonly HistoryEvent[], before: number): string {
  let lines = '';
  let number = before;
  let last = events[0]?.at;
  for (const { at, what, by, detail } of events) {
    if (at !== last) number = 0;
    last = at;
    const shown = detail.length > LONGEST_DETAIL ? JSON.stringify({ omitted: detail.length }) : detail;
    const fields = `by=${quoted(by)},detail=${quoted(shown)}`;
    lines += `${escapeMeasurement(EVENTS)},what=${escapeKey(what)} ${fields} ${whole(at)}${String(number++).padStart(6, '0')}\n`;
  }
  return lines;
}

/** Points of series as bodies of line protocol, times in ms. What a point has nothing to say of is not written. */
export function seriesBodies(points: readonly SeriesPoint[]): string[] {
  const bodies: string[] = [];
  let body = '';
  for (const { series, tags, ts, fields } of points) {
    const named = [...shapeOf(series).tags].sort().map((tag) => `,${escapeKey(tag)}=${escapeKey(tags[tag] ?? '')}`);
    const said = Object.entries(fields).flatMap(([field, value]) =>
      value === null ? [] : [`${escapeKey(field)}=${typeof value === 'string' ? quoted(value) : value}`],
    );
    body += `${escapeMeasurement(series)}${named.join('')} ${said.join(',')} ${whole(ts)}\n`;
    if (body.length >= BODY) {
      bodies.push(body);
      body = '';
    }
  }
  if (body !== '') bodies.push(body);
  return bodies;
}

/** Buckets of a roll-up as bodies of line protocol, times in ms. A figure that there is none of is not written. */
export function figureBodies(measurement: string, rows: readonly FigureRow[]): string[] {
  const bodies: string[] = [];
  let body = '';
  for (const { tags, ts, figures } of rows) {
    const named = TAGS.flatMap((tag) => (tags[tag] ? [`,${tag}=${escapeKey(tags[tag])}`] : []));
    const said = Object.entries(figures).map(([name, figure]) => `${escapeKey(name)}=${figure}`);
    body += `${escapeMeasurement(measurement)}${named.join('')} ${said.join(',')} ${whole(ts)}\n`;
    if (body.length >= BODY) {
      bodies.push(body);
      body = '';
    }
  }
  if (body !== '') bodies.push(body);
  return bodies;
}

function seriesOf(kind: KindLines, row: HistoryRow): Series {
  const { device, area, road, organisation } = row;
  const known = kind.devices.get(device);
  if (known?.area === area && known.road === road && known.organisation === organisation) return known;
  const tags = [
    ['area', area],
    ['device', device],
    ['organisation', organisation],
    ['road', road],
  ] as const;
  let text = kind.measurement;
  // A tag without a value is not written; reading, it is ''.
  for (const [name, value] of tags) if (value !== null && value !== '') text += `,${name}=${escapeKey(value)}`;
  const parts: SeriesParts = [row.kind, device, area, road, organisation];
  const series = { area, road, organisation, text: `${text} ${RECEIVED_AT}=`, parts, batch: 0, place: 0 };
  kind.devices.set(device, series);
  return series;
}

function fieldsOf(kind: KindLines, row: HistoryRow, again: boolean): string {
  let text = `${whole(row.receivedAt)}i`;
  const { values, deviceTs, seq, flags } = row;
  for (const field in values) {
    const value = values[field];
    const place = kind.fields.get(field);
    refuseStray(row.kind, field, place?.type, value);
    // Numbers are floats to InfluxDB, whatever they look like: a field's type never changes under it.
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new RefusedByStore(`${row.kind}.${field} is ${value}, which is no number to InfluxDB`);
    }
    text += `${place?.text}${value}`;
  }
  if (deviceTs !== null) text += `,${DEVICE_TS}=${whole(deviceTs)}i`;
  if (seq !== null) text += `,${SEQ}=${whole(seq)}i`;
  // A field that is not named keeps what it was.
  if (flags.length > 0 || again) text += `,${FLAGS}=${quoted(flags.join(','))}`;
  return text;
}

/** @throws RefusedByStore for what is no whole number */
function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RefusedByStore(`${value} is no whole number that InfluxDB keeps exactly`);
  return value;
}

function escapeMeasurement(name: string): string {
  return mustFit(name).replace(/[, ]/g, '\\$&');
}

/** Of a tag's or field's key, or a tag's value. */
function escapeKey(text: string): string {
  return mustFit(text).replace(/[,= ]/g, '\\$&');
}

/** The line protocol has no way to write these in a name or a tag, and no id has them. */
function mustFit(text: string): string {
  if (text === '' || /[\\\n\r]/.test(text)) {
    throw new RefusedByStore(`InfluxDB has no way to write the name ${JSON.stringify(text)}`);
  }
  return text;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
