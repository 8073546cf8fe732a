import {
  type DuckDBConnection,
  type DuckDBExtractedStatements,
  type DuckDBResult,
  StatementType,
} from '@duckdb/node-api';
import { CommandError } from '../failure.ts';

/** What these make or change is in memory, and nothing of the archive. */
const changing: ReadonlySet<StatementType> = new Set([
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.CREATE,
  StatementType.CREATE_FUNC,
  StatementType.ALTER,
  StatementType.DROP,
  StatementType.MERGE_INTO,
]);

export interface Answer {
  readonly result: DuckDBResult;
  /** Whether all that the last statement did is gone with the connection. */
  readonly isInVain: boolean;
}

const extract = async (connection: DuckDBConnection, text: string): Promise<DuckDBExtractedStatements> => {
  try {
    return await connection.extractStatements(text);
  } catch (error) {
    // What DuckDB has no words for: a comment, or nothing.
    if (error instanceof Error && /native callback|statements: *$/.test(error.message))
      throw new CommandError('There is no statement: give one, as "select count(*) from records".');
    throw error;
  }
};

/**
 * Runs the statements of a text, and gives the answer of the last.
 * @throws CommandError where there is none, or one before the last answers too: nobody would see that.
 */
export const runStatements = async (connection: DuckDBConnection, text: string): Promise<Answer> => {
  const statements = await extract(connection, text);
  let isElsewhere = false;
  for (let at = 0; ; at += 1) {
    const prepared = await statements.prepare(at);
    const { statementType } = prepared;
    isElsewhere ||= statementType === StatementType.ATTACH;
    if (at === statements.count - 1)
      return { result: await prepared.stream(), isInVain: changing.has(statementType) && !isElsewhere };
    if (statementType === StatementType.SELECT)
      throw new CommandError(
        'Only the last statement is answered, and one before it asks for something too: ask them one at a time.',
      );
    await prepared.run();
    prepared.destroySync();
  }
};
