import type { DuckDBConnection } from '@duckdb/node-api';
import { beginningOf, DAY, type Horizons, ROLL_UP_NAMES, type RollUp } from '../rollups.ts';
import { rollUpTableOf, tableOf, text } from './names.ts';
import { rememberNewest } from './sealing.ts';
import type { Places, SealedMonth } from './source.ts';

/** Before every reading, ms. */
const EVER = -1e15;

/** Reads what was let go. */
export async function readHorizons(connection: DuckDBConnection): Promise<Horizons> {
  const rows = await connection.runAndReadAll('SELECT what, "from" FROM horizons');
  return Object.fromEntries(rows.getRowsJS().map(([what, from]) => [String(what), Number(from)]));
}

/** What is to be let go, now. */
export interface Dropping {
  horizons: Horizons;
  /** Sealed months that go with them. */
  months: SealedMonth[];
}

/**
 * What the horizons come to: whole days; of readings only what is rolled up, and of sealed months whole ones. Null when
 * that is gone already.
 */
export function droppingOf(
  wanted: Horizons,
  gone: Horizons,
  { sealed }: Places,
  rolledUp: number,
  origin: number,
): Dropping | null {
  const horizons: Horizons = {};
  for (const what of ['raw', ...ROLL_UP_NAMES] as const) {
    const asked = wanted[what];
    if (asked === undefined) continue;
    const until = what === 'raw' ? Math.min(asked, rolledUp) : asked;
    let from = beginningOf(until, DAY, origin);
    if (what === 'raw') {
      for (const month of sealed) if (month.from < from && from < month.to) from = month.from;
    }
    if (from > (gone[what] ?? -Infinity)) horizons[what] = from;
  }
  if (Object.keys(horizons).length === 0) return null;
  const { raw = -Infinity } = horizons;
  return { horizons, months: sealed.filter(({ to }) => to <= raw) };
}

/** Takes rows away that lie before their horizons, in the transaction of the connection. */
export async function dropRows(
  connection: DuckDBConnection,
  { tables }: Places,
  { horizons, months }: Dropping,
): Promise<void> {
  for (const [what, from] of Object.entries(horizons)) {
    for (const kind of tables.keys()) {
      const table = what === 'raw' ? tableOf(kind) : rollUpTableOf(kind, what as RollUp);
      if (what === 'raw') await rememberNewest(connection, kind, { from: EVER, to: from });
      await connection.run(`DELETE FROM ${table} WHERE ts < ${from}`);
    }
    await connection.run(`DELETE FROM horizons WHERE what = ${text(what)}`);
    await connection.run(`INSERT INTO horizons VALUES (${text(what)}, ${from})`);
  }
  for (const { file } of months) await connection.run('DELETE FROM sealed WHERE file = $1', [file]);
}
