import type { DuckDBValue } from '@duckdb/node-api';

/** The text of a query with the values that it is bound to: `$1` is the first. */
export class Statement {
  readonly values: DuckDBValue[] = [];

  text(value: string): string {
    return `$${this.values.push(value)}`;
  }

  /** An instant, a width or another whole number. */
  ms(value: number): string {
    return `$${this.values.push(BigInt(Math.trunc(value)))}::BIGINT`;
  }

  /** A condition that a column, by its name as SQL has it, holds one of `values`. */
  among(column: string, values: readonly string[]): string {
    const bound = values.map((value) => this.text(value)).join(', ');
    return values.length === 0 ? 'false' : `${column} IN (${bound})`;
  }
}
