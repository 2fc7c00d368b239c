import { DuckDBInstance } from '@duckdb/node-api';

/** Runs SQL on a file that no history has open. */
export async function sql(place: string, text: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(place);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(text)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
