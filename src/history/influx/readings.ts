import type { Value } from '../../model/sample.ts';
import type { Aggregate, KeptField, ReadingItem, ReadingsQuery } from '../port.ts';
import { FIGURES, type Instead, ROLL_UPS, rollUpOf } from '../rollups.ts';
import { figureOf } from './figures.ts';
import { fieldKeyOf } from './names.ts';
import type { InfluxServer, Series } from './server.ts';
import { Statement } from './statement.ts';

/** Groups that a first look into buckets reckons with; later looks are as wide as the town turns out to be sparse. */
const GROUPS = 100;
const WIDER = 4;

/** A width of time, and an instant at which one begins. */
type Buckets = NonNullable<ReadingsQuery['bucket']>;

/** Answers a query; every name and value in it is bound. */
export async function readReadings(
  server: InfluxServer,
  query: ReadingsQuery,
  field: KeptField,
  instead: Instead | null,
): Promise<ReadingItem[]> {
  if (query.devices?.length === 0 || query.area?.length === 0 || query.limit < 1) return [];
  const read = new Reader(server, query, field, instead);
  return query.bucket === undefined ? read.readings() : read.buckets(query.bucket);
}

class Reader {
  readonly #server: InfluxServer;
  readonly #query: ReadingsQuery;
  readonly #field: KeptField;
  readonly #instead: Instead | null;

  constructor(server: InfluxServer, query: ReadingsQuery, field: KeptField, instead: Instead | null) {
    this.#server = server;
    this.#query = query;
    this.#field = field;
    this.#instead = instead;
  }

  /**
   * InfluxQL orders by time alone. So the rest of the last page's instant is read whole, and the last instant of this page
   * too: how it is ordered is decided here.
   */
  async readings(): Promise<ReadingItem[]> {
    const { from, to, after, limit } = this.#query;
    const begun =
      after !== undefined && after.ts >= from && after.ts < to ? await this.#between(after.ts, after.ts + 1) : [];
    const found = begun.filter((item) => isAfter(item, after));
    const left = limit - found.length;
    if (left > 0) {
      const next = await this.#between(after === undefined ? from : Math.max(from, after.ts + 1), to, left);
      const last = next.at(-1);
      if (next.length < left || last === undefined) found.push(...next);
      else found.push(...next.filter(({ ts }) => ts < last.ts), ...(await this.#between(last.ts, last.ts + 1)));
    }
    return found.sort(byTime).slice(0, limit);
  }

  /** Buckets are read some at a time, until there are enough: InfluxQL limits them for each group only. */
  async buckets(buckets: Buckets): Promise<ReadingItem[]> {
    const { from, to, after, limit, groupBy } = this.#query;
    const begin = await this.#first(Math.max(from, after?.ts ?? from));
    if (begin === null) return [];
    const found: ReadingItem[] = [];
    let count = groupBy === undefined ? limit : Math.ceil(limit / GROUPS);
    let start = beginningOf(begin, buckets);
    while (start < to && found.length < limit) {
      const end = Math.min(to, start + count * buckets.width);
      const items = await this.#within(Math.max(from, start), end, buckets);
      found.push(...items.filter((item) => isAfter(item, after)).sort(byTime));
      start = end;
      count *= WIDER;
    }
    return found.slice(0, limit);
  }

  /** Readings of a time, by time alone; `limit` of them at most. */
  async #between(from: number, to: number, limit?: number): Promise<ReadingItem[]> {
    const statement = new Statement();
    const value = statement.name(fieldKeyOf(this.#field.field));
    const atMost = limit === undefined ? '' : ` LIMIT ${statement.number(limit)}`;
    statement.add(
      `SELECT ${value}, ${statement.name('device')} ${this.#source(statement, this.#query.kind, from, to)}${atMost}`,
    );
    const [series = []] = await this.#server.query(statement);
    return series.flatMap(({ values }) =>
      values.map(([ts, reading, device]) => ({ ts: ts as number, group: device as string, value: reading as Value })),
    );
  }

  /** When the first reading comes at or after `from`, or the first bucket of a roll-up; null when there is none. */
  async #first(from: number): Promise<number | null> {
    const statement = new Statement();
    const value = statement.name(fieldKeyOf(this.#field.field));
    statement.add(`SELECT first(${value}) ${this.#source(statement, this.#query.kind, from, this.#query.to)}`);
    if (this.#instead !== null) {
      const count = statement.name(figureOf(this.#field.field, 'count'));
      const { measurement, since, until } = this.#rolledUp(this.#instead, from, this.#query.to);
      statement.add(`SELECT first(${count}) ${this.#source(statement, measurement, since, until)}`);
    }
    const found = (await this.#server.query(statement)).flatMap(([series]) => series?.values[0]?.[0] ?? []);
    return found.length === 0 ? null : Math.min(...found.map(Number));
  }

  /** The buckets of some time: of readings, and of a roll-up where they are gone. */
  async #within(from: number, to: number, buckets: Buckets): Promise<ReadingItem[]> {
    const instead = this.#instead;
    if (instead === null || from >= instead.until) return this.#ofReadings(from, to, buckets);
    const old = await this.#ofRollUp(instead, from, to, buckets);
    const young = to > instead.until ? await this.#ofReadings(instead.until, to, buckets) : [];
    return putTogether([...old, ...young]).map((item) => ({
      ...item,
      aggregates: Object.fromEntries(this.#query.aggregates.map((name) => [name, item.aggregates[name]])),
    }));
  }

  /** Buckets of a roll-up, put together to those that are asked for. */
  async #ofRollUp(instead: Instead, from: number, to: number, buckets: Buckets): Promise<ReadingItem[]> {
    const statement = new Statement();
    const [mean, min, max, count] = FIGURES.map((figure) => statement.name(figureOf(this.#field.field, figure)));
    const { measurement, since, until } = this.#rolledUp(instead, from, to);
    const source = this.#source(statement, measurement, since, until);
    const time = `time >= ${statement.instant(since)} AND time < ${statement.instant(until)}`;
    const each = `SELECT ${mean} * ${count} AS total, ${min} AS low, ${max} AS high, ${count} AS number ${source}`;
    const all = 'sum(total) AS total, min(low) AS min, max(high) AS max, sum(number) AS count';
    statement.add(`SELECT ${all} FROM (${each}) WHERE ${time} ${this.#by(statement, buckets)}`);
    const [series = []] = await this.#server.query(statement);
    return this.#itemsOf(series).map(({ aggregates = {}, ...item }) => {
      const { total = 0, min: low = 0, max: high = 0, count: number = 0 } = aggregates as Record<string, number>;
      return { ...item, aggregates: { mean: total / number, min: low, max: high, count: number } };
    });
  }

  /** Where the buckets of a roll-up lie that overlap a time in which the readings are gone. */
  #rolledUp({ rollUp, until }: Instead, from: number, to: number) {
    const measurement = rollUpOf(this.#query.kind, rollUp);
    return { measurement, since: from - ROLL_UPS[rollUp] + 1, until: Math.min(to, until) };
  }

  #by(statement: Statement, { width, origin }: Buckets): string {
    const { groupBy } = this.#query;
    const offset = origin - Math.floor(origin / width) * width;
    const time = `time(${statement.width(width)}, ${statement.width(offset)})`;
    return `GROUP BY ${time}${groupBy === undefined ? '' : `, ${statement.name(groupBy)}`} fill(none)`;
  }

  async #ofReadings(from: number, to: number, buckets: Buckets): Promise<ReadingItem[]> {
    const statement = new Statement();
    const value = statement.name(fieldKeyOf(this.#field.field));
    const isSwitch = this.#field.type === 'boolean';
    const by = this.#by(statement, buckets);
    const source = this.#source(statement, this.#query.kind, from, to);
    const aggregates = this.#instead === null ? this.#query.aggregates : FIGURES;
    const columns = isSwitch ? ['count' as const] : aggregates;
    statement.add(`SELECT ${columns.map((name) => `${name}(${value})`).join(', ')} ${source} ${by}`);
    if (isSwitch) statement.add(`SELECT count(${value}) ${source} AND ${value} = true ${by}`);
    const [all = [], on = []] = await this.#server.query(statement);
    const items = this.#itemsOf(all);
    return isSwitch ? switchItems(items, this.#itemsOf(on), aggregates) : items;
  }

  #itemsOf(series: readonly Series[]): ReadingItem[] {
    const { groupBy } = this.#query;
    return series.flatMap(({ tags, columns, values }) =>
      values.map(([ts, ...cells]) => {
        const aggregates = columns.slice(1).map((name, index) => [name, cells[index]]);
        const group = (groupBy === undefined ? undefined : tags?.[groupBy]) ?? '';
        return { ts: ts as number, group, aggregates: Object.fromEntries(aggregates) };
      }),
    );
  }

  #source(statement: Statement, measurement: string, from: number, to: number): string {
    const { devices, area } = this.#query;
    const all = [`time >= ${statement.instant(from)}`, `time < ${statement.instant(to)}`];
    if (devices !== undefined) all.push(statement.among('device', devices));
    if (area !== undefined) all.push(statement.among('area', area));
    return `FROM ${statement.name(measurement)} WHERE ${all.join(' AND ')}`;
  }
}

/** Puts together what there is of one bucket of one group. */
function putTogether(items: readonly ReadingItem[]) {
  const found = new Map<string, ReadingItem & { aggregates: Record<Aggregate, number> }>();
  for (const { ts, group, aggregates } of items) {
    const { mean, min, max, count } = aggregates as Record<Aggregate, number>;
    const known = found.get(`${ts} ${group}`);
    if (known === undefined) found.set(`${ts} ${group}`, { ts, group, aggregates: { mean, min, max, count } });
    else {
      const had = known.aggregates;
      known.aggregates = {
        mean: (had.mean * had.count + mean * count) / (had.count + count),
        min: Math.min(had.min, min),
        max: Math.max(had.max, max),
        count: had.count + count,
      };
    }
  }
  return [...found.values()];
}

/** Switches count as 0 and 1, which InfluxQL does not do: from how many there are, and how many are on. */
function switchItems(
  all: readonly ReadingItem[],
  on: readonly ReadingItem[],
  aggregates: readonly Aggregate[],
): ReadingItem[] {
  const counts = new Map(on.map(({ ts, group, aggregates: found }) => [`${ts} ${group}`, found?.count ?? 0]));
  return all.map(({ ts, group, aggregates: found }) => {
    const count = found?.count ?? 0;
    const lit = counts.get(`${ts} ${group}`) ?? 0;
    const of = { mean: lit / count, min: lit === count ? 1 : 0, max: lit > 0 ? 1 : 0, count };
    return { ts, group, aggregates: Object.fromEntries(aggregates.map((name) => [name, of[name]])) };
  });
}

function beginningOf(ts: number, { width, origin }: Buckets): number {
  return origin + Math.floor((ts - origin) / width) * width;
}

function isAfter({ ts, group }: ReadingItem, after: ReadingsQuery['after']): boolean {
  return after === undefined || ts > after.ts || (ts === after.ts && group > after.group);
}

function byTime(a: ReadingItem, b: ReadingItem): number {
  return a.ts - b.ts || (a.group < b.group ? -1 : a.group > b.group ? 1 : 0);
}
