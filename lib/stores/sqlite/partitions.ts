import type { PartitionState, PartitionStore } from '../partitions.ts';
import type { Database } from './database.ts';

interface Row {
  readonly partition: number;
  readonly start_offset: number;
  readonly archived_through: number;
}

const select = 'SELECT partition, start_offset, archived_through FROM partitions WHERE topic_id = ?';

const toState = (row: Row | undefined): PartitionState => ({
  startOffset: row?.start_offset ?? 0,
  archivedThrough: row?.archived_through ?? 0,
});

/** The state of partitions on SQLite. */
export const sqlitePartitionStore = (database: Database): PartitionStore => ({
  get: async ({ topicId, partition }) =>
    toState(database.one<Row>(`${select} AND partition = ?`, topicId, partition)),
  list: async (topicId) =>
    new Map(
      database.all<Row>(`${select} ORDER BY partition`, topicId).map((row) => [row.partition, toState(row)]),
    ),
  advanceStart: ({ topicId, partition }, startOffset) =>
    database.write('disk', () => {
      database.run(
        `INSERT INTO partitions (topic_id, partition, start_offset, archived_through) VALUES (?, ?, ?, 0)
         ON CONFLICT DO UPDATE SET start_offset = max(start_offset, excluded.start_offset)`,
        topicId,
        partition,
        startOffset,
      );
    }),
  deleteAll: (topicId) =>
    database.write('process', () => {
      database.run('DELETE FROM partitions WHERE topic_id = ?', topicId);
    }),
});
