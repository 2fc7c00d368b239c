import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type { Name } from '../src/model/primitives.ts';
import { BAD, GOOD, type Step } from './facts.ts';
import { type Pen, RATE } from './pen.ts';
import { InfluxQuery, type Query, SOURCE } from './query.ts';

/** Of values that are neither good nor bad. */
const NEUTRAL = 'blue';

/** What the SDK's builders of panels have in common. */
interface PanelBuilder {
  title(title: string): unknown;
  description(description: string): unknown;
  datasource(source: common.DataSourceRef): unknown;
  span(columns: number): unknown;
  height(lines: number): unknown;
  timeFrom(span: string): unknown;
  overrideByName(name: string, properties: dashboard.DynamicConfigValue[]): unknown;
}

/** … and those of panels that show values in one way. */
interface ValuePanelBuilder extends PanelBuilder {
  unit(unit: string): unknown;
  decimals(decimals: number): unknown;
  min(min: number): unknown;
  max(max: number): unknown;
  thresholds(thresholds: dashboard.ThresholdsConfigBuilder): unknown;
}

/** What every panel says. */
interface Common {
  title: Name;
  /** What the figures mean and what they do not: shown behind the panel's `i`. */
  about?: Name;
  /** Columns (of 24) and lines that it takes. */
  size: readonly [width: number, height: number];
  /** A look of its own back from now, s, instead of the board's time. */
  back?: number;
  /** What series that bear an id are called. */
  names?: readonly Named[];
}

/** Something of the town, with what it is called. */
interface Named {
  id: string;
  name: Name;
}

/** How values are shown. */
export interface Values {
  /** Grafana's id of a unit; without one, a plain number. */
  unit?: string;
  decimals?: number;
  min?: number;
  max?: number;
  steps?: readonly Step[];
}

/** What values are called, with a colour where it matters. */
type Words = Readonly<Record<string, { text: string; color?: string }>>;

/** Lines over time. */
export interface Chart extends Common, Values {
  queries: readonly (string | Query)[];
  /** How often its source speaks, s: narrower buckets would be empty, and a line is not drawn over three that are missing. */
  every: number;
  as?: 'lines' | 'stack' | 'bars' | 'steps';
  /** Two series that are the edges of a band, by the ids that `names` has for them. */
  band?: readonly [upper: string, lower: string];
  /** Colours by the names of series. */
  colors?: Readonly<Record<string, string>>;
}

/** One figure, or a few: the newest of each series. */
export interface Figure extends Common, Values {
  queries: readonly (string | Query)[];
  /** Said where there is no value. */
  none?: Name;
  /** How single figures are shown that differ from the others, by their names. */
  apart?: Readonly<Record<string, Values>>;
}

/** A bar for each series, the newest of each. */
export interface Bars extends Common, Values {
  queries: readonly (string | Query)[];
}

/** A look back over a year, a value a day. */
export const YEAR = { back: 365 * 86_400, every: 86_400 } as const;

/** A column of a table. */
export interface Column extends Values {
  title: Name;
  width?: number;
  /** `bar`: a bar beside the figure; `light`: the cell in the colour of its step. */
  as?: 'bar' | 'light';
  /** What its values are called, with a colour. */
  words?: Words;
  /** Longer than a cell: it can be opened. */
  isLong?: boolean;
  /** An address to go to from a cell. */
  link?: { title: Name; url: string };
}

/** A table of one query: its columns by the names they have there; what is not among them is not shown. */
export interface Table extends Common {
  query: string;
  columns: Readonly<Record<string, Column>>;
  /** The column that it is sorted by. */
  sort?: { by: string; desc?: boolean };
}

/** Steps of a rate that is good from `target` on. */
function rateSteps(target: number | null): Step[] {
  if (target === null) return [];
  return [
    { from: Number.NEGATIVE_INFINITY, color: BAD },
    { from: target, color: GOOD },
  ];
}

/** How values of a rate are shown, against a target where there is one. */
export function rate(target: number | null): Values {
  return { unit: RATE, decimals: 1, max: 1, steps: rateSteps(target) };
}

/** How values of a field are shown: its unit and, where rules hold it against a figure, their colours. */
export function valuesOf(pen: Pen, kind: string, field: string): Values {
  const { unit, range } = pen.facts.field(kind, field);
  return {
    unit: pen.unit(kind, field),
    steps: pen.facts.steps(kind, field),
    ...(unit === '%' && range !== undefined ? { min: range[0], max: range[1] } : {}),
  };
}

/** A column of a field. */
export function columnOf(pen: Pen, kind: string, field: string, more: Omit<Column, 'title'> = {}): Column {
  const { name, type } = pen.facts.field(kind, field);
  const switched = {
    words: { true: { text: pen.say({ zh: '是', en: 'yes' }), color: 'orange' }, false: { text: '–' } },
  };
  return {
    title: name,
    ...valuesOf(pen, kind, field),
    ...(type === 'boolean' ? { ...switched, as: 'light' } : {}),
    ...more,
  };
}

export function chart(pen: Pen, spec: Chart): timeseries.PanelBuilder {
  const { every, as = 'lines', band, colors = {}, steps = [] } = spec;
  const panel = new timeseries.PanelBuilder()
    .interval(`${every}s`)
    .spanNulls(3 * every * 1_000)
    .showPoints(common.VisibilityMode.Never)
    .lineWidth(as === 'stack' ? 0 : 1)
    .fillOpacity({ lines: 0, stack: 60, bars: 60, steps: 10 }[as])
    .drawStyle(as === 'bars' ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .lineInterpolation(as === 'steps' ? common.LineInterpolation.StepAfter : common.LineInterpolation.Linear)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (as === 'stack' || as === 'bars')
    panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (steps.length > 0) {
    const dashed = common.GraphThresholdsStyleMode.Dashed;
    panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(dashed));
  }
  if (band !== undefined) {
    const [upper, lower] = band;
    const name = spec.names?.find(({ id }) => id === lower)?.name;
    if (name === undefined) throw new Error(`${spec.title.en}: ${lower}, the edge of a band, has no name`);
    panel.overrideByName(upper, [
      // Grafana knows the other edge by the name that it shows.
      { id: 'custom.fillBelowTo', value: pen.say(name) },
      { id: 'custom.fillOpacity', value: 25 },
      { id: 'custom.lineWidth', value: 0 },
    ]);
    panel.overrideByName(lower, [{ id: 'custom.lineWidth', value: 0 }]);
  }
  for (const [name, color] of Object.entries(colors)) panel.overrideByName(name, [colored(color)]);
  return frame(pen, values(panel, spec), spec).targets(targets(spec.queries, 'time_series'));
}

export function figure(pen: Pen, spec: Figure): stat.PanelBuilder {
  const { none, apart = {} } = spec;
  const panel = new stat.PanelBuilder()
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .reduceOptions(new common.ReduceDataOptionsBuilder().values(false).calcs(['lastNotNull']));
  if (none !== undefined) panel.noValue(pen.say(none));
  for (const [name, shown] of Object.entries(apart)) panel.overrideByName(name, valueProperties(shown));
  return frame(pen, values(panel, spec), spec).targets(targets(spec.queries, 'time_series'));
}

export function bars(pen: Pen, spec: Bars): bargauge.PanelBuilder {
  const panel = new bargauge.PanelBuilder()
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .orientation(common.VizOrientation.Horizontal)
    .reduceOptions(new common.ReduceDataOptionsBuilder().values(false).calcs(['lastNotNull']));
  return frame(pen, values(panel, spec), spec).targets(targets(spec.queries, 'time_series'));
}

export function table(pen: Pen, spec: Table): tables.PanelBuilder {
  const { columns, sort } = spec;
  const shown = Object.keys(columns);
  const panel = new tables.PanelBuilder().filterable(true).withTransformation({
    id: 'filterFieldsByName',
    options: { include: { names: shown } },
  });
  panel.withTransformation({
    id: 'organize',
    options: { indexByName: Object.fromEntries(shown.map((name, index) => [name, index])) },
  });
  for (const [name, column] of Object.entries(columns)) panel.overrideByName(name, propertiesOf(pen, column));
  if (sort !== undefined) {
    const title = columns[sort.by]?.title;
    if (title === undefined) throw new Error(`the table ${spec.title.en} has no column ${sort.by} to sort by`);
    panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(pen.say(title)).desc(sort.desc ?? false)]);
  }
  return frame(pen, panel, spec).targets(targets([spec.query], 'table'));
}

function propertiesOf(pen: Pen, column: Column): dashboard.DynamicConfigValue[] {
  const { title, steps = [], width, as, words, link, isLong, ...shown } = column;
  const type = as === 'bar' ? common.TableCellDisplayMode.Gauge : common.TableCellDisplayMode.ColorText;
  const colors = steps.length > 0 || as !== undefined ? { steps } : {};
  return [
    { id: 'displayName', value: pen.say(title) },
    ...valueProperties({ ...shown, ...colors }),
    ...property('custom.width', width),
    ...property('custom.inspect', isLong),
    ...property('custom.cellOptions', as === undefined ? undefined : { type }),
    ...property('mappings', words === undefined ? undefined : [mapped(words)]),
    ...property('links', link === undefined ? undefined : [linked(pen.say(link.title), link.url)]),
  ];
}

function valueProperties({ unit, decimals, min, max, steps }: Values): dashboard.DynamicConfigValue[] {
  return [
    ...property('unit', unit),
    ...property('decimals', decimals),
    ...property('min', min),
    ...property('max', max),
    ...property('thresholds', steps === undefined ? undefined : thresholds(steps).build()),
  ];
}

/** A property that is set, or none. */
function property(id: string, value: unknown): dashboard.DynamicConfigValue[] {
  return value === undefined ? [] : [{ id, value }];
}

/** Puts the queries' letters on. */
function targets(queries: readonly (string | Query)[], format: 'time_series' | 'table'): InfluxQuery[] {
  return queries.map((query, index) => {
    const whole = typeof query === 'string' ? { influxql: query } : query;
    return new InfluxQuery(whole, String.fromCharCode(65 + index), format);
  });
}

function frame<P extends PanelBuilder>(
  pen: Pen,
  panel: P,
  { title, about, size: [width, height], back, names = [] }: Common,
): P {
  panel.title(pen.say(title));
  panel.datasource(SOURCE);
  panel.span(width);
  panel.height(height);
  if (about !== undefined) panel.description(pen.say(about));
  if (back !== undefined) panel.timeFrom(spanOf(back));
  for (const { id, name } of names) panel.overrideByName(id, [{ id: 'displayName', value: pen.say(name) }]);
  return panel;
}

function values<P extends ValuePanelBuilder>(panel: P, { unit = 'short', decimals, min, max, steps = [] }: Values): P {
  panel.unit(unit);
  if (decimals !== undefined) panel.decimals(decimals);
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  panel.thresholds(thresholds(steps));
  return panel;
}

/** Without steps all values are of one colour; said outright, since Grafana's own default calls 80 and more bad. */
function thresholds(given: readonly Step[]): dashboard.ThresholdsConfigBuilder {
  const steps = given.length > 0 ? given : [{ from: Number.NEGATIVE_INFINITY, color: NEUTRAL }];
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(({ from, color }) => ({ value: Number.isFinite(from) ? from : null, color })));
}

function mapped(words: Words): dashboard.ValueMapping {
  return { type: dashboard.MappingType.ValueToText, options: words };
}

function linked(title: string, url: string): dashboard.DashboardLink {
  return new dashboard.DashboardLinkBuilder(title).type(dashboard.DashboardLinkType.Link).url(url).build();
}

function colored(color: string): dashboard.DynamicConfigValue {
  return { id: 'color', value: { mode: dashboard.FieldColorModeId.Fixed, fixedColor: color } };
}

/** A span of whole seconds as Grafana writes one. */
export function spanOf(seconds: number): string {
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const) {
    if (seconds % length === 0) return `${seconds / length}${unit}`;
  }
  return `${seconds}s`;
}
