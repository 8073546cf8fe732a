import type { Segment } from '../domain/archive/segments.ts';
import type { PartitionRef } from '../domain/records/records.ts';

export interface SegmentRange {
  /** The first start wanted, inclusive. */
  readonly from: number;
  /** Segments at most. */
  readonly limit: number;
}

/**
 * The manifest: which segments a partition has, by their starts. It is the truth about the archive; an object that it does
 * not name is none of the log's. Reads are strongly consistent. Each write is one conditional write of one item.
 *
 * The segments of a partition are a chain: each was its newest once, and came after the one that was newest before. So no two
 * of them overlap, and the one of the highest start below an offset is the one that covers it.
 *
 * An object's name is used once, ever, so a write that is bound to one does nothing when it lands late. A late copy of
 * `add` may bring back a segment that was deleted. That one is then below the start offset, so that nobody reads it, and
 * retention deletes it again.
 */
export interface SegmentStore {
  /** The segment that was sealed last, whether the manifest has it yet, still, or another in its place. */
  newest(at: PartitionRef): Promise<Segment | undefined>;
  /**
   * Makes the segment the newest one, where `former` is that; undefined: where there is none. True when it is the newest then.
   * A repeated request is answered by what it finds: false may come of one that was done, when another was sealed after it.
   * Nothing but what was the newest may be added.
   */
  seal(at: PartitionRef, segment: Segment, former: Segment | undefined): Promise<boolean>;
  /** Adds the segment, unless one begins at its start. Gives the one that stands there then: this one, or another. */
  add(at: PartitionRef, segment: Segment): Promise<Segment>;
  /** The segment of the highest start that is not above `offset`, whether it reaches it or not. One query. */
  floor(at: PartitionRef, offset: number, signal?: AbortSignal): Promise<Segment | undefined>;
  /** In order of start. */
  list(at: PartitionRef, range: SegmentRange): Promise<readonly Segment[]>;
  /**
   * Puts the segment in the place of the one that begins there and has this object. True when it stands there then; false
   * when another does, or none. May be repeated.
   */
  replace(at: PartitionRef, object: string, segment: Segment): Promise<boolean>;
  /** Deletes the segment that begins there, if it has this object. May be repeated. */
  delete(at: PartitionRef, segment: Pick<Segment, 'start' | 'object'>): Promise<void>;
  /** Forgets which was the newest, of a partition that nothing is sealed in any more. May be repeated. */
  forgetNewest(at: PartitionRef): Promise<void>;
}
