import type { Segment } from '../../domain/archive/segments.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { SegmentStore } from '../segments.ts';
import type { Database } from './database.ts';

interface Row {
  readonly segment: string;
}

const toSegment = ({ segment }: Row): Segment => JSON.parse(segment) as Segment;
const select = 'SELECT segment FROM segments WHERE topic_id = ? AND partition = ?';

/** The manifest on SQLite. */
export const sqliteSegmentStore = (database: Database): SegmentStore => {
  const find = ({ topicId, partition }: PartitionRef, start: number): Segment | undefined => {
    const row = database.one<Row>(`${select} AND start = ?`, topicId, partition, start);
    return row && toSegment(row);
  };

  const keep = ({ topicId, partition }: PartitionRef, segment: Segment): Segment => {
    database.run(
      'INSERT OR REPLACE INTO segments (topic_id, partition, start, object, segment) VALUES (?, ?, ?, ?, ?)',
      topicId,
      partition,
      segment.start,
      segment.object,
      JSON.stringify(segment),
    );
    return segment;
  };

  const newest = ({ topicId, partition }: PartitionRef): Segment | undefined => {
    const sql = 'SELECT segment FROM newest_segments WHERE topic_id = ? AND partition = ?';
    const row = database.one<Row>(sql, topicId, partition);
    return row && toSegment(row);
  };

  const seal = (at: PartitionRef, segment: Segment, former: Segment | undefined): boolean => {
    const standing = newest(at)?.object;
    if (standing === segment.object) return true;
    if (standing !== former?.object) return false;
    const sql = 'INSERT OR REPLACE INTO newest_segments (topic_id, partition, segment) VALUES (?, ?, ?)';
    database.run(sql, at.topicId, at.partition, JSON.stringify(segment));
    return true;
  };

  return {
    newest: async (at) => newest(at),
    seal: (at, segment, former) => database.write('disk', () => seal(at, segment, former)),
    add: (at, segment) => database.write('disk', () => find(at, segment.start) ?? keep(at, segment)),
    floor: async ({ topicId, partition }, offset, signal) => {
      signal?.throwIfAborted();
      const last = `${select} AND start <= ? ORDER BY start DESC LIMIT 1`;
      const row = database.one<Row>(last, topicId, partition, offset);
      return row && toSegment(row);
    },
    list: async ({ topicId, partition }, { from, limit }) =>
      database
        .all<Row>(`${select} AND start >= ? ORDER BY start LIMIT ?`, topicId, partition, from, limit)
        .map(toSegment),
    replace: (at, object, segment) =>
      database.write('disk', () => {
        const standing = find(at, segment.start)?.object;
        if (standing === object) keep(at, segment);
        return standing === object || standing === segment.object;
      }),
    delete: ({ topicId, partition }, { start, object }) =>
      database.write('disk', () => {
        const sql = 'DELETE FROM segments WHERE topic_id = ? AND partition = ? AND start = ? AND object = ?';
        database.run(sql, topicId, partition, start, object);
      }),
    forgetNewest: ({ topicId, partition }) =>
      database.write('process', () => {
        const sql = 'DELETE FROM newest_segments WHERE topic_id = ? AND partition = ?';
        database.run(sql, topicId, partition);
      }),
  };
};
