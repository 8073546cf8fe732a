import type { PartitionRef } from '../../domain/records/records.ts';
import type { PartitionState, PartitionStore } from '../partitions.ts';

const untouched: PartitionState = Object.freeze({ startOffset: 0, archivedThrough: 0 });

/** Partition state in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryPartitionStore implements PartitionStore {
  /** By topic id, then by partition. */
  readonly #topics = new Map<string, Map<number, PartitionState>>();

  async get({ topicId, partition }: PartitionRef): Promise<PartitionState> {
    return this.#topics.get(topicId)?.get(partition) ?? untouched;
  }

  async list(topicId: string): Promise<ReadonlyMap<number, PartitionState>> {
    return new Map([...(this.#topics.get(topicId) ?? [])].sort(([a], [b]) => a - b));
  }

  async advanceStart({ topicId, partition }: PartitionRef, startOffset: number): Promise<void> {
    const partitions = this.#topics.get(topicId) ?? new Map<number, PartitionState>();
    const standing = partitions.get(partition) ?? untouched;
    if (standing.startOffset >= startOffset) return;
    this.#topics.set(topicId, partitions.set(partition, Object.freeze({ ...standing, startOffset })));
  }

  async deleteAll(topicId: string): Promise<void> {
    this.#topics.delete(topicId);
  }
}
