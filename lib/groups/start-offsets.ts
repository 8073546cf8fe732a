import { concurrently } from '../domain/concurrently.ts';
import { type FieldError, Problem } from '../domain/errors.ts';
import type { GroupStart } from '../domain/groups.ts';
import type { PartitionRef } from '../domain/records.ts';
import { parseTimestamp } from '../domain/timestamps.ts';
import type { Topic } from '../domain/topics.ts';

/** What is asked of a log to find an offset in a partition. */
export interface OffsetReader {
  /** The oldest offset still readable. */
  startOffset(at: PartitionRef): Promise<number>;
  /** The next offset to be written. */
  endOffset(at: PartitionRef): Promise<number>;
  /** The first record appended at or after that time (wall clock ms), or the end offset. */
  offsetAtTime(at: PartitionRef, timestampMs: number): Promise<number>;
}

const readAtOnce = 16;

export const partitionsOf = ({
  topicId,
  partitions,
}: Pick<Topic, 'topicId' | 'partitions'>): PartitionRef[] =>
  Array.from({ length: partitions }, (_, partition) => ({ topicId, partition }));

const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem('invalid_request', 'The start of the group is not valid. Nothing was changed.', { errors });

/** Offsets as they were given; a partition that was not named begins at its oldest record. */
const givenOffsets = async (
  reader: OffsetReader,
  topic: Topic,
  offsets: Readonly<Record<string, number>>,
): Promise<number[]> => {
  const unknown = Object.keys(offsets).filter(
    (name) => !/^(0|[1-9]\d{0,3})$/.test(name) || Number(name) >= topic.partitions,
  );
  if (unknown.length > 0) {
    const message = `No such partition: the topic has ${topic.partitions}, from 0 to ${topic.partitions - 1}.`;
    throw invalid(
      unknown.slice(0, 20).map((name) => ({ path: `start.offsets.${name.slice(0, 20)}`, message })),
    );
  }
  const errors: FieldError[] = [];
  const starts = await concurrently(readAtOnce, partitionsOf(topic), async (at) => {
    const start = await reader.startOffset(at);
    const wanted = offsets[at.partition];
    if (wanted === undefined) return start;
    const end = await reader.endOffset(at);
    if (wanted < start || wanted > end) {
      const message = `The partition has offsets from ${start}, and ends at ${end}.`;
      errors.push({ path: `start.offsets.${at.partition}`, message });
    }
    return wanted;
  });
  if (errors.length > 0) throw invalid(errors);
  return starts;
};

/**
 * The offset of every partition, by its number, at which a group begins.
 * @throws Problem `invalid_request` for offsets that the topic has not.
 */
export const startOffsets = async (
  reader: OffsetReader,
  topic: Topic,
  start: GroupStart,
): Promise<number[]> => {
  if (typeof start === 'object' && 'offsets' in start) return givenOffsets(reader, topic, start.offsets);
  return concurrently(readAtOnce, partitionsOf(topic), (at) => {
    if (start === 'earliest') return reader.startOffset(at);
    if (start === 'latest') return reader.endOffset(at);
    const timestamp = parseTimestamp(start.timestamp);
    if (timestamp === undefined) throw invalid([{ path: 'start.timestamp', message: 'This is no time.' }]);
    return reader.offsetAtTime(at, timestamp);
  });
};
