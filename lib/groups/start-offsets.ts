import { concurrently } from '../domain/concurrently.ts';
import { type FieldError, firstFault, Problem, reportedErrors } from '../domain/errors.ts';
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

/** The field of a request that says where. */
export type PlaceField = 'start' | 'to';

const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem('invalid_request', `The request is not valid. ${firstFault(errors)} Nothing was changed.`, {
    errors,
  });

const oldestOffsets = async ({ partitions }: StartDeps, topic: Topic): Promise<number[]> => {
  const states = await partitions.list(topic.topicId);
  return partitionsOf(topic).map(({ partition }) => states.get(partition)?.startOffset ?? 0);
};

/** Offsets as they were given; undefined where a partition was not named. */
const givenOffsets = async (
  deps: StartDeps,
  topic: Topic,
  offsets: Readonly<Record<string, number>>,
  field: PlaceField,
): Promise<(number | undefined)[]> => {
  const unknown = Object.keys(offsets).filter(
    (name) => (parseWhole(name) ?? topic.partitions) >= topic.partitions,
  );
  if (unknown.length > 0) {
    const message = `No such partition: the topic has ${topic.partitions}, from 0 to ${topic.partitions - 1}.`;
    throw invalid(
      unknown
        .slice(0, reportedErrors)
        .map((name) => ({ path: `${field}.offsets.${name.slice(0, 20)}`, message })),
    );
  }
  const oldest = await oldestOffsets(deps, topic);
  const errors: FieldError[] = [];
  const found = await concurrently(partitionsAtOnce, partitionsOf(topic), async (at) => {
    const start = oldest[at.partition] ?? 0;
    const wanted = offsets[at.partition];
    if (wanted === undefined) return undefined;
    const end = await deps.reader.endOffset(at);
    if (wanted < start || wanted > end) {
      const message = `The partition has offsets from ${start}, and ends at ${end}.`;
      errors.push({ path: `${field}.offsets.${at.partition}`, message });
    }
    return wanted;
  });
  if (errors.length > 0) throw invalid(errors.slice(0, reportedErrors));
  return found;
};

/**
 * The offset of every partition, by its number, that is at a place: one query for `earliest`, one for each partition for `latest`,
 * a few for each for a time. Undefined where `offsets` does not name the partition.
 * @param field of the request, for what is said of it
 * @throws Problem `invalid_request` for offsets that the topic has not.
 */
export const offsetsAt = async (
  deps: StartDeps,
  topic: Topic,
  place: GroupStart,
  field: PlaceField,
): Promise<readonly (number | undefined)[]> => {
  if (place === 'earliest') return oldestOffsets(deps, topic);
  if (typeof place === 'object' && 'offsets' in place) return givenOffsets(deps, topic, place.offsets, field);
  return concurrently(partitionsAtOnce, partitionsOf(topic), (at) => {
    if (place === 'latest') return deps.reader.endOffset(at);
    const timestamp = parseTimestamp(place.timestamp);
    if (timestamp === undefined) throw invalid([{ path: `${field}.timestamp`, message: 'This is no time.' }]);
    return deps.reader.offsetAtTime(at, timestamp);
  });
};

/**
 * The offset of every partition, by its number, at which a group begins; one that `offsets` does not name begins at its oldest record.
 * @throws Problem as `offsetsAt`.
 */
export const startOffsets = async (deps: StartDeps, topic: Topic, start: GroupStart): Promise<number[]> => {
  const found = await offsetsAt(deps, topic, start, 'start');
  const oldest = found.includes(undefined) ? await oldestOffsets(deps, topic) : [];
  return found.map((offset, partition) => offset ?? oldest[partition] ?? 0);
};
