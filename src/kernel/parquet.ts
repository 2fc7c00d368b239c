import { DuckDBInstance } from '@duckdb/node-api';

/** Rows of a table, column by column; `count` of them. */
export interface Columns {
  names: readonly string[];
  values: readonly (readonly unknown[])[];
  count: number;
}

/** Reads Parquet files that this process wrote, in the thread that asks, with no file of DuckDB's open. */
export class ParquetReader {
  readonly #instance: DuckDBInstance;

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance;
  }

  static async open(): Promise<ParquetReader> {
    const settings = {
      ...{ threads: '1', memory_limit: '256MiB' },
      ...{ autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' },
    };
    return new ParquetReader(await DuckDBInstance.create(':memory:', settings));
  }

  /** The rows of a file in their order, some thousands at a time. */
  async *read(file: string): AsyncIterable<Columns> {
    const connection = await this.#instance.connect();
    try {
      const result = await connection.stream(`SELECT * FROM read_parquet('${file.replaceAll("'", "''")}')`);
      const names = result.columnNames();
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        yield { names, values: chunk.getColumns(), count: chunk.rowCount };
      }
    } finally {
      connection.closeSync();
    }
  }

  close(): void {
    this.#instance.closeSync();
  }
}
