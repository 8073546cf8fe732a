import type { Segment } from '../../domain/archive/segments.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { SegmentRange, SegmentStore } from '../segments.ts';

/** The manifest as it is at the server's end: every method happens at one instant. What it gives is frozen. */
export class SegmentTable {
  /** By partition, then by start. */
  readonly #partitions = new Map<string, Map<number, Segment>>();
  readonly #newest = new Map<string, Segment>();

  newest(at: PartitionRef): Segment | undefined {
    return this.#newest.get(partitionKey(at));
  }

  seal(at: PartitionRef, segment: Segment, former: Segment | undefined): boolean {
    const standing = this.newest(at)?.object;
    if (standing === former?.object) this.#newest.set(partitionKey(at), Object.freeze({ ...segment }));
    return standing === former?.object || standing === segment.object;
  }

  add(at: PartitionRef, segment: Segment): Segment {
    const segments = this.#partitions.get(partitionKey(at)) ?? new Map<number, Segment>();
    this.#partitions.set(partitionKey(at), segments);
    const standing = segments.get(segment.start) ?? Object.freeze({ ...segment });
    segments.set(segment.start, standing);
    return standing;
  }

  floor(at: PartitionRef, offset: number): Segment | undefined {
    return this.list(at).findLast(({ start }) => start <= offset);
  }

  /** All of them, in order of start. */
  list(at: PartitionRef): readonly Segment[] {
    return [...(this.#partitions.get(partitionKey(at))?.values() ?? [])].sort((a, b) => a.start - b.start);
  }

  replace(at: PartitionRef, object: string, segment: Segment): boolean {
    const segments = this.#partitions.get(partitionKey(at));
    const standing = segments?.get(segment.start)?.object;
    if (standing === object) segments?.set(segment.start, Object.freeze({ ...segment }));
    return standing === object || standing === segment.object;
  }

  delete(at: PartitionRef, { start, object }: Pick<Segment, 'start' | 'object'>): void {
    const segments = this.#partitions.get(partitionKey(at));
    if (segments?.get(start)?.object === object) segments.delete(start);
  }

  forgetNewest(at: PartitionRef): void {
    this.#newest.delete(partitionKey(at));
  }
}

/** The memory twin of the manifest: answers at once. */
export class MemorySegmentStore implements SegmentStore {
  readonly table = new SegmentTable();

  async newest(at: PartitionRef): Promise<Segment | undefined> {
    return this.table.newest(at);
  }

  async seal(at: PartitionRef, segment: Segment, former: Segment | undefined): Promise<boolean> {
    return this.table.seal(at, segment, former);
  }

  async add(at: PartitionRef, segment: Segment): Promise<Segment> {
    return this.table.add(at, segment);
  }

  async floor(at: PartitionRef, offset: number, signal?: AbortSignal): Promise<Segment | undefined> {
    signal?.throwIfAborted();
    return this.table.floor(at, offset);
  }

  async list(at: PartitionRef, { from, limit }: SegmentRange): Promise<readonly Segment[]> {
    return this.table
      .list(at)
      .filter(({ start }) => start >= from)
      .slice(0, limit);
  }

  async replace(at: PartitionRef, object: string, segment: Segment): Promise<boolean> {
    return this.table.replace(at, object, segment);
  }

  async delete(at: PartitionRef, segment: Pick<Segment, 'start' | 'object'>): Promise<void> {
    this.table.delete(at, segment);
  }

  async forgetNewest(at: PartitionRef): Promise<void> {
    this.table.forgetNewest(at);
  }
}
