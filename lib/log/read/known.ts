import { dropOldest } from '../../domain/drop-oldest.ts';
import type { Instant } from '../../domain/instants.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { PartitionState } from '../../stores/partitions.ts';
import type { Want } from './collector.ts';
import type { Piece } from './pieces.ts';

/** What a process knows of a partition. Offsets only grow, so what was seen once is a lower bound for ever. */
interface Known {
  start: number;
  archivedThrough: number;
  /** When these two were seen; undefined: never. */
  startSeenAt: Instant | undefined;
  end: number;
  endSeenAt: Instant | undefined;
  recordsPerBatch: number;
  bytesPerBatch: number;
}

const unknown: Readonly<Known> = {
  start: 0,
  archivedThrough: 0,
  startSeenAt: undefined,
  end: 0,
  endSeenAt: undefined,
  recordsPerBatch: 1,
  bytesPerBatch: 0,
};

const rememberedPartitions = 4_096;
/** Whole batches kept, for those who read a batch in several parts; each is 350 KB at most. */
const rememberedBatches = 32;
/** Batches asked for at most by one query. */
const mostBatches = 1_000;

/** What a process remembers of the partitions that it reads. */
export class KnownPartitions {
  readonly #known = new Map<string, Known>();
  readonly #cut = new Map<string, Piece>();

  get(at: PartitionRef): Readonly<Known> {
    return this.#known.get(partitionKey(at)) ?? unknown;
  }

  sawState(
    at: PartitionRef,
    { startOffset, archivedThrough }: Pick<PartitionState, 'startOffset' | 'archivedThrough'>,
    now: Instant,
  ): void {
    const known = this.#of(at);
    known.start = Math.max(known.start, startOffset);
    known.archivedThrough = Math.max(known.archivedThrough, archivedThrough);
    known.startSeenAt = now;
  }

  /** `now`: when nothing was after it; undefined when that is not known. */
  sawEnd(at: PartitionRef, end: number, now: Instant | undefined): void {
    const known = this.#of(at);
    known.end = Math.max(known.end, end);
    if (now !== undefined) known.endSeenAt = now;
  }

  /** Whole batches were read: how large are they? */
  measured(
    at: PartitionRef,
    seen: { readonly batches: number; readonly records: number; readonly bytes: number },
  ): void {
    if (seen.batches === 0) return;
    const known = this.#of(at);
    known.recordsPerBatch = (known.recordsPerBatch + seen.records / seen.batches) / 2;
    known.bytesPerBatch = (known.bytesPerBatch + seen.bytes / seen.batches) / 2;
  }

  /** How many batches probably hold what is wanted, at least 1. */
  batchesFor(at: PartitionRef, { maxRecords, maxBytes }: Want): number {
    const { recordsPerBatch, bytesPerBatch } = this.get(at);
    const byRecords = maxRecords / recordsPerBatch;
    const byBytes = bytesPerBatch === 0 ? byRecords : maxBytes / bytesPerBatch;
    return Math.max(1, Math.min(mostBatches, Math.ceil(Math.min(byRecords, byBytes))));
  }

  /**
   * The batch that the last read of it ended in the middle of, if `offset` is in it. Once it is archived, the archive is asked:
   * records may have been taken away there.
   */
  cut(at: PartitionRef, offset: number): Piece | undefined {
    const piece = this.#cut.get(partitionKey(at));
    if (piece === undefined || piece.from < this.get(at).archivedThrough) return undefined;
    return piece.from <= offset && offset < piece.end ? piece : undefined;
  }

  /** The archive has a memory of its own. */
  keepCut(at: PartitionRef, piece: Piece | undefined): void {
    if (piece === undefined || piece.isArchived) return;
    const key = partitionKey(at);
    this.#cut.delete(key);
    this.#cut.set(key, piece);
    dropOldest(this.#cut, rememberedBatches);
  }

  #of(at: PartitionRef): Known {
    const key = partitionKey(at);
    const known = this.#known.get(key) ?? { ...unknown };
    this.#known.delete(key);
    this.#known.set(key, known);
    dropOldest(this.#known, rememberedPartitions);
    return known;
  }
}
