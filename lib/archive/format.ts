import type { LogRecord } from '../domain/records/records.ts';
import type { ByteRange } from '../stores/objects.ts';

/** What the records of a segment are of. */
export interface SegmentAbout {
  /** The topic's name when the segment was written. */
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** The first offset that it covers. */
  readonly start: number;
}

/** A segment's bytes, ready to be stored. */
export interface WrittenSegment {
  readonly body: Uint8Array;
  /** The last bytes of it, by which the rest is found. */
  readonly footerBytes: number;
  readonly records: number;
}

/**
 * Writes one segment. It keeps what is compressed already, and little of what is not. What it has written it reads again as
 * every reader will: a segment that would give back other records than were added is not finished.
 */
export interface SegmentWriter {
  /**
   * Takes more records, in order of offset; offsets may be missing.
   * @throws DamagedSegmentError when they, or some before them, would not come back as they are.
   */
  add(records: readonly LogRecord[]): void;
  /**
   * @param end the offset after the last that it covers. Nothing can be added afterwards.
   * @throws DamagedSegmentError as `add`.
   */
  finish(end: number): WrittenSegment;
}

/** Records that are read together. */
export interface RowGroup {
  /** Offset of its first record. */
  readonly first: number;
  /** Offset of its last record. */
  readonly last: number;
  readonly records: number;
  /** The largest timestamp of its records, ms, where the footer says it. */
  readonly maxTimestamp?: number;
  /** Where it is in the object. */
  readonly bytes: ByteRange;
}

/** Where the records of a segment are, by its footer. */
export interface SegmentIndex {
  readonly about: SegmentAbout;
  /** The offset after the last that it covers. */
  readonly end: number;
  /** In order of offset; none where compaction left nothing. */
  readonly groups: readonly RowGroup[];
}

/** The object is no segment of this format, or is damaged. The message has nothing of the records. */
export class DamagedSegmentError extends Error {
  override readonly name = 'DamagedSegmentError';
}

/** How segments are read from bytes. */
export interface SegmentDecoding<Index extends SegmentIndex = SegmentIndex> {
  /**
   * @param footer the last `footerBytes` of the object.
   * @throws DamagedSegmentError
   */
  readIndex(footer: Uint8Array, objectBytes: number): Index;
  /**
   * The records of one row group, in order of offset, as they were added.
   * @param bytes those of `index.groups[group].bytes`.
   * @throws DamagedSegmentError
   */
  readRowGroup(index: Index, group: number, bytes: Uint8Array): Promise<readonly LogRecord[]>;
}

/** How segments are written to bytes and read again. */
export interface SegmentFormat<Index extends SegmentIndex = SegmentIndex> extends SegmentDecoding<Index> {
  writer(about: SegmentAbout): SegmentWriter;
}
