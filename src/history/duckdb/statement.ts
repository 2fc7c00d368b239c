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
}
