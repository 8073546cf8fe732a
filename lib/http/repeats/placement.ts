import { limits } from '../../domain/limits.ts';
import { partitionForKey, type StickyPartition } from '../../domain/records/partitioning.ts';
import type { Topic } from '../../domain/topics.ts';
import type { IntentStore } from '../../stores/intents.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { invalid, placeRecords } from '../placement.ts';
import type { ProduceRequest } from '../schemas/records.ts';
import { begunPartitions } from './begun.ts';
import type { Repeat } from './headers.ts';

export interface RepeatPlacementDeps {
  readonly sticky: Pick<StickyPartition, 'next'>;
  readonly intents: Pick<IntentStore, 'find'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Records without a key of their own begin at a partition that the request's key gives: the same whenever it is sent. */
const stickyBy = (key: string): Pick<StickyPartition, 'next'> => ({
  next: (_topicId, partitions) => partitionForKey(key, partitions),
});

/** How many partitions the topic had not so long ago that a key of that time may still be kept, the fewest first. */
const formerCounts = ({ grown = [] }: Topic, now: number): readonly number[] =>
  grown.filter(({ at }) => now - at < limits.idempotencyMs + limits.clockAllowanceMs).map(({ from }) => from);

/**
 * The partition of each record of a request that may be sent again: where it was placed before, though the topic has got more partitions
 * since.
 * @throws Problem `invalid_request` for a partition that the topic has not, or a sequence whose records are not all of one partition.
 */
export const placeRepeated = async (
  deps: RepeatPlacementDeps,
  topic: Topic,
  request: ProduceRequest,
  repeat: Repeat,
): Promise<readonly number[]> => {
  if (repeat.kind === 'sequence') return placeSequenced(deps, topic, request);
  const sticky = stickyBy(repeat.key);
  for (const partitions of formerCounts(topic, deps.clock.now())) {
    // A partition that is named may be a new one: the request is of today then.
    const names = request.records.some(({ partition = 0 }) => partition >= partitions);
    const former = names ? [] : placeRecords({ ...topic, partitions }, request, sticky);
    const begun = await begunPartitions(deps.intents, topic.topicId, repeat.key, former);
    if (begun.size > 0) return former;
  }
  return placeRecords(topic, request, sticky);
};

/** A producer counts its appends to each partition by itself. */
const placeSequenced = (
  { sticky }: RepeatPlacementDeps,
  topic: Topic,
  request: ProduceRequest,
): readonly number[] => {
  const isPlaced =
    topic.partitions === 1 ||
    request.records.every(({ partition, record }) => (partition ?? record.key) !== undefined);
  const partitions = placeRecords(topic, request, sticky);
  if (isPlaced && new Set(partitions).size === 1) return partitions;
  throw invalid(
    'Producer-Seq',
    'A producer numbers its appends to each partition by itself: all records of a request with Producer-Seq go to one partition, which they name, or to which their keys go.',
  );
};

/** @throws Problem `invalid_request` for what does not go with being sent again. */
export const checkRepeatable = ({ expectedOffset, lines, records }: ProduceRequest, repeat: Repeat): void => {
  if (expectedOffset !== undefined)
    throw invalid(
      'expectedOffset',
      'expectedOffset does not go with Idempotency-Key or Producer-Seq: by itself it has the records written once, at that offset or not at all.',
    );
  if (repeat.kind === 'sequence' && lines !== undefined && records.length > limits.batchRecords)
    throw invalid(
      'Producer-Seq',
      `A request with Producer-Seq is one append, of ${limits.batchRecords} records at most (batchRecords).`,
    );
};
