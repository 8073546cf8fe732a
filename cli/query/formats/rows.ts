import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';

/** What a statement answers with. */
export interface Rows {
  readonly names: readonly string[];
  readonly types: readonly DuckDBType[];
  /** Some rows at a time. */
  readonly chunks: AsyncIterable<readonly (readonly DuckDBValue[])[]>;
}

/** How rows are written. Gives the text piece by piece. */
export type Format = (rows: Rows) => AsyncIterable<string>;
