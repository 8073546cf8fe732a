import type { Segment } from '../domain/archive/segments.ts';
import { type Batch, batchEnd, bytesThrough, latestTimestamp } from '../domain/records/batches.ts';
import type { LogRecord, PartitionRef } from '../domain/records/records.ts';
import type { WrittenSegment } from './format.ts';
import type { Sealable } from './sealable.ts';
import { type StoreDeps, storeSegment } from './store-segment.ts';

/** A run of batches, as it was put together. */
interface Run {
  readonly written: WrittenSegment;
  readonly first: Batch;
  readonly last: Batch;
}

/** What a segment is of. */
export interface SegmentOf {
  /** The topic's name. */
  readonly topic: string;
  readonly at: PartitionRef;
  /** Whether a record goes into it. */
  readonly isKept: (record: LogRecord) => boolean;
}

/**
 * Writes a run of batches as one segment: see `storeSegment`.
 * @returns what to put into the manifest; undefined when there is nothing to write.
 */
export const writeSegment = async (
  deps: StoreDeps,
  of: SegmentOf,
  batches: AsyncIterable<Sealable>,
): Promise<Segment | undefined> => {
  const run = await collect(deps, of, batches);
  if (run === undefined) return undefined;
  const { topic, at } = of;
  const { first, last } = run;
  const facts = {
    start: first.base,
    end: batchEnd(last),
    bytes: bytesThrough(last) - first.bytesBefore,
    bytesBefore: first.bytesBefore,
    firstAppendedAt: first.appendedAt,
    lastAppendedAt: last.appendedAt,
    maxTimestamp: latestTimestamp(last),
  };
  return storeSegment(deps, { topic, partition: at.partition }, facts, run.written);
};

const collect = async (
  { format }: StoreDeps,
  { topic, at, isKept }: SegmentOf,
  batches: AsyncIterable<Sealable>,
): Promise<Run | undefined> => {
  let first: Batch | undefined;
  let last: Batch | undefined;
  let writer: ReturnType<typeof format.writer> | undefined;
  for await (const { batch, records } of batches) {
    first ??= batch;
    last = batch;
    writer ??= format.writer({ topic, ...at, start: batch.base });
    writer.add(records.filter(isKept));
  }
  if (first === undefined || last === undefined || writer === undefined) return undefined;
  return { first, last, written: writer.finish(batchEnd(last)) };
};
