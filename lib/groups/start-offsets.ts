import { concurrently } from '../domain/concurrently.ts';
import { type FieldError, Problem } from '../domain/errors.ts';
import type { GroupStart } from '../domain/groups/groups.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import { parseWhole } from '../domain/text/decimals.ts';
import { parseTimestamp } from '../domain/text/timestamps.ts';
import { partitionsOf, type Topic } from '../domain/topics.ts';
import type { PartitionStore } from '../stores/partitions.ts';

/** What is asked of a log to find an offset in a partition. */
export interface OffsetReader {
  /** The next offset to be written. */
  endOffset(at: PartitionRef): Promise<number>;
  /** The first record whose timestamp is at or after that time (wall clock ms), or the end offset. */
  offsetAtTime(at: PartitionRef, timestampMs: number): Promise<number>;
}

/** What is asked to find where a group begins. */
export interface StartDeps {
  readonly reader: OffsetReader;
  /** The oldest offsets still readable, of every partition in one query. */
  readonly partitions: Pick<PartitionStore, 'list'>;
}

/** The log's client has 256 connections, which other requests need too. */
export const partitionsAtOnce = 64;

const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem('invalid_request', 'The start of the group is not valid. Nothing was changed.', { errors });

const oldestOffsets = async ({ partitions }: StartDeps, topic: Topic): Promise<number[]> => {
  const states = await partitions.list(topic.topicId);
  return partitionsOf(topic).map(({ partition }) => states.get(partition)?.startOffset ?? 0);
};

/** Offsets as they were given; a partition that was not named begins at its oldest record. */
const givenOffsets = async (
  deps: StartDeps,
  topic: Topic,
  offsets: Readonly<Record<string, number>>,
): Promise<number[]> => {
  const unknown = Object.keys(offsets).filter(
    (name) => (parseWhole(name) ?? topic.partitions) >= topic.partitions,
  );
  if (unknown.length > 0) {
    const message = `No such partition: the topic has ${topic.partitions}, from 0 to ${topic.partitions - 1}.`;
    throw invalid(
      unknown.slice(0, 20).map((name) => ({ path: `start.offsets.${name.slice(0, 20)}`, message })),
    );
  }
  const oldest = await oldestOffsets(deps, topic);
  const errors: FieldError[] = [];
  const starts = await concurrently(partitionsAtOnce, partitionsOf(topic), async (at) => {
    const start = oldest[at.partition] ?? 0;
    const wanted = offsets[at.partition];
    if (wanted === undefined) return start;
    const end = await deps.reader.endOffset(at);
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
 * The offset of every partition, by its number, at which a group begins: one query for `earliest`, one for each
 * partition for `latest`, a few for each for a time.
 * @throws Problem `invalid_request` for offsets that the topic has not.
 */
export const startOffsets = async (deps: StartDeps, topic: Topic, start: GroupStart): Promise<number[]> => {
  if (start === 'earliest') return oldestOffsets(deps, topic);
  if (typeof start === 'object' && 'offsets' in start) return givenOffsets(deps, topic, start.offsets);
  return concurrently(partitionsAtOnce, partitionsOf(topic), (at) => {
    if (start === 'latest') return deps.reader.endOffset(at);
    const timestamp = parseTimestamp(start.timestamp);
    if (timestamp === undefined) throw invalid([{ path: 'start.timestamp', message: 'This is no time.' }]);
    return deps.reader.offsetAtTime(at, timestamp);
  });
};
