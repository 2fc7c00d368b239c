import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel, RowPanel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { packageRoot } from '../../../src/kernel/package-root.ts';

/** A query of a panel, as it is kept. */
export interface Target {
  refId: string;
  query: string;
  resultFormat: 'time_series' | 'table';
  alias?: string;
}

/** A panel that shows something. */
export type Shown = Omit<Panel, 'targets'> & { targets: Target[] };

/** What a reader looks at: instants in ms, and what he has chosen of each variable; null is all of it. */
export interface Look {
  from: number;
  to: number;
  chosen: Readonly<Record<string, readonly string[] | null>>;
}

/** A series as Influx answers it. */
export interface Series {
  tags?: Record<string, string>;
  columns: string[];
  values: unknown[][];
}

/** About as wide as a panel is, in points. */
const POINTS = 1_000;
export const DASHBOARDS = join(packageRoot, 'dashboards');

/** The committed boards: file below dashboards/ -> the board. */
export function committedBoards(): ReadonlyMap<string, Dashboard> {
  const files = ['zh', 'en'].flatMap((language) =>
    readdirSync(join(DASHBOARDS, language)).map((name) => join(language, name)),
  );
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as Dashboard] as const),
  );
}

/** The panels of a board, those in closed rows too; rows themselves are none. */
export function panelsOf({ panels = [] }: Dashboard): Shown[] {
  return panels.flatMap((panel) => (isRow(panel) ? (panel.panels as unknown as Shown[]) : [panel as unknown as Shown]));
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === 'row';
}

/**
 * The text that reaches InfluxDB, as Grafana's datasource makes it: a choice of several becomes `(a|b)` with every letter
 * escaped that a regular expression knows, all of them the variable's own `allValue` as it stands.
 */
export function sent(query: string, variables: readonly VariableModel[], look: Look, interval: number): string {
  return query
    .replaceAll('$timeFilter', `time >= ${look.from}ms and time <= ${look.to}ms`)
    .replaceAll('$__interval', `${interval}ms`)
    .replace(/\$(\w+)/g, (whole, name: string) => {
      const variable = variables.find((candidate) => candidate.name === name);
      if (variable === undefined) return whole;
      if (variable.multi !== true) throw new Error(`$${name} is escaped in some places only: let it be multi`);
      const chosen = look.chosen[name] ?? null;
      return chosen === null ? (variable.allValue ?? '') : `(${chosen.map(escaped).join('|')})`;
    });
}

/** What a panel looks at, with the width of a bucket (ms): its own span back, and no narrower than it says. */
export function lookOf(panel: Shown, look: Look): { look: Look; interval: number } {
  const from = panel.timeFrom === undefined ? look.from : look.to - spanMs(panel.timeFrom);
  const least = panel.interval === undefined ? 1_000 : spanMs(panel.interval);
  return { look: { ...look, from }, interval: Math.max(least, Math.ceil((look.to - from) / POINTS)) };
}

/** What a series of a panel is called. */
export function nameOf({ alias }: Target, { tags = {} }: Series, column: string): string {
  if (alias === undefined || alias === '$col') return column;
  return alias.replace(/\$tag_(\w+)/g, (_whole, tag: string) => tags[tag] ?? '');
}

function escaped(text: string): string {
  return text.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&');
}

function spanMs(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const length = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ''];
  if (length === undefined) throw new Error(`${text} is no span`);
  return Number(count) * length;
}
