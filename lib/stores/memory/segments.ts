import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Segment } from '../../domain/segments.ts';
import type { SegmentRange, SegmentStore } from '../segments.ts';

/** The manifest in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemorySegmentStore implements SegmentStore {
  /** By partition, then by start. */
  readonly #partitions = new Map<string, Map<number, Segment>>();

  async add(at: PartitionRef, segment: Segment): Promise<Segment> {
    const segments = this.#partitions.get(partitionKey(at)) ?? new Map<number, Segment>();
    this.#partitions.set(partitionKey(at), segments);
    const standing = segments.get(segment.start) ?? Object.freeze({ ...segment });
    segments.set(segment.start, standing);
    return standing;
  }

  async floor(at: PartitionRef, offset: number, signal?: AbortSignal): Promise<Segment | undefined> {
    signal?.throwIfAborted();
    return this.#inOrder(at).findLast(({ start }) => start <= offset);
  }

  async list(at: PartitionRef, { from, limit }: SegmentRange): Promise<readonly Segment[]> {
    return this.#inOrder(at)
      .filter(({ start }) => start >= from)
      .slice(0, limit);
  }

  async replace(at: PartitionRef, object: string, segment: Segment): Promise<boolean> {
    const segments = this.#partitions.get(partitionKey(at));
    const standing = segments?.get(segment.start)?.object;
    if (standing === object) segments?.set(segment.start, Object.freeze({ ...segment }));
    return standing === object || standing === segment.object;
  }

  async delete(at: PartitionRef, { start, object }: Pick<Segment, 'start' | 'object'>): Promise<void> {
    const segments = this.#partitions.get(partitionKey(at));
    if (segments?.get(start)?.object === object) segments.delete(start);
  }

  #inOrder(at: PartitionRef): readonly Segment[] {
    return [...(this.#partitions.get(partitionKey(at))?.values() ?? [])].sort((a, b) => a.start - b.start);
  }
}
