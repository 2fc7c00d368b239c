import { DuckDBInstance } from '@duckdb/node-api';

/** The rows of a Parquet file, as another program reads them: timestamps are dates. */
export async function readParquet(file: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll('FROM read_parquet($1)', [file])).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
