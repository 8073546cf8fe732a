import { limits } from '../../domain/limits.ts';
import type { NewRecord } from '../../domain/records/records.ts';

/** One append of a request: all or nothing. */
export interface PartitionAppend {
  readonly partition: number;
  /** Which one it is of those that the request has for the partition, from 0. Each is begun when the one before it is written. */
  readonly chunk: number;
  /** Where each of the records stands in the request. */
  readonly indexes: readonly number[];
  readonly records: readonly NewRecord[];
}

/** Bytes that the records of one append may take: brackets, commas and the format byte come on top, generously. */
export const appendRoom = limits.batchBytes - 2 * limits.batchRecords;

/** A chunk that still takes records, and the bytes of those it has. */
interface Open extends PartitionAppend {
  readonly indexes: number[];
  readonly records: NewRecord[];
  bytes: number;
}

const opened = (partition: number, chunk: number): Open => ({
  partition,
  chunk,
  indexes: [],
  records: [],
  bytes: 0,
});

/**
 * The appends of a request, by partition, those of a partition in their order. Without `bytes` each partition has one.
 * With them, which are those of each record as stored, it has as many as its records need: of 1,000 records or `appendRoom`
 * bytes. The same records at the same partitions are always cut in the same places.
 */
export const partitionAppends = (
  records: readonly NewRecord[],
  partitions: readonly number[],
  bytes?: readonly number[],
): readonly (readonly PartitionAppend[])[] => {
  const byPartition = new Map<number, Open[]>();
  for (const [index, record] of records.entries()) {
    const partition = partitions[index] ?? 0;
    const chunks = byPartition.get(partition) ?? [opened(partition, 0)];
    byPartition.set(partition, chunks);
    let chunk = chunks.at(-1) ?? opened(partition, 0);
    const size = bytes?.[index] ?? 0;
    const isFull = chunk.records.length === limits.batchRecords || chunk.bytes + size > appendRoom;
    if (bytes !== undefined && isFull) {
      chunk = opened(partition, chunks.length);
      chunks.push(chunk);
    }
    chunk.indexes.push(index);
    chunk.records.push(record);
    chunk.bytes += size;
  }
  return [...byPartition.values()];
};
