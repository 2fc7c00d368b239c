import type { HistoryRow, KeptField } from '../port.ts';

/** What a column holds: an instant is ms since 1970 here, and is shown as RFC 3339 or as a timestamp. */
export type ColumnType = 'text' | 'instant' | 'whole' | 'number' | 'boolean';

/** A column of an exported table; null for what a row does not have. */
export interface Column {
  name: string;
  type: ColumnType;
  of(row: HistoryRow): string | number | boolean | null;
}

const IDENTITY: readonly Column[] = [
  { name: 'device', type: 'text', of: ({ device }) => device },
  { name: 'ts', type: 'instant', of: ({ ts }) => ts },
];

/** What the history adds to a reading. `deviceTs` is what the device sent, which may be no time at all: ms, as a number. */
const ADDED: readonly Column[] = [
  { name: 'receivedAt', type: 'instant', of: ({ receivedAt }) => receivedAt },
  { name: 'deviceTs', type: 'whole', of: ({ deviceTs }) => deviceTs },
  { name: 'seq', type: 'whole', of: ({ seq }) => seq },
  { name: 'flags', type: 'text', of: ({ flags }) => (flags.length === 0 ? null : [...flags].sort().join(' ')) },
  { name: 'area', type: 'text', of: ({ area }) => area },
  { name: 'road', type: 'text', of: ({ road }) => road },
  { name: 'organisation', type: 'text', of: ({ organisation }) => organisation },
];

/** Names of the columns that every exported table has besides its fields. */
export const ROW_COLUMN_NAMES: readonly string[] = [...IDENTITY, ...ADDED].map(({ name }) => name);

/** The column of a field: its own name, with a `_`, which no field has, where that name is taken. */
export function fieldColumn(field: string): string {
  return ROW_COLUMN_NAMES.includes(field) ? `${field}_` : field;
}

/** The columns of a kind's table: which reading, its fields, and what the history adds. */
export function columnsOf(fields: readonly KeptField[]): Column[] {
  const values = fields.map(
    ({ field, type }): Column => ({ name: fieldColumn(field), type, of: ({ values }) => values[field] ?? null }),
  );
  return [...IDENTITY, ...values, ...ADDED];
}
