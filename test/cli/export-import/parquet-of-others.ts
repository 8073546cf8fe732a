import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { temporaryFolder } from '../../local/temporary-folder.ts';

/** A Parquet file that DuckDB writes. */
export const parquetOf = async (select: string, options = ''): Promise<string> => {
  const file = join(temporaryFolder(), 'foreign.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (${select}) TO '${file}' (FORMAT parquet${options})`);
  connection.closeSync();
  return file;
};
