import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** A board apart from its panels, which are checked one by one, each as what it is. */
interface Board extends Omit<dashboard.Dashboard, 'panels'> {
  uid: string;
  title: string;
}

/** A row; its panels are checked as the others. */
interface Row extends Omit<dashboard.RowPanel, 'panels'> {
  title: string;
}

/** A query of Grafana's InfluxDB datasource in text mode. */
interface Target {
  refId: string;
  datasource: { type: 'influxdb'; uid: 'townpulse' };
  query: string;
  rawQuery: true;
  resultFormat: 'time_series' | 'table';
  alias?: string;
}

/** What is set for fields of a name; each value is checked against what it sets, a part of {@link Fields}. */
interface Override {
  matcher: { id: 'byName'; options: string };
  properties: { id: string; value: unknown }[];
}

/** What may be set of a field: by any panel, and by those of a sort (`custom.…`). */
interface Fields {
  all: dashboard.FieldConfig;
  timeseries: common.GraphFieldConfig;
  table: common.TableFieldOptions;
}

interface Defaults<Custom> extends Omit<dashboard.FieldConfig, 'custom'> {
  custom?: Custom;
}

interface PanelOf<Type, Options, Custom>
  extends Omit<dashboard.Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations'> {
  id: number;
  type: Type;
  title: string;
  gridPos: dashboard.GridPos;
  datasource: { type: 'influxdb'; uid: 'townpulse' };
  targets: Target[];
  options: Options;
  fieldConfig: { defaults: Defaults<Custom>; overrides: Override[] };
}

/** Sorts whose fields have nothing of their own to set. */
type Nothing = Record<string, never>;

/** The sorts of panel, by what Grafana calls them. */
interface Panels {
  stat: PanelOf<'stat', stat.Options, Nothing>;
  bargauge: PanelOf<'bargauge', bargauge.Options, Nothing>;
  timeseries: PanelOf<'timeseries', timeseries.Options, common.GraphFieldConfig>;
  table: PanelOf<'table', table.Options, common.TableFieldOptions> & { transformations: Transformation[] };
}

type Transformation =
  | { id: 'filterFieldsByName'; options: { include: { names: string[] } } }
  | { id: 'organize'; options: { indexByName: Record<string, number> } };

/** What the committed boards are held against. */
export interface Shapes {
  board: Board;
  row: Row;
  panels: Panels;
  fields: Fields;
}
