import { concurrently } from '../domain/concurrently.ts';
import type { Cursor } from '../domain/cursors.ts';
import type { Group } from '../domain/groups.ts';
import type { Topic } from '../domain/topics.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { CursorStore } from '../stores/cursors.ts';

/** How far a group is in one partition. Offsets; the end ones exclusive. */
export interface PartitionLag {
  readonly partition: number;
  readonly committed: number;
  readonly endOffset: number;
  /** Records past `committed`. */
  readonly lag: number;
  /** Absent until the partition is first delivered. */
  readonly cursor?: Cursor;
}

const queriesAtOnce = 16;

/** The end offset of every partition of a topic, by number; one strongly consistent query each. */
export const endOffsets = (
  { batches }: { readonly batches: Pick<BatchStore, 'end'> },
  { topicId, partitions }: Pick<Topic, 'topicId' | 'partitions'>,
): Promise<readonly number[]> =>
  concurrently(
    queriesAtOnce,
    Array.from({ length: partitions }, (_, partition) => partition),
    (partition) => batches.end({ topicId, partition }),
  );

/**
 * How far `group` is in each partition, given the partitions' end offsets: one query more. The cursors are read after
 * the ends, so a committed offset may be past its end: that is no lag.
 */
export const lagOf = async (
  { cursors }: { readonly cursors: Pick<CursorStore, 'list'> },
  group: Pick<Group, 'groupId' | 'startOffsets'>,
  ends: readonly number[],
): Promise<readonly PartitionLag[]> => {
  const byPartition = await cursors.list(group.groupId);
  return ends.map((endOffset, partition) => {
    const cursor = byPartition.get(partition);
    const committed = cursor?.committed ?? group.startOffsets[partition] ?? 0;
    const lag = Math.max(0, endOffset - committed);
    return { partition, committed, endOffset, lag, ...(cursor !== undefined && { cursor }) };
  });
};
