import { concurrently } from '../../domain/concurrently.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { PartitionLag } from '../lag.ts';

export interface OldestDeps {
  readonly reader: {
    /** When the record was appended, wall clock ms; undefined where it is not there. */
    appendTime(at: PartitionRef, offset: number): Promise<number | undefined>;
  };
  readonly clock: Pick<Clock, 'now'>;
}

/** Each may bring a batch of 350 KB along. */
const partitionsAtOnce = 16;

/**
 * How long ago the oldest record was appended that a group has not acknowledged, ms, by partition: of those in which it lags. One
 * query for each, which costs what reading the batch does.
 */
export const oldestAges = async (
  { reader, clock }: OldestDeps,
  topicId: string,
  lags: readonly PartitionLag[],
): Promise<ReadonlyMap<number, number>> => {
  const behind = lags.filter(({ lag }) => lag > 0);
  const ages = await concurrently(partitionsAtOnce, behind, async ({ partition, endOffset, lag }) => {
    const at = await reader.appendTime({ topicId, partition }, endOffset - lag);
    // One that was taken away meanwhile is not waited for; and another's clock may be ahead.
    const age = Math.max(0, clock.now() - (at ?? Number.POSITIVE_INFINITY));
    return [partition, age] as const;
  });
  return new Map(ages);
};
