import type { Batch } from '../domain/records/batches.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import type { ArchiverDeps } from './deps.ts';

export interface LastBatch {
  readonly last: Batch | undefined;
  /** Wall clock ms, by which ages may be told. */
  readonly now: number;
}

/**
 * The last batch of a partition, and a time that may be believed: the log took the query, so that the clock here was about
 * right when that was signed. It is the earlier of two readings, since the clock may have stepped since (`deleteBatches`).
 */
export const lastBatch = async (
  {
    batches,
    clock,
  }: Pick<ArchiverDeps, 'clock'> & { readonly batches: Pick<ArchiverDeps['batches'], 'last'> },
  at: PartitionRef,
): Promise<LastBatch> => {
  const askedAt = clock.now();
  const last = await batches.last(at);
  return { last, now: Math.min(askedAt, clock.now()) };
};
