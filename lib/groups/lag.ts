import type { Cursor, CursorPlace } from '../domain/groups/cursors.ts';
import type { Group } from '../domain/groups/groups.ts';
import type { PartitionState } from '../stores/partitions.ts';

/** How far a group is in one partition. Offsets; the end ones exclusive. */
export interface PartitionLag<Standing extends CursorPlace = Cursor> {
  readonly partition: number;
  readonly committed: number;
  readonly endOffset: number;
  /** Records past `committed` that can be read. */
  readonly lag: number;
  /** Records that retention took before they were delivered. */
  readonly lost: number;
  /** Absent until the partition is first delivered. */
  readonly cursor?: Standing;
}

export interface PartitionBounds {
  /** By partition; undefined where it is not known, and then nothing is said of the partition. */
  readonly ends: readonly (number | undefined)[];
  /** The oldest offsets that can be read: those of partitions that are not there are 0. */
  readonly starts: ReadonlyMap<number, Pick<PartitionState, 'startOffset'>>;
}

/**
 * How far `group` is in each partition whose end offset is given, its cursors by partition. They are read after the ends,
 * so a committed offset may be past its end: that is no lag. What is below the start of the partition is not waited for
 * any more: it is lost, whether its cursor was moved past it yet or not; of a shared group before that
 * with what is acknowledged there already, ahead of the committed offset.
 */
export const lagOf = <Standing extends CursorPlace>(
  group: Pick<Group, 'startOffsets'>,
  cursors: ReadonlyMap<number, Standing>,
  { ends, starts }: PartitionBounds,
): readonly PartitionLag<Standing>[] =>
  ends.flatMap((endOffset, partition) => {
    if (endOffset === undefined) return [];
    const cursor = cursors.get(partition);
    const committed = cursor?.committed ?? group.startOffsets[partition] ?? 0;
    const next = Math.max(committed, starts.get(partition)?.startOffset ?? 0);
    const lag = Math.max(0, endOffset - next);
    const lost = (cursor?.lost ?? 0) + next - committed;
    return { partition, committed, endOffset, lag, lost, ...(cursor !== undefined && { cursor }) };
  });
