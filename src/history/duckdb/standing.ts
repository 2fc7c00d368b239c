import type { DuckDBConnection } from '@duckdb/node-api';
import type { HistoryState, KeptFields } from '../port.ts';
import type { Horizons } from '../rollups.ts';
import { tableOf } from './names.ts';
import { readHorizons } from './retention.ts';
import { readRolledUp } from './rollups.ts';
import { readSealed } from './sealing.ts';
import type { SealedMonth } from './source.ts';

/** What was done with the rows of a file besides writing them. */
export interface Standing {
  /** Everything before it is rolled up, ms. */
  rolledUp: number;
  horizons: Horizons;
  sealed: readonly SealedMonth[];
}

/** Reads what was done with the rows of a file. */
export async function readStanding(connection: DuckDBConnection): Promise<Standing> {
  return {
    rolledUp: await readRolledUp(connection),
    horizons: await readHorizons(connection),
    sealed: await readSealed(connection),
  };
}

/** Reads where the writer stands. */
export async function readState(connection: DuckDBConnection, tables: KeptFields): Promise<HistoryState> {
  const [progress = []] = (await connection.runAndReadAll('SELECT cursor, counts FROM progress')).getRowsJS();
  const [cursor, counts] = progress;
  const newest = new Map<string, number>();
  const each = [...tables.keys()].map((kind) => `SELECT device, max(ts) FROM ${tableOf(kind)} GROUP BY device`);
  for (const question of ['SELECT device, ts FROM newest', ...each]) {
    for (const [device, ts] of (await connection.runAndReadAll(question)).getRowsJS()) {
      newest.set(String(device), Math.max(Number(ts), newest.get(String(device)) ?? -Infinity));
    }
  }
  return { cursor: Number(cursor), counts: JSON.parse(String(counts)), newest };
}
