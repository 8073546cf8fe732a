import { tmpdir } from 'node:os';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** A database in memory, with times in UTC. What does not fit there goes to the system's folder for temporary files. */
export const connect = async (): Promise<DuckDBConnection> => {
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: tmpdir() });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
};

/** A text as SQL writes it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as SQL writes it. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
