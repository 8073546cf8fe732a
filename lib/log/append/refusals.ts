import { Problem } from '../../domain/errors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';

/** More is being appended than the partition can commit. Nothing was written. */
export const overloaded = (at: PartitionRef, waitMs: number): Problem =>
  new Problem(
    'partition_overloaded',
    `Partition ${at.partition} gets more appends than it can commit. Nothing was written: try again later, send more records at once, or use more partitions.`,
    {
      retryAfterSeconds: Math.min(30, Math.max(1, Math.ceil(waitMs / 1000))),
      members: { partition: at.partition },
    },
  );

/** The store did not answer, or the append was given up before it was sent. Nothing was written. */
export const unavailable = (at: PartitionRef, cause?: unknown): Problem =>
  new Problem(
    'unavailable',
    `Partition ${at.partition} could not be written to just now. Nothing was written: try again.`,
    { retryAfterSeconds: 1, members: { partition: at.partition }, ...(cause !== undefined && { cause }) },
  );

export const outcomeUnknown = (at: PartitionRef, cause?: unknown): Problem =>
  new Problem(
    'outcome_unknown',
    `No answer came for the append to partition ${at.partition}: its records may be in the log, or may come to be within the next minutes. Read the partition before sending them again, or accept that they may be there twice.`,
    { members: { partition: at.partition }, ...(cause !== undefined && { cause }) },
  );

export const offsetMismatch = (at: PartitionRef, expected: number, endOffset: number): Problem =>
  new Problem(
    'offset_mismatch',
    `The append was to happen at offset ${expected}, but partition ${at.partition} ends at ${endOffset}. Nothing was written.`,
    { members: { partition: at.partition, endOffset } },
  );
