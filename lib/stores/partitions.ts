import type { PartitionRef } from '../domain/records/records.ts';

/**
 * What is known of a partition beside its batches. Offsets only grow; a partition with nothing stored has zeros.
 * `startOffset` may be above `archivedThrough`, where records went before they were archived.
 */
export interface PartitionState {
  /** The oldest offset still readable. */
  readonly startOffset: number;
  /** Exclusive: records below it that are still readable are in segments. */
  readonly archivedThrough: number;
  /** Exclusive: the batches below it are deleted. */
  readonly trimmedThrough: number;
  /** Exclusive: of the records below it compaction has seen all, for a topic that is compacted. */
  readonly compactedThrough: number;
}

export const untouchedPartition: PartitionState = Object.freeze({
  startOffset: 0,
  archivedThrough: 0,
  trimmedThrough: 0,
  compactedThrough: 0,
});

/** Each offset moves forward only: a write that is there or past it does nothing, and may be repeated or land late. */
export interface PartitionStore {
  /** Strongly consistent. */
  get(at: PartitionRef): Promise<PartitionState>;
  /** Every partition of the topic that has state, by number; strongly consistent. */
  list(topicId: string): Promise<ReadonlyMap<number, PartitionState>>;
  /** Moves one of the offsets forward. */
  advance(at: PartitionRef, which: keyof PartitionState, to: number): Promise<void>;
  /** Removes the state of every partition of a topic. May be repeated. */
  deleteAll(topicId: string): Promise<void>;
}
