import type { KeptField } from '../port.ts';
import { FIGURES, ROLL_UPS, type RollUp, rollUpOf, SAME_MEAN, type Span } from '../rollups.ts';
import { fieldKeyOf, TAGS } from './names.ts';
import type { InfluxServer, Series } from './server.ts';
import { Statement } from './statement.ts';

/** The figures of a bucket: `<metric>_<figure>` by name, and `revision` where it has one. */
export interface FigureRow {
  tags: Record<string, string>;
  ts: number;
  figures: Record<string, number>;
}

/** Whose buckets of which time. */
export interface Buckets {
  kind: string;
  fields: readonly KeptField[];
  name: RollUp;
  span: Span;
  /** Of these devices; null for all. */
  devices: readonly string[] | null;
  origin: number;
}

/** The name of a figure of a metric. */
export function figureOf(metric: string, figure: (typeof FIGURES)[number]): string {
  return `${metric}_${figure}`;
}

/** What the readings come to now. Switches count as 0 and 1, which InfluxQL does not do: they are counted, on and all. */
export async function freshFigures(server: InfluxServer, buckets: Buckets): Promise<Map<string, FigureRow>> {
  const { kind, fields, name } = buckets;
  const width = ROLL_UPS[name];
  const numbers = fields.filter(({ type }) => type === 'number');
  const switches = fields.filter(({ type }) => type === 'boolean');
  const statement = new Statement();
  const offset = ((buckets.origin % width) + width) % width;
  const time = `time(${statement.width(width)}, ${statement.width(offset)})`;
  const by = `GROUP BY ${[time, ...TAGS.map((tag) => statement.name(tag))].join(', ')} fill(none)`;
  const ask = (columns: string[], more = '') =>
    statement.add(
      `SELECT ${columns.join(', ')} FROM ${statement.name(kind)} WHERE ${within(statement, buckets)}${more} ${by}`,
    );
  const key = ({ field }: KeptField) => statement.name(fieldKeyOf(field));
  if (numbers.length > 0) ask(numbers.flatMap((each) => FIGURES.map((figure) => `${figure}(${key(each)})`)));
  for (const each of switches) {
    ask([`count(${key(each)})`]);
    ask([`count(${key(each)})`], ` AND ${key(each)} = true`);
  }
  const answers = await server.query(statement);
  const rows = new Map<string, FigureRow>();
  const put = (series: readonly Series[], names: readonly string[]) => {
    for (const { row, cells } of cellsOf(series, rows)) {
      for (const [index, figure] of names.entries()) {
        const cell = cells[index];
        if (typeof cell === 'number') row.figures[figure] = cell;
      }
    }
  };
  let next = 0;
  if (numbers.length > 0) {
    const names = numbers.flatMap(({ field }) => FIGURES.map((figure) => figureOf(field, figure)));
    put(answers[next++] ?? [], names);
  }
  for (const { field } of switches) {
    const [count, on] = [figureOf(field, 'count'), figureOf(field, 'mean')];
    put(answers[next++] ?? [], [count]);
    put(answers[next++] ?? [], [on]);
    for (const { figures } of rows.values()) {
      const all = figures[count] ?? 0;
      if (all === 0) continue;
      const lit = figures[on] ?? 0;
      figures[on] = lit / all;
      figures[figureOf(field, 'min')] = lit === all ? 1 : 0;
      figures[figureOf(field, 'max')] = lit > 0 ? 1 : 0;
    }
  }
  return rows;
}

/** What stands there. */
export async function standingFigures(server: InfluxServer, buckets: Buckets): Promise<Map<string, FigureRow>> {
  const { kind, name } = buckets;
  const statement = new Statement();
  const by = TAGS.map((tag) => statement.name(tag)).join(', ');
  const source = statement.name(rollUpOf(kind, name));
  statement.add(`SELECT * FROM ${source} WHERE ${within(statement, buckets)} GROUP BY ${by}`);
  const [series = []] = await server.query(statement);
  const rows = new Map<string, FigureRow>();
  for (const one of series) {
    for (const { row, cells } of cellsOf([one], rows)) {
      for (const [index, figure] of one.columns.slice(1).entries()) {
        const cell = cells[index];
        if (typeof cell === 'number') row.figures[figure] = cell;
      }
    }
  }
  return rows;
}

/**
 * What is to be written: buckets that are new, with revision 1, and those whose figures changed, with the next one. A
 * bucket is never replaced by one of fewer readings: that one was made when readings had been let go.
 */
export function changedFigures(
  fresh: ReadonlyMap<string, FigureRow>,
  standing: ReadonlyMap<string, FigureRow>,
  fields: readonly KeptField[],
): FigureRow[] {
  const changed: FigureRow[] = [];
  for (const [id, row] of fresh) {
    const old = standing.get(id)?.figures;
    const now = row.figures;
    if (old !== undefined) {
      const counts = fields.map(({ field }) => figureOf(field, 'count'));
      if (counts.some((count) => (now[count] ?? 0) < (old[count] ?? 0))) continue;
      if (!fields.some(({ field }) => FIGURES.some((figure) => differs(old, now, figureOf(field, figure))))) continue;
    }
    changed.push({ ...row, figures: { ...now, revision: (old?.revision ?? 0) + 1 } });
  }
  return changed;
}

function differs(old: FigureRow['figures'], now: FigureRow['figures'], name: string): boolean {
  const [before = 0, after = 0] = [old[name], now[name]];
  if (!name.endsWith('_mean')) return before !== after;
  return Math.abs(before - after) > SAME_MEAN * Math.max(Math.abs(before), Math.abs(after));
}

function within(statement: Statement, { span, devices }: Buckets): string {
  const all = [`time >= ${statement.instant(span.from)}`, `time < ${statement.instant(span.to)}`];
  if (devices !== null) all.push(statement.among('device', devices));
  return all.join(' AND ');
}

/** The cells of each bucket, with its row among `rows`, which is made where there is none. */
function* cellsOf(series: readonly Series[], rows: Map<string, FigureRow>) {
  for (const { tags = {}, values } of series) {
    const own = TAGS.map((tag) => tags[tag] ?? '').join('\n');
    for (const [ts, ...cells] of values) {
      const id = `${own}\n${ts}`;
      let row = rows.get(id);
      if (row === undefined) {
        row = { tags, ts: ts as number, figures: {} };
        rows.set(id, row);
      }
      yield { row, cells };
    }
  }
}
