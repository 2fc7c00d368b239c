import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { DuckDbHistory } from '../../src/history/duckdb/store.ts';
import { noPoint } from '../../src/kernel/points.ts';
import { ROLL_UP_KINDS, rollUpsContract } from '../contract/history-rollups.ts';
import { sql } from './duckdb-sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'townpulse-rollups-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let places = 0;

describe('figures of readings in DuckDB', () => {
  rollUpsContract(
    (place, point = noPoint) => new DuckDbHistory(place, ROLL_UP_KINDS, '64MiB', { origin: -8 * 3_600_000, point }),
    () => join(folder, `${places++}.duckdb`),
    async (place, kind, name) => {
      const rows = await sql(place, `SELECT * FROM "kind:${kind}_${name}" ORDER BY ts, device, area`);
      return rows.map(({ device, ts, area, road: _road, organisation: _organisation, revision, ...figures }) => ({
        ...{ ts: Number(ts), device: String(device), area: String(area), revision: Number(revision) },
        figures: Object.fromEntries(
          Object.entries(figures)
            .filter(([column, value]) => value !== null && !(column.endsWith('_count') && Number(value) === 0))
            .map(([column, value]) => [column.slice(2), Number(value)]),
        ),
      }));
    },
  );
});
