import { type FIGURES, type RollUp, rollUpOf } from '../rollups.ts';

/** Columns that every kind's table begins with, in their order. */
export const ROW_COLUMNS = {
  device: 'VARCHAR NOT NULL',
  ts: 'BIGINT NOT NULL',
  received_at: 'BIGINT NOT NULL',
  device_ts: 'BIGINT',
  seq: 'BIGINT',
  flags: 'UTINYINT NOT NULL',
  area: 'VARCHAR',
  road: 'VARCHAR',
  organisation: 'VARCHAR',
} as const;

/** The table of a kind, as SQL has it. */
export function tableOf(kind: string): string {
  return quoted(tableName(kind));
}

/** The table of a kind by its bare name. */
export function tableName(kind: string): string {
  return `kind:${kind}`;
}

/** The column of a field, as SQL has it; its prefix keeps it apart from the columns of the row. */
export function columnOf(field: string): string {
  return quoted(`f:${field}`);
}

/** The table of a kind's roll-up, as SQL has it. */
export function rollUpTableOf(kind: string, rollUp: RollUp): string {
  return tableOf(rollUpOf(kind, rollUp));
}

/** The column of a figure of a field, as SQL has it. */
export function figureOf(field: string, figure: (typeof FIGURES)[number]): string {
  return columnOf(`${field}_${figure}`);
}

/** A text as SQL has it, where no value can be bound. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
