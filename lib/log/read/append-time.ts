import type { Segment } from '../../domain/archive/segments.ts';
import { batchEnd } from '../../domain/records/batches.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';

export interface AppendTimeDeps {
  readonly batches: Pick<BatchStore, 'floor'>;
  /** Absent where there is no archive. */
  readonly archive?: {
    /** The segment that covers an offset; undefined where none does. */
    segmentAt(at: PartitionRef, offset: number): Promise<Pick<Segment, 'firstAppendedAt'> | undefined>;
  };
}

/**
 * When the record at `offset` was appended, wall clock ms; of one that is archived, when its segment begins. Undefined where it
 * is not there. One query, eventually consistent, that reads the batch; where none has the record, one of the manifest.
 */
export const appendTimeOf = async (
  { batches, archive }: AppendTimeDeps,
  at: PartitionRef,
  offset: number,
): Promise<number | undefined> => {
  const batch = await batches.floor(at, offset, false);
  if (batch !== undefined && offset < batchEnd(batch)) return batch.appendedAt;
  return (await archive?.segmentAt(at, offset))?.firstAppendedAt;
};
