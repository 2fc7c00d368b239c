import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type DuckDBAppender, DuckDBDataChunk, DuckDBTimestampTZValue, type DuckDBValue } from '@duckdb/node-api';
import { openFile } from '../duckdb/file.ts';
import { withAppender } from '../duckdb/rows.ts';
import type { HistoryRow } from '../port.ts';
import type { Column, ColumnType } from './columns.ts';

/** Rows of a chunk: the most that DuckDB takes in one. */
const CHUNK = 2_048;
/** Of DuckDB, for an export. */
const MEMORY = '64MiB';

const SQL_TYPES: Record<ColumnType, string> = {
  text: 'VARCHAR',
  instant: 'TIMESTAMPTZ',
  whole: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
};

/**
 * Writes rows into a Parquet file in `folder`, and gives its path. Its footer is its end, so that it has to be made whole
 * before any of it is sent: rows are gathered in a DuckDB file of their own beside it, in constant memory.
 */
export async function writeParquet(
  folder: string,
  columns: readonly Column[],
  pages: AsyncIterable<readonly HistoryRow[]>,
): Promise<string> {
  const path = join(folder, 'rows.parquet');
  const file = await openFile(join(folder, 'rows.duckdb'), MEMORY);
  try {
    const connection = await file.instance.connect();
    try {
      const table = columns.map(({ name, type }) => `"${name}" ${SQL_TYPES[type]}`);
      await connection.run(`CREATE TABLE exported (${table.join(', ')})`);
      for await (const page of pages) {
        await withAppender(await connection.createAppender('exported'), (appender) => append(appender, columns, page));
      }
      const target = path.replaceAll("'", "''");
      await connection.run(`COPY exported TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
    } finally {
      connection.closeSync();
    }
  } finally {
    file.close();
  }
  return path;
}

async function append(appender: DuckDBAppender, columns: readonly Column[], rows: readonly HistoryRow[]) {
  const chunk = DuckDBDataChunk.create(columns.map((_, index) => appender.columnType(index)));
  for (let start = 0; start < rows.length; start += CHUNK) {
    const some = rows.slice(start, start + CHUNK);
    chunk.reset();
    chunk.rowCount = some.length;
    for (const [index, column] of columns.entries()) {
      chunk.setColumnValues(
        index,
        some.map((row) => asValue(column, row)),
      );
    }
    appender.appendDataChunk(chunk);
    await setImmediate();
  }
}

function asValue({ type, of }: Column, row: HistoryRow): DuckDBValue {
  const value = of(row);
  if (value === null) return null;
  if (type === 'instant') return new DuckDBTimestampTZValue(BigInt(value as number) * 1_000n);
  return type === 'whole' ? BigInt(value as number) : value;
}
