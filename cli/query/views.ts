import { identifier, literal } from '../duckdb/connect.ts';

/** A partition of a topic, as files that DuckDB reads. */
export interface PartitionFiles {
  readonly partition: number;
  /** The oldest offset that is still readable: the first file may begin below it. */
  readonly startOffset: number;
  /** Paths, under folders `topic=<name>/partition=<p>`. */
  readonly files: readonly string[];
}

export interface TopicFiles {
  readonly name: string;
  readonly partitions: readonly PartitionFiles[];
}

/** The view of the records of every topic. */
export const everyTopic = 'records';

const noRecords = `SELECT NULL::VARCHAR AS topic, NULL::INTEGER AS partition, NULL::BIGINT AS "offset",
  NULL::TIMESTAMPTZ AS timestamp, NULL::TIMESTAMPTZ AS append_time, NULL::VARCHAR AS key, NULL::BLOB AS value,
  NULL::JSON AS value_json, NULL::VARCHAR AS content_type, NULL::MAP(VARCHAR, VARCHAR) AS headers
  WHERE false`;

/** Of a header that is there more than once the last: a map has each key once. */
const headersMap = `map_from_entries(list_filter(headers, lambda header, place:
  NOT list_contains(list_transform(headers[place + 1:], lambda later: later.key), header.key)))`;

/** Of partitions whose first file begins below what is still readable. */
const readable = (partitions: readonly PartitionFiles[]): string => {
  const cases = partitions
    .filter(({ startOffset }) => startOffset > 0)
    .map(({ partition, startOffset }) => `WHEN ${partition} THEN ${startOffset}`);
  return cases.length === 0 ? '' : ` WHERE "offset" >= CASE partition ${cases.join(' ')} ELSE 0 END`;
};

const recordsOf = ({ partitions }: TopicFiles): string => {
  const files = partitions.flatMap((partition) => partition.files);
  if (files.length === 0) return noRecords;
  return `SELECT topic, partition, "offset", timestamp, append_time, key, value,
  CASE WHEN content_type = 'application/json' THEN TRY_CAST(TRY(decode(value)) AS JSON) END AS value_json,
  content_type, ${headersMap} AS headers
  FROM read_parquet([${files.map(literal).join(', ')}], hive_partitioning = true,
    hive_types = {'topic': VARCHAR, 'partition': INTEGER})${readable(partitions)}`;
};

/** Names that stand for one and the same to SQL, which looks at no case. */
const folded = (name: string): string => name.toLowerCase();

/** Topics that have a view of their name; the others are in `records` alone. */
export const ownViews = (topics: readonly Pick<TopicFiles, 'name'>[]): ReadonlySet<string> => {
  const times = new Map<string, number>([[everyTopic, 1]]);
  for (const { name } of topics) times.set(folded(name), (times.get(folded(name)) ?? 0) + 1);
  return new Set(topics.map(({ name }) => name).filter((name) => times.get(folded(name)) === 1));
};

/**
 * Statements that make a view for each topic, by its name, and one of all: `topic`, `partition`, `offset`, `timestamp`,
 * `append_time`, `key`, `value` (bytes), `value_json` (where the value is JSON), `content_type` and `headers` (a map).
 */
export const viewsOf = (topics: readonly TopicFiles[]): readonly string[] => {
  const own = ownViews(topics);
  const views = topics
    .filter(({ name }) => own.has(name))
    .map((topic) => `CREATE VIEW ${identifier(topic.name)} AS ${recordsOf(topic)}`);
  const filled = topics.filter(({ partitions }) => partitions.length > 0);
  const all = filled.length === 0 ? noRecords : filled.map(recordsOf).join('\nUNION ALL\n');
  return [...views, `CREATE VIEW ${everyTopic} AS ${all}`];
};
