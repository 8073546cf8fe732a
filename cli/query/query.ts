import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { connect } from '../duckdb/connect.ts';
import { CommandError } from '../failure.ts';
import type { Archive } from './archive.ts';
import type { Format } from './formats/rows.ts';
import { everyTopic, ownViews, type TopicFiles, viewsOf } from './views.ts';

export interface Query {
  readonly statement: string;
  /** Only these topics are opened; without it every one that the statement may name. */
  readonly topics?: readonly string[];
  readonly format: Format;
}

/** By its text: a name that stands in it for something else costs time, and nothing else. */
const namedIn = ({ statement, topics }: Query): ((topic: string) => boolean) => {
  const text = statement.toLowerCase();
  const isAll = new RegExp(`\\b${everyTopic}\\b`).test(text);
  if (topics !== undefined) return (topic) => topics.includes(topic);
  return (topic) => isAll || text.includes(topic.toLowerCase());
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What DuckDB says, and what there is to ask of. */
const wrongStatement = (error: unknown, topics: readonly TopicFiles[]): CommandError => {
  const views = [...ownViews(topics)];
  const known = views.length === 0 ? '' : ` and, of topics, ${views.join(', ')}`;
  const said = messageOf(error).trimEnd();
  const hint = /Table with name/.test(said) ? `\nThere are ${everyTopic}${known}.` : '';
  return new CommandError(`${said}${hint}`, { cause: error });
};

/** Compaction and retention delete objects that a manifest named a moment ago. */
const isGone = (topics: readonly TopicFiles[]): boolean =>
  topics.some(({ partitions }) => partitions.some(({ files }) => files.some((file) => !existsSync(file))));

const answerOf = async function* (
  connection: DuckDBConnection,
  { statement, format }: Query,
): AsyncGenerator<string> {
  const result = await connection.stream(statement);
  yield* format({
    names: result.deduplicatedColumnNames(),
    types: result.columnTypes(),
    chunks: result.yieldRows(),
  });
};

const tries = 3;

/**
 * Runs a statement on the archive and gives the answer's text piece by piece. The statement sees views: `viewsOf`.
 * @throws CommandError whose message is for people, as for a statement that is wrong.
 */
export const query = async function* (archive: Archive, asked: Query): AsyncGenerator<string> {
  const isNamed = namedIn(asked);
  for (let left = tries; ; left -= 1) {
    const topics = (await archive.open(isNamed)).filter(
      ({ name }) => asked.topics === undefined || isNamed(name),
    );
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
      throw wrongStatement(error, topics);
    } finally {
      connection.closeSync();
    }
  }
};
