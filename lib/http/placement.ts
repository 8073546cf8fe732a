import { Problem } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { partitionForKey, type StickyPartition } from '../domain/records/partitioning.ts';
import type { Topic } from '../domain/topics.ts';
import { payloadOf } from '../log/append/waiting.ts';
import { appendRoom } from './lines/partition-appends.ts';
import type { ProducedRecord, ProduceRequest } from './schemas/records.ts';

/** One thing that is wrong with a request, of which nothing was written. */
export const invalid = (path: string, message: string): Problem =>
  new Problem('invalid_request', `${message} Nothing was written.`, { errors: [{ path, message }] });

const chosen = (topic: Topic, { records, pathOf }: ProduceRequest, index: number): number | undefined => {
  const { partition, record } = records[index] ?? { record: {} };
  if (partition !== undefined && partition >= topic.partitions) {
    const path = pathOf?.(index) ?? `records[${index}]`;
    throw invalid(
      path === '' ? 'partition' : `${path}.partition`,
      `Topic "${topic.name}" has ${topic.partitions} partitions, from 0 to ${topic.partitions - 1}.`,
    );
  }
  if (partition !== undefined) return partition;
  return record.key === undefined ? undefined : partitionForKey(record.key, topic.partitions);
};

/**
 * Records without a key fill one partition, the sticky one, as long as they can be one append there, then the next.
 * Where none has room they stay with the sticky one, whose append is then refused as too large.
 */
const filling = (
  first: number,
  partitions: number,
  bytes: Map<number, number>,
): ((size: number) => number) => {
  let current = first;
  return (size) => {
    for (let step = 0; step < partitions; step += 1) {
      const partition = (current + step) % partitions;
      if ((bytes.get(partition) ?? 0) + size > appendRoom) continue;
      current = partition;
      return partition;
    }
    return first;
  };
};

/** Lines without a key go to the sticky partition until that has an append of them, then the next has one, and so on. */
const dealtOut = (
  topic: Topic,
  { records }: ProduceRequest,
  fixed: readonly (number | undefined)[],
  sticky: Pick<StickyPartition, 'next'>,
): readonly number[] => {
  let current = sticky.next(topic.topicId, topic.partitions);
  const held = { records: 0, bytes: 0 };
  return fixed.map((partition, index) => {
    if (partition !== undefined) return partition;
    const bytes = records[index]?.bytes ?? 0;
    if (held.records === limits.batchRecords || held.bytes + bytes > appendRoom) {
      current = (current + 1) % topic.partitions;
      Object.assign(held, { records: 0, bytes: 0 });
    }
    held.records += 1;
    held.bytes += bytes;
    return current;
  });
};

/**
 * The partition of each record, in request order: the one asked for, else that of its key, else the sticky one.
 * @throws Problem `invalid_request` for a partition that the topic has not.
 */
export const placeRecords = (
  topic: Topic,
  request: ProduceRequest,
  sticky: Pick<StickyPartition, 'next'>,
): readonly number[] => {
  const { records, lines } = request;
  const fixed = records.map((_, index) => chosen(topic, request, index));
  if (!fixed.includes(undefined)) return fixed.filter((partition) => partition !== undefined);
  if (lines !== undefined) return dealtOut(topic, request, fixed, sticky);
  const bytes = new Map<number, number>();
  const add = (partition: number, size: number): number => {
    bytes.set(partition, (bytes.get(partition) ?? 0) + size);
    return partition;
  };
  for (const [index, partition] of fixed.entries()) {
    if (partition !== undefined) add(partition, records[index]?.bytes ?? 0);
  }
  const next = filling(sticky.next(topic.topicId, topic.partitions), topic.partitions, bytes);
  return records.map((record, index) => fixed[index] ?? add(next(record.bytes), record.bytes));
};

/**
 * Makes sure that a request with `expectedOffset` is one append to a partition that it names.
 * @throws Problem `invalid_request`
 */
export const requireOnePartition = (topic: Topic, { records, expectedOffset }: ProduceRequest): void => {
  if (expectedOffset === undefined || topic.partitions === 1) return;
  const first = records[0]?.partition;
  if (first !== undefined && records.every(({ partition }) => partition === first)) return;
  throw invalid(
    'expectedOffset',
    'With expectedOffset every record names the same partition, or the topic has only one.',
  );
};

/**
 * Makes sure that the records of every partition can be one append, before the first append is begun: a request that is
 * refused as too large leaves nothing behind.
 * @throws Problem `too_large`
 */
export const requireRoom = (records: readonly ProducedRecord[], partitions: readonly number[]): void => {
  const sizes = new Map<number, number>();
  for (const [index, partition] of partitions.entries())
    sizes.set(partition, (sizes.get(partition) ?? 0) + (records[index]?.bytes ?? 0));
  // A single append finds out by itself.
  if (sizes.size === 1) return;
  for (const [partition, size] of sizes) {
    if (size <= appendRoom) continue;
    const own = records.filter((_, index) => partitions[index] === partition);
    payloadOf(own.map(({ record }) => record));
  }
};
