import { objectName } from '../../../lib/domain/archive/segments.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import type { LogRecord, PartitionRef } from '../../../lib/domain/records/records.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { namedBy } from '../log/history.ts';
import type { ArchiveServer } from './store.ts';

/** The partition of a topic that had the name before. */
export const formerPartition: PartitionRef = { topicId: 'former', partition: 0 };

/**
 * Leaves what the sweep has not taken apart yet of a topic that had the name before: a segment of the same offsets, whose
 * object is where those of the topic are. No reader is to see it, and it is to be gone in the end.
 */
export const leaveFormer = ({ segments, objects, now }: ArchiveServer, topic: string): void => {
  const [start, end] = [0, 40];
  const at = now();
  const writer = jsonSegments.writer({ topic, ...formerPartition, start });
  writer.add(Array.from({ length: end }, (_, offset) => formerRecord(offset, at)));
  const { body, footerBytes, records } = writer.finish(end);
  const object = objectName({ topic, partition: formerPartition.partition, start, end, attempt: 'former' });
  objects.set(object, { body, storedAt: at });
  const [bytes, objectBytes] = [body.length, body.length];
  const times = { firstAppendedAt: at, lastAppendedAt: at, maxTimestamp: at };
  const facts = { start, end, records, bytes, bytesBefore: 0, checksum: '', ...times };
  segments.add(formerPartition, { ...facts, object, objectBytes, footerBytes });
};

const formerRecord = (offset: number, at: number): LogRecord => ({
  partition: formerPartition.partition,
  offset,
  key: `k${offset % 3}`,
  valueJson: jsonText('of the former'),
  headersJson: namedBy(`former.${offset}`),
  timestamp: at,
  appendedAt: at,
});
