import { Problem } from '../../domain/errors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';

/** Why a writer's last attempt did not succeed: others were there first, the store had no capacity, or did not answer. */
export type Trouble =
  | { readonly kind: 'contention' | 'throttling' }
  | { readonly kind: 'unavailable'; readonly cause?: unknown };

/** Seconds: at most what a client's patience bears. */
const retryAfter = (waitMs: number): number => Math.min(30, Math.max(1, Math.ceil(waitMs / 1000)));

/** More is being appended than the partition can commit. Nothing was written. */
export const overloaded = (at: PartitionRef, waitMs: number): Problem =>
  new Problem(
    'partition_overloaded',
    `Partition ${at.partition} gets more appends than it can commit. Nothing was written: try again later, send more records at once, or use more partitions.`,
    {
      retryAfterSeconds: retryAfter(waitMs),
      members: { partition: at.partition },
    },
  );

/** The store refuses appends to the partition for want of capacity. Nothing was written. */
export const throttled = (at: PartitionRef, waitMs: number): Problem =>
  new Problem(
    'throttled',
    `The table has no capacity left for partition ${at.partition} just now. Nothing was written: try again later, send fewer bytes, or use more partitions.`,
    { retryAfterSeconds: retryAfter(waitMs), members: { partition: at.partition } },
  );

/** The store did not answer, or the append was given up before it was sent. Nothing was written. */
export const unavailable = (at: PartitionRef, cause?: unknown): Problem =>
  new Problem(
    'unavailable',
    `Partition ${at.partition} could not be written to just now. Nothing was written: try again.`,
    { retryAfterSeconds: 1, members: { partition: at.partition }, ...(cause !== undefined && { cause }) },
  );

/** @param mayRepeat sent again they are not written twice. */
export const outcomeUnknown = (at: PartitionRef, cause: unknown, mayRepeat: boolean): Problem => {
  const advice = mayRepeat
    ? 'Send the same again: they are written once.'
    : 'Read the partition before sending them again, or accept that they may be there twice; an Idempotency-Key saves that.';
  return new Problem(
    'outcome_unknown',
    `No answer came for the append to partition ${at.partition}: its records may be in the log, or may come to be within the next minutes. ${advice}`,
    { members: { partition: at.partition }, ...(cause !== undefined && { cause }) },
  );
};

export const offsetMismatch = (at: PartitionRef, expected: number, endOffset: number): Problem =>
  new Problem(
    'offset_mismatch',
    `The append was to happen at offset ${expected}, but partition ${at.partition} ends at ${endOffset}. Nothing was written.`,
    { members: { partition: at.partition, endOffset } },
  );

/** What an append is told that was not written for that. */
export const refusedFor = (trouble: Trouble, at: PartitionRef, waitMs: number): Problem => {
  switch (trouble.kind) {
    case 'contention':
      return overloaded(at, waitMs);
    case 'throttling':
      return throttled(at, waitMs);
    case 'unavailable':
      return unavailable(at, trouble.cause);
  }
};
