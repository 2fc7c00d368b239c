import type { DuckDBConnection } from '@duckdb/node-api';
import { type Problem, TownError } from '../../kernel/errors.ts';
import type { Kind, Kinds } from '../../model/kind.ts';

/** The version of what is written here; one more whenever an older Townpulse could misread it. */
export const HISTORY_FORMAT = 1;

/** Columns that every kind's table begins with, in the order of appending. */
export const ROW_COLUMNS = [
  'device VARCHAR NOT NULL',
  'ts BIGINT NOT NULL',
  'received_at BIGINT NOT NULL',
  'device_ts BIGINT',
  'seq BIGINT',
  'flags UTINYINT NOT NULL',
  'area VARCHAR',
  'road VARCHAR',
  'organisation VARCHAR',
] as const;

/** A name quoted for SQL. Only names that a Kind carries come here. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The table of a kind. */
export function tableOf(kind: string): string {
  return quoted(`kind:${kind}`);
}

/** The column of a field; fields keep apart from the columns of the row by their prefix. */
export function columnOf(field: string): string {
  return quoted(`f:${field}`);
}

/** The fields of a kind's table, in the order of its columns: those of the kind, and those it once had. */
export type Columns = ReadonlyMap<string, readonly { field: string; type: 'number' | 'boolean' }[]>;

/**
 * Brings the tables to the kinds: a new kind is a new table, a new field a nullable column, and one that is gone stays.
 * @throws TownError `data-newer`; `kind-changed` when a field changed its type or unit, each one named
 */
export async function bringSchema(connection: DuckDBConnection, kinds: Kinds): Promise<Columns> {
  await connection.run('CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL)');
  const [found] = (await connection.runAndReadAll('SELECT version FROM format')).getRowObjectsJS();
  if (found === undefined) await connection.run('INSERT INTO format VALUES ($1)', [HISTORY_FORMAT]);
  else if (Number(found.version) > HISTORY_FORMAT) {
    throw new TownError(
      'data-newer',
      `the history was written in format ${String(found.version)}, this Townpulse reads up to ${HISTORY_FORMAT}: start the newer version, or restore a backup made by this one`,
    );
  }
  await connection.run('CREATE TABLE IF NOT EXISTS cursor (next BIGINT NOT NULL)');
  await connection.run(
    'CREATE TABLE IF NOT EXISTS counts (kind VARCHAR NOT NULL, stored BIGINT NOT NULL, merged BIGINT NOT NULL, duplicate BIGINT NOT NULL, rejected BIGINT NOT NULL)',
  );
  await connection.run(
    'CREATE TABLE IF NOT EXISTS events (at BIGINT NOT NULL, what VARCHAR NOT NULL, by VARCHAR NOT NULL, detail VARCHAR NOT NULL)',
  );
  await connection.run(
    'CREATE TABLE IF NOT EXISTS fields (kind VARCHAR NOT NULL, field VARCHAR NOT NULL, type VARCHAR NOT NULL, unit VARCHAR, position INTEGER NOT NULL)',
  );
  await connection.run('CREATE TEMP TABLE looked_up (device VARCHAR NOT NULL, ts BIGINT NOT NULL)');
  const known = (
    await connection.runAndReadAll('SELECT kind, field, type, unit FROM fields ORDER BY kind, position')
  ).getRowObjectsJS() as unknown as KnownField[];
  refuseChanges(kinds, known);
  for (const kind of kinds.values())
    await bringKind(
      connection,
      kind,
      known.filter((field) => field.kind === kind.id),
    );
  return readColumns(connection);
}

interface KnownField {
  kind: string;
  field: string;
  type: 'number' | 'boolean';
  unit: string | null;
}

function refuseChanges(kinds: Kinds, known: readonly KnownField[]): void {
  const problems: Problem[] = [];
  for (const { kind, field, type, unit } of known) {
    const now = kinds.get(kind)?.fields[field];
    if (now === undefined) continue;
    const path = `devices/${kind}.yaml: fields.${field}`;
    if (now.type !== type)
      problems.push({ path, message: `was a ${type} and is now a ${now.type}: give the new one another name` });
    if ((now.unit ?? null) !== unit) {
      problems.push({
        path,
        message: `was in ${unit ?? 'no unit'} and is now in ${now.unit ?? 'none'}: give the new one another name`,
      });
    }
  }
  if (problems.length > 0)
    throw new TownError('kind-changed', 'what is in the history does not fit the kinds any more', { problems });
}

async function bringKind(connection: DuckDBConnection, kind: Kind, known: readonly KnownField[]): Promise<void> {
  await connection.run(`CREATE TABLE IF NOT EXISTS ${tableOf(kind.id)} (${ROW_COLUMNS.join(', ')})`);
  let position = known.length;
  for (const [name, field] of Object.entries(kind.fields)) {
    if (known.some((entry) => entry.field === name)) continue;
    const type = field.type === 'boolean' ? 'BOOLEAN' : 'DOUBLE';
    await connection.run(`ALTER TABLE ${tableOf(kind.id)} ADD COLUMN ${columnOf(name)} ${type}`);
    await connection.run('INSERT INTO fields VALUES ($1, $2, $3, $4, $5)', [
      kind.id,
      name,
      field.type,
      field.unit ?? null,
      position++,
    ]);
  }
}

async function readColumns(connection: DuckDBConnection): Promise<Columns> {
  const columns = new Map<string, { field: string; type: 'number' | 'boolean' }[]>();
  const fields = (
    await connection.runAndReadAll('SELECT kind, field, type, unit FROM fields ORDER BY kind, position')
  ).getRowObjectsJS();
  for (const { kind, field, type } of fields as unknown as KnownField[]) {
    const list = columns.get(kind);
    if (list === undefined) columns.set(kind, [{ field, type }]);
    else list.push({ field, type });
  }
  return columns;
}
