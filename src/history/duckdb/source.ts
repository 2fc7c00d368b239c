import type { KeptFields } from '../port.ts';
import type { Span } from '../rollups.ts';
import { tableOf, text } from './names.ts';

/** A month of a kind that lies in a file, and not in the table any more. */
export interface SealedMonth extends Span {
  kind: string;
  /** Its name in the folder of sealed months. */
  file: string;
}

/** Where the rows of all kinds are: in their tables, and sealed in files. */
export interface Places {
  tables: KeptFields;
  /** The folder of sealed months. */
  folder: string;
  sealed: readonly SealedMonth[];
}

/** The folder of the sealed months of a file: `history.sealed` beside `history.duckdb`. */
export function folderOf(path: string): string {
  return `${path.replace(/\.duckdb$/, '')}.sealed`;
}

/**
 * The rows of a kind, as SQL has them in a FROM: those of its table, and those of the sealed months that overlap `span` and
 * have nothing later laid over them in the table.
 */
export function rowsOf({ folder, sealed }: Places, kind: string, span?: Span): string {
  const { from = -Infinity, to = Infinity } = span ?? {};
  const months = sealed.filter((month) => month.kind === kind && month.from < to && month.to > from);
  const table = tableOf(kind);
  if (months.length === 0) return table;
  const files = months.map(({ file }) => text(`${folder}/${file}`)).join(', ');
  const first = Math.min(...months.map((month) => month.from));
  const last = Math.max(...months.map((month) => month.to));
  const later = `SELECT device, ts FROM ${table} WHERE ts >= ${first} AND ts < ${last}`;
  const rows = `read_parquet([${files}], union_by_name = true, hive_partitioning = false)`;
  return `(SELECT * FROM ${table} UNION ALL BY NAME (SELECT s.* FROM ${rows} s ANTI JOIN (${later}) USING (device, ts)))`;
}
