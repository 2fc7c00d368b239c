import { nameOf, type Series, type Shown } from './grafana.ts';

/** A day shows at least so many values on a line, where it has as many buckets. */
const LINE = 3;
const DAY_MS = 86_400_000;

/**
 * What keeps a panel from showing a day as it is made for, when its queries (in their order) are answered so in buckets of
 * `interval` ms; null when nothing does. A line has several values, a figure one, a table rows with something in every column that it names; what a panel
 * says of a series by its name, it says of one that there is.
 */
export function flawIn(panel: Shown, answers: readonly (readonly Series[])[], interval: number): string | null {
  for (const [index, target] of panel.targets.entries()) {
    const series = answers[index] ?? [];
    if (series.length === 0) return `query ${target.refId} gives nothing`;
    const flaw = target.resultFormat === 'table' ? flawInTable(panel, series) : flawInSeries(panel, series, interval);
    if (flaw !== null) return `query ${target.refId}: ${flaw}`;
  }
  return panel.type === 'table' ? null : strayNames(panel, answers);
}

function flawInSeries(panel: Shown, series: readonly Series[], interval: number): string | null {
  const buckets = Math.max(1, Math.floor(DAY_MS / interval));
  const least = panel.type === 'timeseries' ? Math.min(LINE, buckets) : 1;
  const most = Math.max(
    ...series.flatMap(({ columns, values }) => columns.slice(1).map((_, at) => countIn(values, at + 1))),
  );
  if (panel.type !== 'timeseries' && panel.type !== 'stat' && panel.type !== 'bargauge') {
    return `nobody has said what a ${panel.type} shows`;
  }
  if (most < least) return `${most} value(s) where a ${panel.type} shows ${least} or more`;
  const first = series.flatMap(({ values }) => values.map((row) => row[1])).find((value) => value !== null);
  return typeof first === 'number' ? null : `${JSON.stringify(first)} is no number`;
}

function flawInTable(panel: Shown, series: readonly Series[]): string | null {
  const wanted = columnsOf(panel);
  const rows = series.reduce((sum, { values }) => sum + values.length, 0);
  if (rows === 0) return 'no row';
  const tags = Object.keys(series[0]?.tags ?? {});
  // Grafana's parser of tables puts the values of several tags into each other's columns.
  if (tags.length > 1) return `a table is told apart by one tag, not by ${tags.join(' and ')}`;
  for (const column of wanted) {
    const has = series.some(({ tags = {}, columns, values }) => {
      const at = columns.indexOf(column === 'Time' ? 'time' : column);
      return (tags[column] ?? '') !== '' || (at >= 0 && countIn(values, at) > 0);
    });
    if (!has) return `nothing in the column ${column}`;
  }
  return null;
}

/** The columns that a table shows. */
function columnsOf({ transformations = [] }: Shown): string[] {
  const { options } = transformations.find(({ id }) => id === 'filterFieldsByName') ?? {};
  return (options as { include: { names: string[] } } | undefined)?.include.names ?? [];
}

/** Values of a series' column that say something. */
function countIn(values: readonly unknown[][], at: number): number {
  return values.filter((row) => row[at] !== null && row[at] !== undefined && row[at] !== '').length;
}

/**
 * What is wrong with what a panel says of series by their names: where it gives names, each series has one; and any other
 * name that it knows is that of a series.
 */
function strayNames({ targets, fieldConfig }: Shown, answers: readonly (readonly Series[])[]): string | null {
  const there = targets.flatMap((target, index) =>
    (answers[index] ?? []).flatMap((series) => series.columns.slice(1).map((column) => nameOf(target, series, column))),
  );
  const said = (fieldConfig?.overrides ?? []).map(({ matcher, properties }) => ({
    name: String(matcher.options),
    isNaming: properties.some(({ id }) => id === 'displayName'),
  }));
  const given = said.filter(({ isNaming }) => isNaming).map(({ name }) => name);
  // A tag that is not there is '': things without an area or a road.
  const nameless = there.filter((name) => given.length > 0 && name !== '' && !given.includes(name));
  if (nameless.length > 0) return `${[...new Set(nameless)].join(', ')} has no name`;
  const stray = said.find(({ name }) => !given.includes(name) && !there.includes(name));
  return stray === undefined ? null : `there is no series ${stray.name}`;
}
