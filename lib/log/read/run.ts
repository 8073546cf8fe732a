import type { ArchiveReader } from '../../archive/read/reader.ts';
import { limits } from '../../domain/limits.ts';
import { type Batch, batchEnd, closesPartition } from '../../domain/records/batches.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { BatchPage, BatchStore } from '../../stores/batches.ts';
import { ObjectMissingError } from '../../stores/objects.ts';
import type { PartitionStore } from '../../stores/partitions.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { Arrivals } from './arrivals.ts';
import type { Want } from './collector.ts';
import { KnownPartitions } from './known.ts';
import { firstOffsetAt, type TimedRun, timedBatch, timedSegment } from './offset-at-time.ts';
import { type Ask, PartitionOffsets } from './offsets.ts';
import { archivedPiece, batchPiece, type Piece } from './pieces.ts';

export interface RunReaderDeps {
  readonly batches: BatchStore;
  readonly partitions: Pick<PartitionStore, 'get'>;
  /** Without it nothing is found below the batches. */
  readonly archive?: ArchiveReader | undefined;
  readonly clock: Clock;
  /** How the log's stores are asked: once, unless said. */
  readonly ask?: Ask;
  readonly arrivals?: Arrivals;
}

export interface RunRequest {
  /** Where to begin. */
  readonly from: number;
  /** Batches at most, where it comes from them. */
  readonly batches: number;
  /** What is wanted of the archive, where it comes from there. */
  readonly want: Want;
  /** Whether batches are read strongly consistent; otherwise the newest may be missing, in any pattern. */
  readonly consistent: boolean;
}

/** What one look into a partition shows from an offset on. */
export type Run =
  | {
      readonly kind: 'found';
      /** Without a gap between them; the first covers the offset. One at least. */
      readonly pieces: readonly Piece[];
      /** There is something after them, or may be. */
      readonly more: boolean;
      /** It was cut where a batch did not show that must be there. */
      readonly gap: boolean;
      /** They go to the end of a closed partition. */
      readonly closed: boolean;
      /** The first is a batch that may be there for its idempotency keys alone: archived, and erased in part. */
      readonly isKept?: boolean;
    }
  /** Nothing is there yet, or ever where it is closed. */
  | { readonly kind: 'end'; readonly closed: boolean }
  /** Nothing is there any more: the partition begins at `start`. */
  | { readonly kind: 'below'; readonly start: number }
  /** It is past the end. */
  | { readonly kind: 'above' };

/** How old, ms, what is known of the border may be where a batch may be kept below it: as fetches have it of the start. */
const keptMaxAgeMs = 5_000;

const once: Ask = (request) => request(undefined);

/**
 * Reads a partition as one log: its segments, its batches, and the border between them, of which a process knows how far
 * it was at least. Below it are segments; at and above it batches, and where no batch covers the offset that was asked for
 * the border has moved past it since, or the start has: the partition's state tells. A batch below the border that is still
 * there has the same records, and those that were erased since. One that is kept for its idempotency keys may be there for a day,
 * so whether the border has passed it is asked for.
 *
 * One per process: it remembers where partitions begin and end.
 */
export class RunReader {
  readonly known = new KnownPartitions();
  readonly offsets: PartitionOffsets;
  readonly #deps: RunReaderDeps;
  readonly #ask: Ask;

  constructor(deps: RunReaderDeps) {
    this.#deps = deps;
    this.#ask = deps.ask ?? once;
    const arrivals = deps.arrivals ?? new Arrivals();
    this.offsets = new PartitionOffsets({ ...deps, arrivals, known: this.known, ask: this.#ask });
  }

  /**
   * One look: a query where `from` is the base of a batch, and one more where it is in the middle of one. The state of the
   * partition is asked for where no batch covers it alone.
   */
  async read(at: PartitionRef, request: RunRequest): Promise<Run> {
    const { start } = this.known.get(at);
    if (request.from < start) return { kind: 'below', start };
    let missing: ObjectMissingError | undefined;
    const archived = async (): Promise<Run | undefined> => {
      try {
        return await this.#archived(at, request);
      } catch (error) {
        if (!(error instanceof ObjectMissingError)) throw error;
        // A late copy may have named again what retention took: the start is past it then.
        missing = error;
        return undefined;
      }
    };
    const found = (await archived()) ?? (await this.#live(at, request));
    if (found?.kind === 'found' && found.isKept) {
      await this.offsets.recentStart(at, keptMaxAgeMs);
      return (await archived()) ?? found;
    }
    if (found !== undefined) return found;
    // Archived since, and deleted; or trimmed; or, in that order, both.
    for (let look = 0; look < 2; look += 1) {
      const { startOffset } = await this.offsets.state(at);
      if (request.from < startOffset) return { kind: 'below', start: startOffset };
      const since = look === 0 ? await archived() : undefined;
      if (since !== undefined) return since;
    }
    throw (
      missing ?? new Error(`Offset ${request.from} of partition ${partitionKey(at)} is missing from the log.`)
    );
  }

  /** As `firstOffsetAt` says, of what can be read. */
  async offsetAtTime(at: PartitionRef, timestampMs: number): Promise<number> {
    const { startOffset: start } = await this.offsets.state(at);
    const last = await this.offsets.last(at);
    return firstOffsetAt({
      timestampMs,
      start,
      last: last && timedBatch(last, at.partition),
      floor: (offset) => this.#timedFloor(at, offset),
    });
  }

  /** What covers the offset; undefined where it was trimmed. */
  async #timedFloor(at: PartitionRef, offset: number): Promise<TimedRun | undefined> {
    const archived = await this.#timedSegment(at, offset);
    if (archived !== undefined) return archived;
    const batch = await this.#ask((signal) => this.#deps.batches.floor(at, offset, true, signal));
    if (batch !== undefined && offset < batchEnd(batch)) return timedBatch(batch, at.partition);
    // Archived since, and deleted, or trimmed.
    await this.offsets.state(at);
    return this.#timedSegment(at, offset);
  }

  async #timedSegment(at: PartitionRef, offset: number): Promise<TimedRun | undefined> {
    const { archive } = this.#deps;
    if (archive === undefined || offset >= this.known.get(at).archivedThrough) return undefined;
    const segment = await archive.segmentAt(at, offset);
    return segment && timedSegment(archive, at, segment);
  }

  async #archived(at: PartitionRef, { from, want }: RunRequest): Promise<Run | undefined> {
    if (from >= this.known.get(at).archivedThrough) return undefined;
    const runs = await this.#deps.archive?.read(at, from, want);
    if (runs === undefined) return undefined;
    const pieces = runs.map((run) => archivedPiece(run, at.partition));
    return { kind: 'found', pieces, more: true, gap: false, closed: false };
  }

  /** Undefined when no batch covers the offset, though there are some after it. */
  async #live(at: PartitionRef, { from, batches, consistent }: RunRequest): Promise<Run | undefined> {
    const range = { from, limit: batches, consistent };
    const page = await this.#ask((signal) => this.#deps.batches.range(at, range, signal));
    this.#sawPage(at, page);
    if (page.batches[0]?.base === from) return this.#runOf(at, from, page);
    const isEmpty = page.batches.length === 0;
    if (isEmpty && from === this.known.get(at).end) return { kind: 'end', closed: false };
    const floor = await this.#ask((signal) => this.#deps.batches.floor(at, from, true, signal));
    if (floor !== undefined && from < batchEnd(floor))
      return this.#runOf(at, from, { ...page, batches: [floor, ...page.batches] });
    if (!isEmpty) return undefined;
    if (floor !== undefined && from === batchEnd(floor)) {
      this.known.sawEnd(at, from, instantOf(this.#deps.clock));
      return { kind: 'end', closed: closesPartition(floor) };
    }
    const end = await this.offsets.end(at);
    if (from === end) return { kind: 'end', closed: false };
    return from > end ? { kind: 'above' } : undefined;
  }

  #runOf(at: PartitionRef, from: number, page: BatchPage): Run {
    const run = runOf(at, from, page);
    const [first] = page.batches;
    const isKeyed = first?.idempotencyKeys !== undefined;
    const isKept = isKeyed && this.#deps.clock.now() - first.appendedAt > limits.trimMinAgeMs;
    return run.kind === 'found' && isKept ? { ...run, isKept } : run;
  }

  #sawPage(at: PartitionRef, { batches, more }: BatchPage): void {
    const last = batches.at(-1);
    const seenAt = more ? undefined : instantOf(this.#deps.clock);
    if (last !== undefined) this.known.sawEnd(at, batchEnd(last), seenAt);
  }
}

/** The batches up to the first gap, the first of which covers `from` or closes the partition there. */
const runOf = ({ partition }: PartitionRef, from: number, { batches, more }: BatchPage): Run => {
  const run: Batch[] = [];
  let next = from;
  for (const batch of batches) {
    if (batch.base > next) break;
    run.push(batch);
    next = batchEnd(batch);
  }
  const gap = run.length < batches.length;
  const closed = run.some(closesPartition);
  const pieces = run.filter((batch) => !closesPartition(batch)).map((batch) => batchPiece(batch, partition));
  if (pieces.length === 0) return { kind: 'end', closed };
  return { kind: 'found', pieces, more: more || gap, gap, closed };
};
