import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { connect } from '../duckdb/connect.ts';
import { CommandError, messageOf } from '../failure.ts';
import type { Archive } from './archive.ts';
import type { Format } from './formats/rows.ts';
import { hintOn, stands } from './hints.ts';
import { runStatements } from './statements.ts';
import { everyTopic, type TopicFiles, viewsOf } from './views.ts';

export interface Query {
  readonly statement: string;
  /** Only these topics are opened; without it every one that the statement may name. */
  readonly topics?: readonly string[];
  readonly format: Format;
  /** Told of what the answer does not say. */
  readonly remark?: (line: string) => void;
}

/** By its text: a name that stands in it for something else costs time, and nothing else. */
const namedIn = ({ statement, topics }: Query): ((topic: string) => boolean) => {
  const text = statement.toLowerCase();
  const isAll = new RegExp(`\\b${everyTopic}\\b`).test(text);
  if (topics !== undefined) return (topic) => topics.includes(topic);
  return (topic) => isAll || text.includes(topic.toLowerCase());
};

/** What DuckDB says, and what may help. */
const wrongStatement = (error: unknown, statement: string, topics: readonly TopicFiles[]): CommandError => {
  if (error instanceof CommandError) return error;
  const said = messageOf(error)
    .trimEnd()
    .replace(/^Failed to extract statements: /, '');
  const names = topics.map(({ name }) => name);
  return new CommandError([said, hintOn(said, statement, names)].join('\n').trimEnd(), { cause: error });
};

const refuseUnknown = (wanted: readonly string[], topics: readonly TopicFiles[]): void => {
  const unknown = wanted.find((topic) => !topics.some(({ name }) => name === topic));
  if (unknown === undefined) return;
  const names = topics.map(({ name }) => name).join(', ');
  const known = names === '' ? 'the broker has none' : `there are ${names}`;
  throw new CommandError(`--topic: there is no topic ${JSON.stringify(unknown)}; ${known}.`);
};

/** Topics of which a statement gets nothing because nothing of them is archived: it looks as if they were empty. */
const tellOfNothing = ({ statement, remark }: Query, topics: readonly TopicFiles[]): void => {
  const empty = topics.filter(({ partitions }) => partitions.length === 0).map(({ name }) => name);
  const isAll = stands(statement, everyTopic);
  if (isAll && empty.length < topics.length) return;
  const asked = isAll ? empty : empty.filter((name) => stands(statement, name));
  if (asked.length === 0) return;
  const more = asked.length > 3 ? ' and others' : '';
  remark?.(
    `Nothing of ${asked.slice(0, 3).join(', ')}${more} is archived yet. What is appended is, an hour later, or once there are 16 MiB of it in a partition, unless the broker is set otherwise.`,
  );
};

/** Compaction and retention delete objects that a manifest named a moment ago. */
const isGone = (topics: readonly TopicFiles[]): boolean =>
  topics.some(({ partitions }) => partitions.some(({ files }) => files.some((file) => !existsSync(file))));

const answerOf = async function* (
  connection: DuckDBConnection,
  { statement, format, remark }: Query,
): AsyncGenerator<string> {
  const { result, isInVain } = await runStatements(connection, statement);
  yield* format({
    names: result.deduplicatedColumnNames(),
    types: result.columnTypes(),
    chunks: result.yieldRows(),
  });
  if (isInVain)
    remark?.('The archive is as it was: it is only read, and what a statement makes or changes is gone now.');
};

const tries = 3;

/**
 * Runs a statement on the archive and gives the answer's text piece by piece. The statement sees views: `viewsOf`.
 * @throws CommandError whose message is for people, as for a statement that is wrong.
 */
export const query = async function* (archive: Archive, asked: Query): AsyncGenerator<string> {
  const isNamed = namedIn(asked);
  for (let left = tries; ; left -= 1) {
    const all = await archive.open(isNamed);
    refuseUnknown(asked.topics ?? [], all);
    const topics = asked.topics === undefined ? all : all.filter(({ name }) => isNamed(name));
    if (left === tries) tellOfNothing(asked, topics);
    const connection = await connect();
    let isBegun = false;
    try {
      for (const view of viewsOf(topics)) await connection.run(view);
      for await (const piece of answerOf(connection, asked)) {
        yield piece;
        isBegun = true;
      }
      return;
    } catch (error) {
      if (!isBegun && left > 1 && isGone(topics)) continue;
      throw wrongStatement(error, asked.statement, topics);
    } finally {
      connection.closeSync();
    }
  }
};
