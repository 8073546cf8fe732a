import { UndecodableBatchError } from '../../domain/errors.ts';
import { type Batch, batchEnd, latestTimestamp } from '../../domain/records/batches.ts';
import { decodeRecords } from '../../domain/records/encoding.ts';

export interface TimeSearch {
  readonly timestampMs: number;
  readonly partition: number;
  /** The oldest readable offset. */
  readonly start: number;
  /** The last batch of the partition. */
  readonly last: Batch | undefined;
  /** The batch of the highest base not above an offset. */
  readonly floor: (offset: number) => Promise<Batch | undefined>;
}

/**
 * The first readable offset whose record's timestamp is at or after a time, as Kafka finds it; the end offset when there
 * is none. By bisection over offsets for the first batch up to which some record is as late, about log2(records) queries,
 * and then in that batch.
 *
 * Where the first record as late has been trimmed the answer is the start offset, though the records there may be earlier:
 * what is left has to be read to know, and from there on nothing is missed.
 */
export const firstOffsetAt = async (search: TimeSearch): Promise<number> => {
  const { timestampMs, start, last, floor } = search;
  if (last === undefined) return 0;
  if (latestTimestamp(last) < timestampMs) return batchEnd(last);
  // No record below `low` is as late; one in `found`, or before it, is.
  let low = start;
  let found = last;
  while (low < found.base) {
    const middle = Math.floor((low + found.base - 1) / 2);
    const batch = await floor(middle);
    // One that was trimmed meanwhile is before what is left.
    if (batch === undefined) low = middle + 1;
    else if (latestTimestamp(batch) >= timestampMs) found = batch;
    else low = Math.max(middle + 1, batchEnd(batch));
  }
  return Math.max(start, firstIn(found, search));
};

/** The first readable record in `batch` that is late enough; its base when there is none, or it cannot be read. */
const firstIn = (batch: Batch, { timestampMs, partition, start }: TimeSearch): number => {
  try {
    const isWanted = ({ offset, timestamp }: { offset: number; timestamp: number }): boolean =>
      offset >= start && timestamp >= timestampMs;
    return decodeRecords(batch, partition).find(isWanted)?.offset ?? batch.base;
  } catch (error) {
    if (error instanceof UndecodableBatchError) return batch.base;
    throw error;
  }
};
