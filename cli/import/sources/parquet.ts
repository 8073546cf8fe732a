import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import { connect, identifier, literal } from '../../duckdb/connect.ts';
import { CommandError, messageOf } from '../../failure.ts';
import type { Mapping } from '../mapping.ts';
import { InputError, type Source, type SourceRecord } from '../source.ts';
import { type Columns, columnsOf, type Row, recordOf } from './row.ts';

interface Opened {
  readonly connection: DuckDBConnection;
  /** What SQL selects from. */
  readonly from: string;
  readonly rows: number;
}

const open = async (path: string): Promise<Opened> => {
  const connection = await connect();
  // One row group at a time.
  await connection.run('SET threads = 1');
  const from = `read_parquet(${literal(path)}, hive_partitioning = false)`;
  try {
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`);
    return { connection, from, rows: Number(counted.getRows()[0]?.[0] ?? 0) };
  } catch (error) {
    connection.closeSync();
    throw new CommandError(`${path} cannot be read as Parquet: ${messageOf(error).trimEnd()}`, {
      cause: error,
    });
  }
};

/** The rows, some at a time, with the columns that are wanted alone. */
const rowsOf = async (
  path: string,
  { connection, from }: Opened,
  mapping: Mapping,
): Promise<{ columns: Columns; chunks: AsyncIterable<readonly Row[]> }> => {
  const described = await connection.runAndReadAll(`SELECT * FROM ${from} LIMIT 0`);
  const types = described.columnTypes();
  const all = described.columnNames().map((name, at) => ({ name, type: types[at] as DuckDBType }));
  const columns = columnsOf(path, all, mapping);
  const { key, timestamp, partition, headers, values } = columns;
  const wanted = [key, timestamp, partition, ...headers.map(([, column]) => column), ...values];
  const names = new Set(wanted.flatMap((column) => (column === undefined ? [] : [identifier(column.name)])));
  const result = await connection.stream(`SELECT ${[...names].join(', ')} FROM ${from}`);
  return { columns, chunks: result.yieldRowObjects() };
};

/** A Parquet file of anybody's, whose columns become records as the mapping says. Read by DuckDB, some rows at a time. */
export const parquetSource = (path: string, mapping: Mapping): Source => {
  const file = { path, unit: 'row' } as const;
  let fraction = 0;
  const placed = (columns: Columns, row: Row, at: number): SourceRecord => {
    try {
      return { ...recordOf(columns, row), at };
    } catch (error) {
      throw new InputError(file, at, messageOf(error), error);
    }
  };
  return {
    ...file,
    get fraction() {
      return fraction;
    },
    records: async function* () {
      const opened = await open(path);
      try {
        const { columns, chunks } = await rowsOf(path, opened, mapping);
        let at = 0;
        for await (const rows of chunks)
          for (const row of rows) {
            at += 1;
            fraction = at / opened.rows;
            yield placed(columns, row, at);
          }
        fraction = 1;
      } finally {
        opened.connection.closeSync();
      }
    },
  };
};
