import type { PartitionRef } from '../../domain/records/records.ts';
import { type PartitionState, type PartitionStore, untouchedPartition } from '../partitions.ts';

/** Partition state in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryPartitionStore implements PartitionStore {
  /** By topic id, then by partition. */
  readonly #topics = new Map<string, Map<number, PartitionState>>();

  async get({ topicId, partition }: PartitionRef): Promise<PartitionState> {
    return this.#topics.get(topicId)?.get(partition) ?? untouchedPartition;
  }

  async list(topicId: string): Promise<ReadonlyMap<number, PartitionState>> {
    return new Map([...(this.#topics.get(topicId) ?? [])].sort(([a], [b]) => a - b));
  }

  async advance(
    { topicId, partition }: PartitionRef,
    which: keyof PartitionState,
    to: number,
  ): Promise<void> {
    const partitions = this.#topics.get(topicId) ?? new Map<number, PartitionState>();
    const standing = partitions.get(partition) ?? untouchedPartition;
    if (standing[which] >= to) return;
    this.#topics.set(topicId, partitions.set(partition, Object.freeze({ ...standing, [which]: to })));
  }

  async deleteAll(topicId: string): Promise<void> {
    this.#topics.delete(topicId);
  }
}
