import type { Segment } from '../../domain/archive/segments.ts';
import { dropOldest } from '../../domain/drop-oldest.ts';
import { type LogRecord, type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { ByteRange } from '../../stores/objects.ts';
import { DamagedSegmentError, type SegmentDecoding, type SegmentIndex } from '../format.ts';
import { ByteCache } from './byte-cache.ts';
import { coverage } from './row-group-choice.ts';
import { RowGroups } from './row-groups.ts';

/** All records that are left of a run of offsets. */
export interface ArchivedRun {
  /** The first offset of the run. */
  readonly from: number;
  /** Exclusive. */
  readonly end: number;
  /** In order of offset; fewer than offsets where compaction or an erasure took some away. */
  readonly records: readonly LogRecord[];
  /** Of the records' JSON, as a batch would hold it. */
  readonly bytes: number;
  /** Why its records cannot be read, if they cannot. */
  readonly damage?: DamagedSegmentError;
}

/** A segment, its footer read. */
export interface OpenSegment {
  readonly segment: Segment;
  readonly index: SegmentIndex;
}

export interface SegmentReaderOptions {
  /** An object of no more bytes is read whole, with its footer: the segments of a quiet partition are all so small. */
  readonly wholeObjectBytes: number;
  /** Who reads on where the last read ended is given this much by one request, compressed. */
  readonly readAheadBytes: number;
  /** What is kept of row groups: as they are in the object, or decoded, by the size of their JSON. */
  readonly rowGroupBytes: number;
  /** What is kept of footers, by their size in the object. */
  readonly footerBytes: number;
}

/** Places where a read ended, of all partitions. */
const rememberedEnds = 4_096;

/** Reads segments' objects, and remembers footers and row groups. */
export class SegmentReader {
  readonly #format: SegmentDecoding;
  readonly #read: (object: string, range: ByteRange) => Promise<Uint8Array>;
  readonly #options: SegmentReaderOptions;
  readonly #indexes: ByteCache<Promise<SegmentIndex>>;
  readonly #groups: RowGroups;
  /** Where reads ended: who begins there reads on. */
  readonly #ends = new Map<string, true>();

  constructor(
    format: SegmentDecoding,
    read: (object: string, range: ByteRange) => Promise<Uint8Array>,
    options: SegmentReaderOptions,
  ) {
    this.#format = format;
    this.#read = read;
    this.#options = options;
    this.#indexes = new ByteCache(options.footerBytes);
    this.#groups = new RowGroups(format, read, options.rowGroupBytes);
  }

  /** @throws DamagedSegmentError */
  async open(segment: Segment): Promise<OpenSegment> {
    return { segment, index: await this.#index(segment) };
  }

  #index(segment: Segment): Promise<SegmentIndex> {
    const { object, objectBytes, footerBytes } = segment;
    const known = this.#indexes.get(object);
    if (known !== undefined) return known;
    const isRead = objectBytes <= this.#options.wholeObjectBytes;
    const range = { from: isRead ? 0 : objectBytes - footerBytes, to: objectBytes };
    const index = this.#read(object, range).then((bytes) => {
      const found = this.#format.readIndex(bytes.subarray(-footerBytes), objectBytes);
      if (isRead) this.#groups.hold({ segment, index: found }, bytes);
      return found;
    });
    this.#indexes.set(object, index, footerBytes);
    index.catch(() => {
      if (this.#indexes.get(object) === index) this.#indexes.delete(object);
    });
    return index;
  }

  /**
   * The records of the groups from `first` to `last`, both included, up to one that is damaged: read by one request where
   * they are not here.
   */
  async runs(
    at: PartitionRef,
    open: OpenSegment,
    first: number,
    last: number,
  ): Promise<readonly ArchivedRun[]> {
    this.#fetchMissing(at, open, first, last);
    const runs: ArchivedRun[] = [];
    for (let group = first; group <= last; group += 1) {
      const run = await this.#run(open, group);
      runs.push(run);
      if (run.damage !== undefined) break;
    }
    return runs;
  }

  async #run(open: OpenSegment, group: number): Promise<ArchivedRun> {
    const range = coverage(open, group);
    try {
      return { ...range, ...(await this.#groups.decoded(open, group)) };
    } catch (error) {
      if (error instanceof DamagedSegmentError) return { ...range, records: [], bytes: 0, damage: error };
      throw error;
    }
  }

  /** One request for those of the groups that are not here, and for some more where somebody reads on. */
  #fetchMissing(at: PartitionRef, open: OpenSegment, first: number, last: number): void {
    let [from, to] = [first, last];
    while (from <= to && this.#groups.has(open, from)) from += 1;
    if (from > to) return;
    while (this.#groups.has(open, to)) to -= 1;
    const { groups } = open.index;
    const begin = groups[from]?.bytes.from ?? 0;
    const readsOn = this.#ends.delete(placeOf(at, coverage(open, from).from));
    const room = readsOn ? this.#options.readAheadBytes : 0;
    for (let next = groups[to + 1]; next !== undefined; next = groups[to + 1]) {
      if (next.bytes.to - begin > room || this.#groups.has(open, to + 1)) break;
      to += 1;
    }
    this.#groups.fetch(open, from, to);
    this.#ends.set(placeOf(at, coverage(open, to).end), true);
    dropOldest(this.#ends, rememberedEnds);
  }
}

const placeOf = (at: PartitionRef, offset: number): string => `${partitionKey(at)}@${offset}`;
