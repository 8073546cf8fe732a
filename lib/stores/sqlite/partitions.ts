import type { PartitionState, PartitionStore } from '../partitions.ts';
import type { Database } from './database.ts';

type Row = PartitionState & { readonly partition: number };

/** The column of each member of a state. */
const columns: Readonly<Record<keyof PartitionState, string>> = {
  startOffset: 'start_offset',
  archivedThrough: 'archived_through',
  trimmedThrough: 'trimmed_through',
  compactedThrough: 'compacted_through',
};
const selected = Object.entries(columns).map(([name, column]) => `${column} AS ${name}`);
const select = `SELECT partition, ${selected.join(', ')} FROM partitions WHERE topic_id = ?`;

const toState = (row: Row | undefined): PartitionState => ({
  startOffset: row?.startOffset ?? 0,
  archivedThrough: row?.archivedThrough ?? 0,
  trimmedThrough: row?.trimmedThrough ?? 0,
  compactedThrough: row?.compactedThrough ?? 0,
});

/** The state of partitions on SQLite. */
export const sqlitePartitionStore = (database: Database): PartitionStore => ({
  get: async ({ topicId, partition }) =>
    toState(database.one<Row>(`${select} AND partition = ?`, topicId, partition)),
  list: async (topicId) =>
    new Map(
      database.all<Row>(`${select} ORDER BY partition`, topicId).map((row) => [row.partition, toState(row)]),
    ),
  advance: ({ topicId, partition }, which, to) =>
    database.write('disk', () => {
      const column = columns[which];
      database.run(
        `INSERT INTO partitions (topic_id, partition, ${column}) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET ${column} = max(${column}, excluded.${column})`,
        topicId,
        partition,
        to,
      );
    }),
  deleteAll: (topicId) =>
    database.write('process', () => {
      database.run('DELETE FROM partitions WHERE topic_id = ?', topicId);
    }),
});
