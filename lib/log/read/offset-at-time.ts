import type { ArchiveReader } from '../../archive/read/reader.ts';
import type { Segment } from '../../domain/archive/segments.ts';
import { UndecodableBatchError } from '../../domain/errors.ts';
import { type Batch, batchEnd, latestTimestamp } from '../../domain/records/batches.ts';
import { decodeRecords } from '../../domain/records/encoding.ts';
import type { PartitionRef } from '../../domain/records/records.ts';

/** A batch or a segment, as a search by time sees it. */
export interface TimedRun {
  readonly base: number;
  /** Exclusive. */
  readonly end: number;
  /** The largest record timestamp in it and before it, ms. */
  readonly latest: number;
  /**
   * The first record in it, at `start` or behind it, that is as late; where there is none, or it cannot be read, an offset
   * from which on none is missed.
   */
  firstAt(timestampMs: number, start: number): number | Promise<number>;
}

export interface TimeSearch {
  readonly timestampMs: number;
  /** The oldest readable offset. */
  readonly start: number;
  /** The last batch of the partition. */
  readonly last: TimedRun | undefined;
  /** What covers an offset; undefined where that was trimmed meanwhile. */
  readonly floor: (offset: number) => Promise<TimedRun | undefined>;
}

/**
 * The first readable offset whose record's timestamp is at or after a time, as Kafka finds it; the end offset when there
 * is none. By bisection over offsets for the first batch or segment up to which some record is as late, about
 * log2(records) queries, and then in that.
 *
 * Where the first record as late is gone the answer is an offset before that of the first which is left: the start offset
 * where it was trimmed, though the records there may be earlier. What is left has to be read to know, and from there on
 * nothing is missed.
 */
export const firstOffsetAt = async (search: TimeSearch): Promise<number> => {
  const { timestampMs, start, last, floor } = search;
  if (last === undefined) return 0;
  if (last.latest < timestampMs) return last.end;
  // No record below `low` is as late; one in `found`, or before it, is.
  let low = start;
  let found = last;
  while (low < found.base) {
    const middle = Math.floor((low + found.base - 1) / 2);
    const run = await floor(middle);
    // One that was trimmed meanwhile is before what is left.
    if (run === undefined) low = middle + 1;
    else if (run.latest >= timestampMs) found = run;
    else low = Math.max(middle + 1, run.end);
  }
  return Math.max(start, await found.firstAt(timestampMs, start));
};

export const timedBatch = (batch: Batch, partition: number): TimedRun => ({
  base: batch.base,
  end: batchEnd(batch),
  latest: latestTimestamp(batch),
  firstAt: (timestampMs, start) => {
    try {
      const isWanted = ({ offset, timestamp }: { offset: number; timestamp: number }): boolean =>
        offset >= start && timestamp >= timestampMs;
      return decodeRecords(batch, partition).find(isWanted)?.offset ?? batch.base;
    } catch (error) {
      if (error instanceof UndecodableBatchError) return batch.base;
      throw error;
    }
  },
});

export const timedSegment = (
  archive: ArchiveReader,
  at: PartitionRef,
  { start: base, end, maxTimestamp }: Segment,
): TimedRun => ({
  base,
  end,
  latest: maxTimestamp,
  firstAt: async (timestampMs, start) =>
    // It may be gone by now: what is read from its beginning on is what is left.
    (await archive.firstAt(at, Math.max(base, start), timestampMs)) ?? base,
});
