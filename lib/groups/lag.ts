import type { Cursor } from '../domain/cursors.ts';
import type { Group } from '../domain/groups.ts';
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

/**
 * How far `group` is in each partition whose end offset is given: one query more. The cursors are read after the ends, so
 * a committed offset may be past its end: that is no lag.
 */
export const lagOf = async (
  { cursors }: { readonly cursors: Pick<CursorStore, 'list'> },
  group: Pick<Group, 'groupId' | 'startOffsets'>,
  ends: readonly (number | undefined)[],
): Promise<readonly PartitionLag[]> => {
  const byPartition = await cursors.list(group.groupId);
  return ends.flatMap((endOffset, partition) => {
    if (endOffset === undefined) return [];
    const cursor = byPartition.get(partition);
    const committed = cursor?.committed ?? group.startOffsets[partition] ?? 0;
    const lag = Math.max(0, endOffset - committed);
    return { partition, committed, endOffset, lag, ...(cursor !== undefined && { cursor }) };
  });
};
