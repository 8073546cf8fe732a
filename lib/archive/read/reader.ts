import { dropOldest } from '../../domain/drop-oldest.ts';
import { type LogRecord, type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Segment } from '../../domain/segments.ts';
import { patiently } from '../../log/read/patience.ts';
import type { Clock } from '../../stores/clock.ts';
import { ObjectMissingError, type ObjectStore } from '../../stores/objects.ts';
import type { SegmentStore } from '../../stores/segments.ts';
import { DamagedSegmentError, type SegmentFormat, type SegmentIndex } from '../format.ts';
import { ByteCache } from './byte-cache.ts';
import { Manifest } from './manifest.ts';
import { coverage, firstGroupFor, lastGroupFor, type WantedOfArchive } from './row-group-choice.ts';
import { type OpenSegment, RowGroups } from './row-groups.ts';

/** Every knob of reading the archive. */
export interface ArchiveReadOptions {
  /** How long one request may take, ms; it is tried a few times. */
  readonly attemptTimeoutMs: number;
  /** Who reads on where the last read ended is given this much by one request, compressed. */
  readonly readAheadBytes: number;
  /** What is kept of row groups: as they are in the object, or decoded, by the size of their JSON. */
  readonly rowGroupBytes: number;
  /** What is kept of footers, by their size in the object. */
  readonly footerBytes: number;
}

export const archiveReadDefaults: ArchiveReadOptions = {
  attemptTimeoutMs: 5_000,
  readAheadBytes: 2 * 1024 * 1024,
  rowGroupBytes: 48 * 1024 * 1024,
  footerBytes: 4 * 1024 * 1024,
};

export interface ArchiveReaderDeps {
  readonly segments: SegmentStore;
  readonly objects: ObjectStore;
  readonly format: SegmentFormat;
  readonly clock: Clock;
  readonly options?: Partial<ArchiveReadOptions>;
}

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

/** Beyond these an object that the manifest names is missing, and not just replaced. */
const tries = 3;
/** Places where a read ended, of all partitions. */
const rememberedEnds = 4_096;

/**
 * Reads what is archived. One per process: it remembers segments, footers and row groups. Every method throws Problem
 * `unavailable` when a store does not answer.
 */
export class ArchiveReader {
  readonly #objects: ObjectStore;
  readonly #format: SegmentFormat;
  readonly #clock: Clock;
  readonly #options: ArchiveReadOptions;
  readonly #manifest: Manifest;
  readonly #indexes: ByteCache<Promise<SegmentIndex>>;
  readonly #groups: RowGroups;
  /** Where reads ended: who begins there reads on. */
  readonly #ends = new Map<string, true>();

  constructor({ segments, objects, format, clock, options }: ArchiveReaderDeps) {
    this.#objects = objects;
    this.#format = format;
    this.#clock = clock;
    this.#options = { ...archiveReadDefaults, ...options };
    this.#manifest = new Manifest(segments, clock, (request) => this.#ask(request));
    this.#indexes = new ByteCache(this.#options.footerBytes);
    this.#groups = new RowGroups(
      format,
      (object, range) => this.#ask((signal) => objects.read(object, range, signal)),
      this.#options.rowGroupBytes,
    );
  }

  /** The segment that covers `offset`, as it was within the last minute; undefined when there is none. */
  segmentAt(at: PartitionRef, offset: number): Promise<Segment | undefined> {
    return this.#manifest.covering(at, offset);
  }

  /**
   * What is archived from `from` on: runs that follow each other, the first of which covers it, as many as probably hold
   * what is wanted, at least one. They may hold more, or less. Undefined when no segment covers it.
   *
   * Takes a query of the manifest, a range of the object for its footer and one for the records, each only where this
   * process does not remember it.
   */
  async read(
    at: PartitionRef,
    from: number,
    want: WantedOfArchive,
  ): Promise<readonly ArchivedRun[] | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const segment = await this.#manifest.covering(at, from);
      if (segment === undefined) return undefined;
      try {
        return await this.#readSegment(at, segment, from, want);
      } catch (error) {
        // Another was put in its place, or it was deleted, and the object went with it.
        if (!(error instanceof ObjectMissingError) || attempt === tries) throw error;
        this.#manifest.forget(at, segment);
      }
    }
  }

  async #readSegment(
    at: PartitionRef,
    segment: Segment,
    from: number,
    want: WantedOfArchive,
  ): Promise<readonly ArchivedRun[]> {
    const { start, end, object } = segment;
    if (segment.records === 0) return [{ from: start, end, records: [], bytes: 0 }];
    try {
      const index = await this.#index(segment);
      return await this.#readGroups(at, { object, index, segment }, from, want);
    } catch (error) {
      if (!(error instanceof DamagedSegmentError)) throw error;
      return [{ from: start, end, records: [], bytes: 0, damage: error }];
    }
  }

  #index({ object, objectBytes, footerBytes }: Segment): Promise<SegmentIndex> {
    const known = this.#indexes.get(object);
    if (known !== undefined) return known;
    const range = { from: objectBytes - footerBytes, to: objectBytes };
    const index = this.#ask((signal) => this.#objects.read(object, range, signal)).then((footer) =>
      this.#format.readIndex(footer, objectBytes),
    );
    this.#indexes.set(object, index, footerBytes);
    index.catch(() => {
      if (this.#indexes.get(object) === index) this.#indexes.delete(object);
    });
    return index;
  }

  async #readGroups(
    at: PartitionRef,
    open: OpenSegment & { readonly segment: Segment },
    from: number,
    want: WantedOfArchive,
  ): Promise<readonly ArchivedRun[]> {
    const { index, segment } = open;
    const first = firstGroupFor(index, from);
    if (first === undefined) {
      const behind = (index.groups.at(-1)?.last ?? segment.start - 1) + 1;
      return [{ from: behind, end: segment.end, records: [], bytes: 0 }];
    }
    const last = lastGroupFor(index, { first, from, want });
    this.#fetchMissing(at, open, first, last);
    const runs: ArchivedRun[] = [];
    for (let group = first; group <= last; group += 1) {
      const run = await this.#run(open, group);
      runs.push(run);
      if (run.damage !== undefined) break;
    }
    return runs;
  }

  async #run(open: OpenSegment & { readonly segment: Segment }, group: number): Promise<ArchivedRun> {
    const range = coverage(open.segment, open.index, group);
    try {
      return { ...range, ...(await this.#groups.decoded(open, group)) };
    } catch (error) {
      if (error instanceof DamagedSegmentError) return { ...range, records: [], bytes: 0, damage: error };
      throw error;
    }
  }

  /** One request for those of the groups that are not here, and for some more where somebody reads on. */
  #fetchMissing(
    at: PartitionRef,
    open: OpenSegment & { readonly segment: Segment },
    first: number,
    last: number,
  ): void {
    const { index, segment } = open;
    let [from, to] = [first, last];
    while (from <= to && this.#groups.has(open, from)) from += 1;
    if (from > to) return;
    while (this.#groups.has(open, to)) to -= 1;
    const { groups } = index;
    const begin = groups[from]?.bytes.from ?? 0;
    const readsOn = this.#ends.delete(this.#place(at, coverage(segment, index, from).from));
    const room = readsOn ? this.#options.readAheadBytes : 0;
    for (let next = groups[to + 1]; next !== undefined; next = groups[to + 1]) {
      if (next.bytes.to - begin > room || this.#groups.has(open, to + 1)) break;
      to += 1;
    }
    this.#groups.fetch(open, from, to);
    this.#ends.set(this.#place(at, coverage(segment, index, to).end), true);
    dropOldest(this.#ends, rememberedEnds);
  }

  #place(at: PartitionRef, offset: number): string {
    return `${partitionKey(at)}@${offset}`;
  }

  #ask<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return patiently(this.#clock, this.#options.attemptTimeoutMs, request);
  }
}
