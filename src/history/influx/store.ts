import type { Clock } from '../../kernel/clock.ts';
import { messageOf, TownError } from '../../kernel/errors.ts';
import { noPoint } from '../../kernel/points.ts';
import type { Store } from '../../kernel/store.ts';
import type { Kinds } from '../../model/kind.ts';
import type { SeriesPoint } from '../../model/series.ts';
import { fieldOf, fieldsOf } from '../fields.ts';
import type {
  CountsBeside,
  EventPlace,
  HistoryBatch,
  HistoryCopy,
  HistoryEvent,
  HistoryRow,
  HistoryState,
  HistoryStore,
  Identity,
  KeptFields,
  ReadingItem,
  ReadingsQuery,
  RowsQuery,
  SeriesQuery,
  SeriesSums,
  SeriesSumsQuery,
  StoreOptions,
} from '../port.ts';
import { type Horizons, insteadOf } from '../rollups.ts';
import type { InfluxAddress } from '../settings.ts';
import { Doubt, type Footprint, keyOf } from './doubt.ts';
import { eventLines, LineWriter } from './lines.ts';
import { readRowsAt } from './lookups.ts';
import { Marks } from './marks.ts';
import { RECEIVED_AT } from './names.ts';
import { readEvents, readRows } from './pages.ts';
import { confirmPlace } from './place.ts';
import { Progress, type Standing } from './progress.ts';
import { readReadings } from './readings.ts';
import { InfluxRollUps } from './rollups.ts';
import { countBeside, keepPoints, readSeries, sumSeries } from './series.ts';
import { InfluxServer } from './server.ts';
import { Statement } from './statement.ts';

interface Opened {
  kept: KeptFields;
  lines: LineWriter;
  standing: Standing;
  /** Each device's newest ts, as it is kept. */
  newest: Map<string, number>;
}

/**
 * The history on an InfluxDB: one measurement a kind, tags as they were at the sample's time, fields its metrics. What the
 * server cannot keep in one step with the points lies on this machine ({@link Progress}), so that
 * - it opens while the server is down, and knows where it stands; another bucket is not taken for the same one;
 * - a request of unknown outcome is made again, point for point, and counted once ({@link Doubt}).
 */
export class InfluxHistory implements HistoryStore {
  readonly name = 'influxdb';
  readonly #address: InfluxAddress;
  readonly #server: InfluxServer;
  readonly #progress: Progress;
  readonly #marks: Marks;
  readonly #rollUps: InfluxRollUps;
  readonly #kinds: Kinds;
  readonly #origin: number;
  readonly #doubt = new Doubt();
  /** What was read since the last commit, for the note of what a replacement replaces. */
  readonly #read = new Map<string, HistoryRow>();
  readonly #reads = new Set<Promise<unknown>>();
  #opened: Opened | null = null;

  constructor(
    address: InfluxAddress,
    store: Store,
    kinds: Kinds,
    realClock: Clock,
    { origin = 0, point = noPoint }: StoreOptions = {},
  ) {
    this.#address = address;
    this.#server = new InfluxServer(address, realClock);
    this.#progress = new Progress(store);
    this.#marks = new Marks(store, origin);
    this.#rollUps = new InfluxRollUps(this.#server, this.#marks, origin, point);
    this.#kinds = kinds;
    this.#origin = origin;
  }

  async open(): Promise<HistoryState> {
    this.#opened = null;
    this.#server.resume();
    this.#doubt.clear();
    this.#read.clear();
    const kept = await this.#progress.bringFields(this.#kinds);
    await confirmPlace(this.#progress, this.#address, this.#server, kept);
    for (const entry of this.#progress.doubts()) this.#doubt.take(entry);
    const [standing, newest] = [this.#progress.standing(), this.#progress.newest()];
    this.#opened = { kept, lines: new LineWriter(kept), standing, newest };
    return { cursor: standing.cursor, counts: { ...standing.counts }, newest: new Map(newest) };
  }

  async rowsAt(kind: string, identities: readonly Identity[]): Promise<HistoryRow[]> {
    const { kept } = this.#mustBeOpen();
    const rows: HistoryRow[] = [];
    const unsure: Identity[] = [];
    for (const identity of identities) {
      if (!this.#doubt.has(identity)) unsure.push(identity);
      else {
        const row = this.#doubt.rowAt(identity);
        if (row !== null) rows.push(row);
      }
    }
    const fields = kept.get(kind);
    if (fields === undefined || unsure.length === 0) return rows;
    const found = await readRowsAt(this.#server, kind, unsure, fields);
    for (const row of found) this.#read.set(keyOf(row), row);
    return [...rows, ...found];
  }

  async commit(batch: HistoryBatch): Promise<void> {
    const opened = this.#mustBeOpen();
    const { inserts, replacements, events, cursor, counts } = batch;
    const rows = [...inserts, ...replacements];
    const placed = this.#doubt.any ? rows.map((row) => this.#doubt.placed(row)) : rows;
    const { bodies, series, points } = await opened.lines.encode(placed, this.#doubt.any);
    const numbered = numberEvents(events, opened.standing.events);
    await this.#server.reach();
    if (bodies.length > 0) {
      const before = replacements.flatMap((row) => this.#read.get(keyOf(row)) ?? []);
      await this.#write(bodies, placed, { type: 'footprint', end: cursor, series, points, before });
    }
    // The same events bear the same numbers whenever they are written again: their points are the same.
    if (numbered.lines !== '') await this.#server.write([numbered.lines], 'ns');
    const standing = { cursor, counts, events: numbered.standing };
    const newer = newerOf(inserts, opened.newest);
    await this.#settle(standing, newer, placed);
    this.#read.clear();
    opened.standing = standing;
    for (const [device, ts] of newer) opened.newest.set(device, ts);
  }

  async readings(query: ReadingsQuery): Promise<ReadingItem[]> {
    const { kept } = this.#mustBeOpen();
    const instead = insteadOf(query, this.#marks.horizons(), this.#origin);
    return this.#ask(readReadings(this.#server, query, fieldOf(kept, query), instead));
  }

  async rows(query: RowsQuery): Promise<HistoryRow[]> {
    const fields = fieldsOf(this.#mustBeOpen().kept, query.kind);
    const rows: HistoryRow[] = [];
    for (let { after } = query; ; ) {
      const limit = query.limit - rows.length;
      const page = await this.#ask(
        readRows(this.#server, { ...query, limit, ...(after === undefined ? {} : { after }) }, fields),
      );
      // What is in doubt stands here as it was as of the cursor, or not at all.
      for (const row of page) {
        const known = this.#doubt.has(row) ? this.#doubt.rowAt(row) : row;
        if (known !== null) rows.push(known);
      }
      after = page.at(-1);
      if (page.length < limit || rows.length >= query.limit) return rows;
    }
  }

  async events(after: EventPlace, limit: number): Promise<HistoryEvent[]> {
    this.#mustBeOpen();
    return this.#ask(readEvents(this.#server, after, limit));
  }

  async eventsEnd(): Promise<EventPlace> {
    return this.#mustBeOpen().standing.events;
  }

  kept(): KeptFields {
    return this.#mustBeOpen().kept;
  }

  async count(kind: string, from?: number): Promise<number> {
    const fields = this.#mustBeOpen().kept.get(kind);
    if (fields === undefined) return 0;
    const statement = new Statement();
    const since = from === undefined ? '' : ` WHERE time >= ${statement.instant(from)}`;
    statement.add(`SELECT count(${statement.name(RECEIVED_AT)}) FROM ${statement.name(kind)}${since}`);
    const [series = []] = await this.#ask(this.#server.query(statement));
    const count = (series[0]?.values[0]?.[1] as number | undefined) ?? 0;
    // What a write in doubt may have left there does not count as of the cursor.
    const early = this.#doubt.nothingAt(kind, from ?? -Infinity);
    return early.length === 0 ? count : count - (await this.#ask(readRowsAt(this.#server, kind, early, fields))).length;
  }

  async countBeside(from: number): Promise<CountsBeside> {
    this.#mustBeOpen();
    return this.#ask(countBeside(this.#server, from));
  }

  async keep(points: readonly SeriesPoint[]): Promise<void> {
    this.#mustBeOpen();
    return this.#ask(keepPoints(this.#server, points));
  }

  async series(query: SeriesQuery): Promise<SeriesPoint[]> {
    this.#mustBeOpen();
    return this.#ask(readSeries(this.#server, query));
  }

  async seriesSums(query: SeriesSumsQuery): Promise<SeriesSums[]> {
    this.#mustBeOpen();
    return this.#ask(sumSeries(this.#server, query));
  }

  async rollUp(until: number): Promise<boolean> {
    const { kept } = this.#mustBeOpen();
    return this.#ask(this.#rollUps.rollUp(kept, until));
  }

  async drop(horizons: Horizons): Promise<void> {
    const { kept } = this.#mustBeOpen();
    return this.#ask(this.#rollUps.drop(kept, horizons));
  }

  interrupt(): void {
    this.#server.interrupt();
  }

  async copyTo(_directory: string): Promise<HistoryCopy> {
    const { cursor, counts } = this.#progress.standing();
    return { cursor, counts, rows: null };
  }

  async close(): Promise<void> {
    this.#opened = null;
    this.#server.interrupt();
    await Promise.allSettled(this.#reads);
  }

  /** Sends rows, once it is noted which points that touches; what is in doubt already has its note. */
  async #write(bodies: readonly string[], rows: readonly HistoryRow[], footprint: Footprint): Promise<void> {
    const isNoted = footprint.end <= this.#doubt.end && rows.every((row) => this.#doubt.has(row));
    if (!isNoted) await this.#progress.begin(footprint);
    try {
      await this.#server.write(bodies, 'ms');
    } catch (error) {
      // Some of it may be in, and nobody knows what.
      this.#doubt.take(footprint);
      throw error;
    }
  }

  async #settle(standing: Standing, newer: Map<string, number>, rows: readonly HistoryRow[]): Promise<void> {
    const inDoubt = standing.cursor < this.#doubt.end ? rows.filter((row) => this.#doubt.has(row)) : null;
    await this.#progress.commit(standing, newer, inDoubt === null ? null : { type: 'kept', rows: inDoubt }, () =>
      this.#marks.noteLate(rows, standing.cursor),
    );
    if (inDoubt === null) this.#doubt.clear();
    else this.#doubt.keep(inDoubt);
  }

  /** Asks for a reader: what goes wrong is told as the service not being able to answer now. */
  async #ask<T>(answer: Promise<T>): Promise<T> {
    this.#reads.add(answer);
    try {
      return await answer;
    } catch (cause) {
      if (cause instanceof TownError) throw cause;
      throw new TownError('unavailable', `the history cannot be read now: ${messageOf(cause)}`, { cause });
    } finally {
      this.#reads.delete(answer);
    }
  }

  #mustBeOpen(): Opened {
    if (this.#opened === null) throw new TownError('unavailable', 'the history is not open now: try again in a moment');
    return this.#opened;
  }
}

/** The lines of events, and the newest instant that has any with their number. */
function numberEvents(events: HistoryBatch['events'], standing: Standing['events']) {
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) return { lines: '', standing };
  const before = first.at === standing.at ? standing.count : 0;
  const count = events.filter(({ at }) => at === last.at).length + (last.at === standing.at ? standing.count : 0);
  return { lines: eventLines(events, before), standing: { at: last.at, count } };
}

/** The newest ts of each device that has a newer one than `newest` says. */
function newerOf(rows: readonly HistoryRow[], newest: ReadonlyMap<string, number>): Map<string, number> {
  const newer = new Map<string, number>();
  for (const { device, ts } of rows) {
    if (ts > (newer.get(device) ?? newest.get(device) ?? -Infinity)) newer.set(device, ts);
  }
  return newer;
}
