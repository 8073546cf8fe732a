import type { Segment } from '../domain/archive/segments.ts';
import { dropOldest } from '../domain/drop-oldest.ts';
import { type Batch, batchEnd, bytesThrough, closesPartition } from '../domain/records/batches.ts';
import { type PartitionRef, partitionKey } from '../domain/records/records.ts';
import type { Topic } from '../domain/topics.ts';
import { trimAge } from '../log/trim.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { PartitionState } from '../stores/partitions.ts';
import type { SegmentStore } from '../stores/segments.ts';
import type { ArchiveOptions } from './options.ts';
import { agedSegment, isExpired } from './retention.ts';

export interface ArchiveDueDeps {
  readonly batches: Pick<BatchStore, 'last' | 'range'>;
  readonly segments: Pick<SegmentStore, 'list'>;
  readonly options: Omit<ArchiveOptions, 'segmentMaxDecodedBytes'>;
}

/** A partition, as a sweep finds it. */
export interface SweptPartition {
  readonly at: PartitionRef;
  readonly state: PartitionState;
  /** The next offset to be written, or one that was not long ago. */
  readonly end: number;
}

/** What does not change of a batch, without its records. */
type BatchFacts = Pick<Batch, 'base' | 'count' | 'appendedAt' | 'bytesBefore'> & {
  readonly bytesThrough: number;
  /** How old it must be to be deleted, ms. */
  readonly trimAgeMs: number;
};

/** What is remembered of a partition, each for as long as what it was asked for stands. */
interface Remembered {
  /** The first batch from an offset on. */
  readonly first: Map<number, BatchFacts | undefined>;
  /** The first segment of the manifest while the partition was archived and began so far. */
  segment?: { readonly of: string; readonly found: Segment | undefined };
  /** Bytes of `data` up to an end. */
  bytes?: { readonly end: number; readonly bytes: number };
}

const remembered = 100_000;
/** The first batch that is not archived, the first that is not deleted, and the first that can be read. */
const rememberedFirsts = 3;

/**
 * Finds the partitions in which the archiver has something to do. Lives as long as the process: while nothing changes in a
 * partition nothing is read of it. It may be wrong, since it reads no more than it must: the archiver looks for itself.
 */
export class ArchiveDue {
  readonly #deps: ArchiveDueDeps;
  readonly #partitions = new Map<string, Remembered>();

  constructor(deps: ArchiveDueDeps) {
    this.#deps = deps;
  }

  /** @param now wall clock ms. */
  async isDue(topic: Topic, partition: SweptPartition, now: number): Promise<boolean> {
    return (
      (await this.#canTrim(partition, now)) ||
      (topic.archive && (await this.#canSeal(partition, now))) ||
      (await this.#canExpire(topic, partition, now))
    );
  }

  /** A batch is archived, or let go of, and is old enough to be deleted. */
  async #canTrim({ at, state, end }: SweptPartition, now: number): Promise<boolean> {
    const { startOffset, archivedThrough, trimmedThrough } = state;
    const upTo = Math.max(startOffset, archivedThrough);
    if (trimmedThrough >= upTo) return false;
    const first = await this.#first(at, trimmedThrough);
    // The last batch stays.
    if (first === undefined || batchEnd(first) > upTo || batchEnd(first) >= end) return false;
    return now - first.appendedAt >= first.trimAgeMs;
  }

  /** Ms since the oldest record that is not archived was due for its age: 0 where none is. */
  async lateMs(topic: Topic, partition: SweptPartition, now: number): Promise<number> {
    const first = topic.archive ? await this.#firstUnarchived(partition) : undefined;
    return first === undefined ? 0 : Math.max(0, now - first.appendedAt - this.#deps.options.segmentMaxAgeMs);
  }

  async #firstUnarchived({ at, state, end }: SweptPartition): Promise<BatchFacts | undefined> {
    const from = Math.max(state.archivedThrough, state.startOffset);
    const first = from >= end ? undefined : await this.#first(at, from);
    return first === undefined || closesPartition(first) ? undefined : first;
  }

  async #canSeal({ at, state, end }: SweptPartition, now: number): Promise<boolean> {
    const first = await this.#firstUnarchived({ at, state, end });
    if (first === undefined) return false;
    const { segmentMaxAgeMs, segmentMaxBytes } = this.#deps.options;
    if (now - first.appendedAt >= segmentMaxAgeMs) return true;
    return (await this.#bytes(at, end)) - first.bytesBefore >= segmentMaxBytes;
  }

  /** The oldest records are not to be kept, or a segment is left of those that were not. */
  async #canExpire(topic: Topic, { at, state, end }: SweptPartition, now: number): Promise<boolean> {
    const { startOffset, archivedThrough } = state;
    const segment = archivedThrough > 0 ? await this.#firstSegment(at, state) : undefined;
    if (segment !== undefined && segment.end <= startOffset) return true;
    const { retentionHours, retentionBytes } = topic;
    if ((retentionHours === null && retentionBytes == null) || startOffset >= end) return false;
    const aged = segment === undefined ? await this.#firstAged(at, startOffset) : agedSegment(segment);
    if (aged === undefined) return false;
    const endBytes = retentionBytes == null ? undefined : await this.#bytes(at, end);
    return isExpired(topic, aged, { now, endBytes });
  }

  async #firstAged(at: PartitionRef, startOffset: number) {
    const first = await this.#first(at, startOffset);
    return first && { lastAppendedAt: first.appendedAt, bytesThrough: first.bytesThrough };
  }

  async #first(at: PartitionRef, from: number): Promise<BatchFacts | undefined> {
    const { first } = this.#of(at);
    if (first.has(from)) return first.get(from);
    const { batches } = await this.#deps.batches.range(at, { from, limit: 1, consistent: false });
    const facts = batches[0] && factsOf(batches[0], this.#deps.options.trimMinAgeMs);
    // What is not there yet may come.
    if (facts !== undefined) first.set(from, facts);
    dropOldest(first, rememberedFirsts);
    return facts;
  }

  async #firstSegment(at: PartitionRef, state: PartitionState): Promise<Segment | undefined> {
    const known = this.#of(at);
    const of = `${state.startOffset} ${state.archivedThrough}`;
    if (known.segment?.of !== of) {
      const [found] = await this.#deps.segments.list(at, { from: 0, limit: 1 });
      known.segment = { of, found };
    }
    return known.segment.found;
  }

  async #bytes(at: PartitionRef, end: number): Promise<number> {
    const known = this.#of(at);
    if (known.bytes?.end !== end) {
      const last = await this.#deps.batches.last(at);
      known.bytes = { end, bytes: last === undefined ? 0 : bytesThrough(last) };
    }
    return known.bytes.bytes;
  }

  #of(at: PartitionRef): Remembered {
    const key = partitionKey(at);
    const known = this.#partitions.get(key) ?? { first: new Map<number, BatchFacts | undefined>() };
    this.#partitions.delete(key);
    this.#partitions.set(key, known);
    dropOldest(this.#partitions, remembered);
    return known;
  }
}

const factsOf = (batch: Batch, trimMinAgeMs: number): BatchFacts => ({
  base: batch.base,
  count: batch.count,
  appendedAt: batch.appendedAt,
  bytesBefore: batch.bytesBefore,
  bytesThrough: bytesThrough(batch),
  trimAgeMs: trimAge(batch, trimMinAgeMs),
});
