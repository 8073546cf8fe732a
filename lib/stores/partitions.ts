import type { PartitionRef } from '../domain/records/records.ts';

/** What is known of a partition beside its batches. Both only grow; a partition with nothing stored has zeros. */
export interface PartitionState {
  /** The oldest offset still readable. */
  readonly startOffset: number;
  /** Exclusive: records below it are in segments. */
  readonly archivedThrough: number;
}

export interface PartitionStore {
  /** Strongly consistent. */
  get(at: PartitionRef): Promise<PartitionState>;
  /** Every partition of the topic that has state, by number; strongly consistent. */
  list(topicId: string): Promise<ReadonlyMap<number, PartitionState>>;
  /** Moves the start offset forward; does nothing when it is there or past it. */
  advanceStart(at: PartitionRef, startOffset: number): Promise<void>;
  /** Removes the state of every partition of a topic. May be repeated. */
  deleteAll(topicId: string): Promise<void>;
}
