import type { DuckDBConnection } from '@duckdb/node-api';
import { TownError } from '../../kernel/errors.ts';
import type { Kind, Kinds } from '../../model/kind.ts';
import { type KnownField, keptFields, refuseChanges } from '../fields.ts';
import type { KeptFields } from '../port.ts';
import { columnOf, ROW_COLUMNS, tableOf } from './names.ts';
import { bringRollUps } from './rollups.ts';

/** The version of what is written here; one more whenever an older Townpulse could misread it. */
const HISTORY_FORMAT = 2;

const BOOKKEEPING = `
  CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS progress (cursor BIGINT NOT NULL, counts VARCHAR NOT NULL);
  CREATE TABLE IF NOT EXISTS events (
    "at" BIGINT NOT NULL, what VARCHAR NOT NULL, "by" VARCHAR NOT NULL, detail VARCHAR NOT NULL
  );
  CREATE TABLE IF NOT EXISTS fields (
    kind VARCHAR NOT NULL, field VARCHAR NOT NULL, "type" VARCHAR NOT NULL, unit VARCHAR, "position" INTEGER NOT NULL
  );
  -- Everything before it is rolled up.
  CREATE TABLE IF NOT EXISTS rolled_up (until BIGINT NOT NULL);
  -- Days of devices in which something came after they were rolled up.
  CREATE TABLE IF NOT EXISTS late_days (kind VARCHAR NOT NULL, device VARCHAR NOT NULL, day BIGINT NOT NULL);
  -- What lies before was let go.
  CREATE TABLE IF NOT EXISTS horizons (what VARCHAR NOT NULL, "from" BIGINT NOT NULL);
  -- Months that lie in files.
  CREATE TABLE IF NOT EXISTS sealed (
    kind VARCHAR NOT NULL, "from" BIGINT NOT NULL, "to" BIGINT NOT NULL, file VARCHAR NOT NULL
  );
  -- The newest instants of devices among rows that are not in the tables any more.
  CREATE TABLE IF NOT EXISTS newest (device VARCHAR PRIMARY KEY, ts BIGINT NOT NULL);`;

/**
 * Brings the tables to the kinds, all or nothing: a new kind is a new table, a new field a nullable column, and what is
 * gone from the kinds stays.
 * @throws TownError `data-newer`; `kind-changed` with every field that changed its type or unit
 */
export async function bringSchema(connection: DuckDBConnection, kinds: Kinds): Promise<KeptFields> {
  await connection.run('BEGIN TRANSACTION');
  try {
    await connection.run(BOOKKEEPING);
    await bringFormat(connection);
    const known = await readFields(connection);
    refuseChanges(kinds, known);
    for (const kind of kinds.values()) {
      await bringKind(
        connection,
        kind,
        known.filter((entry) => entry.kind === kind.id),
      );
    }
    const kept = keptFields(kinds, await readFields(connection));
    await bringRollUps(connection, kept);
    await connection.run('COMMIT');
    return kept;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function bringFormat(connection: DuckDBConnection): Promise<void> {
  const [found] = (await connection.runAndReadAll('SELECT version FROM format')).getRowsJS();
  if (found === undefined) {
    await connection.run('INSERT INTO format VALUES ($1)', [HISTORY_FORMAT]);
    await connection.run("INSERT INTO progress VALUES (1, '{}')");
    return;
  }
  const version = Number(found[0]);
  if (version > HISTORY_FORMAT) {
    throw new TownError(
      'data-newer',
      `the history was written in format ${version}, this Townpulse reads up to ${HISTORY_FORMAT}: start the newer version, or restore a backup made by this one`,
    );
  }
  if (version < HISTORY_FORMAT) await connection.run('UPDATE format SET version = $1', [HISTORY_FORMAT]);
}

async function readFields(connection: DuckDBConnection): Promise<KnownField[]> {
  const result = await connection.runAndReadAll(
    'SELECT kind, field, "type", unit FROM fields ORDER BY kind, "position"',
  );
  return result.getRowObjectsJS() as unknown as KnownField[];
}

async function bringKind(connection: DuckDBConnection, kind: Kind, known: readonly KnownField[]): Promise<void> {
  const columns = Object.entries(ROW_COLUMNS).map(([name, type]) => `${name} ${type}`);
  await connection.run(`CREATE TABLE IF NOT EXISTS ${tableOf(kind.id)} (${columns.join(', ')})`);
  const fresh = Object.entries(kind.fields).filter(([name]) => !known.some(({ field }) => field === name));
  for (const [index, [name, { type, unit }]] of fresh.entries()) {
    const column = type === 'boolean' ? 'BOOLEAN' : 'DOUBLE';
    await connection.run(`ALTER TABLE ${tableOf(kind.id)} ADD COLUMN ${columnOf(name)} ${column}`);
    const position = known.length + index;
    await connection.run('INSERT INTO fields VALUES ($1, $2, $3, $4, $5)', [
      kind.id,
      name,
      type,
      unit ?? null,
      position,
    ]);
  }
}
