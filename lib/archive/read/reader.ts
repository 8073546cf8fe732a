import type { Segment } from '../../domain/archive/segments.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { patiently } from '../../log/read/patience.ts';
import { ObjectMissingError, type ObjectStore } from '../../stores/objects.ts';
import type { SegmentStore } from '../../stores/segments.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { DamagedSegmentError, type SegmentDecoding } from '../format.ts';
import { Manifest } from './manifest.ts';
import { firstGroupFor, lastGroupFor, type WantedOfArchive } from './row-group-choice.ts';
import {
  type ArchivedRun,
  type OpenSegment,
  SegmentReader,
  type SegmentReaderOptions,
} from './segment-reader.ts';

/** Every knob of reading the archive. */
export interface ArchiveReadOptions extends SegmentReaderOptions {
  /** How long one request may take, ms; it is tried a few times. */
  readonly attemptTimeoutMs: number;
}

/**
 * Row groups are kept for readers at some ten places, each with one that is decoded and what is read ahead. Each MB more takes
 * several of the process, as most of what V8 keeps for a while is waiting to be collected.
 */
export const archiveReadDefaults: ArchiveReadOptions = {
  attemptTimeoutMs: 5_000,
  wholeObjectBytes: 256 * 1024,
  readAheadBytes: 1024 * 1024,
  rowGroupBytes: 24 * 1024 * 1024,
  footerBytes: 4 * 1024 * 1024,
};

export interface ArchiveReaderDeps {
  readonly segments: SegmentStore;
  readonly objects: ObjectStore;
  readonly format: SegmentDecoding;
  readonly clock: Clock;
  readonly options?: Partial<ArchiveReadOptions>;
}

/** Beyond these an object that the manifest names is missing, and not just replaced. */
const tries = 3;

/**
 * Reads what is archived. One per process: it remembers segments, footers and row groups. Every method throws Problem
 * `unavailable` when a store does not answer.
 */
export class ArchiveReader {
  readonly #manifest: Manifest;
  readonly #objects: SegmentReader;

  constructor({ segments, objects, format, clock, options: given }: ArchiveReaderDeps) {
    const options = { ...archiveReadDefaults, ...given };
    const ask = <T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      patiently(clock, options.attemptTimeoutMs, request);
    this.#manifest = new Manifest(segments, clock, ask);
    this.#objects = new SegmentReader(
      format,
      (object, range) => ask((signal) => objects.read(object, range, signal)),
      options,
    );
  }

  /** The segment that covers `offset`, as it was a few seconds ago at most; undefined when there is none. */
  segmentAt(at: PartitionRef, offset: number): Promise<Segment | undefined> {
    return this.#manifest.covering(at, offset);
  }

  /** To be called where it is known that another has its place: it is not read any more from then on. */
  forget(at: PartitionRef, segment: Pick<Segment, 'object'>): void {
    this.#manifest.forget(at, segment);
  }

  /**
   * What is archived from `from` on: runs that follow each other, the first of which covers it, as many as probably hold
   * what is wanted, at least one. They may hold more, or less. Undefined when no segment covers it.
   *
   * Takes a query of the manifest, a range of the object for its footer and one for the records, each only where this
   * process does not remember it. One range for both where the object is small.
   */
  read(at: PartitionRef, from: number, want: WantedOfArchive): Promise<readonly ArchivedRun[] | undefined> {
    return this.#inSegment(at, from, async (segment) => {
      const { start, end } = segment;
      if (segment.records === 0) return [{ from: start, end, records: [], bytes: 0 }];
      const open = await this.#open(segment);
      if (open instanceof DamagedSegmentError)
        return [{ from: start, end, records: [], bytes: 0, damage: open }];
      const first = firstGroupFor(open.index, from);
      if (first === undefined) {
        const behind = (open.index.groups.at(-1)?.last ?? start - 1) + 1;
        return [{ from: behind, end, records: [], bytes: 0 }];
      }
      return this.#objects.runs(at, open, first, lastGroupFor(open.index, { first, from, want }));
    });
  }

  /**
   * The first offset of a record at or behind `from`, in the segment that covers it, whose timestamp is `timestampMs` or
   * later; the segment's end when there is none, and an earlier offset where something cannot be read. Undefined when no
   * segment covers `from`. Row groups of which the footer says that they are earlier are not read.
   */
  async firstAt(at: PartitionRef, from: number, timestampMs: number): Promise<number | undefined> {
    try {
      return await this.#inSegment(at, from, (segment) => this.#firstIn(at, segment, from, timestampMs));
    } catch (error) {
      if (error instanceof ObjectMissingError) return from;
      throw error;
    }
  }

  async #firstIn(at: PartitionRef, segment: Segment, from: number, timestampMs: number): Promise<number> {
    if (segment.records === 0) return segment.end;
    const open = await this.#open(segment);
    if (open instanceof DamagedSegmentError) return from;
    const { groups } = open.index;
    for (let group = firstGroupFor(open.index, from) ?? groups.length; group < groups.length; group += 1) {
      if ((groups[group]?.maxTimestamp ?? Number.POSITIVE_INFINITY) < timestampMs) continue;
      const [run] = await this.#objects.runs(at, open, group, group);
      const found = run?.records.find(({ offset, timestamp }) => offset >= from && timestamp >= timestampMs);
      if (found !== undefined) return found.offset;
      if (run?.damage !== undefined) return Math.max(from, run.from);
    }
    return segment.end;
  }

  async #open(segment: Segment): Promise<OpenSegment | DamagedSegmentError> {
    try {
      return await this.#objects.open(segment);
    } catch (error) {
      if (error instanceof DamagedSegmentError) return error;
      throw error;
    }
  }

  /** What `use` makes of the segment that covers `offset`, as it is now where its object is gone. */
  async #inSegment<T>(
    at: PartitionRef,
    offset: number,
    use: (segment: Segment) => Promise<T>,
  ): Promise<T | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const segment = await this.#manifest.covering(at, offset);
      if (segment === undefined) return undefined;
      try {
        return await use(segment);
      } catch (error) {
        // Another was put in its place, or it was deleted, and the object went with it.
        if (!(error instanceof ObjectMissingError) || attempt === tries) throw error;
        this.#manifest.forget(at, segment);
      }
    }
  }
}
