import { dropOldest } from '../../domain/drop-oldest.ts';
import type { Instant } from '../../domain/instants.ts';
import { type Batch, batchEnd } from '../../domain/records/batches.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Want } from './collector.ts';

/** What a process knows of a partition. Offsets only grow, so what was seen once is a lower bound for ever. */
interface Known {
  start: number;
  /** Undefined: never. */
  startSeenAt: Instant | undefined;
  end: number;
  endSeenAt: Instant | undefined;
  recordsPerBatch: number;
  bytesPerBatch: number;
}

const unknown: Readonly<Known> = {
  start: 0,
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
  readonly #cut = new Map<string, Batch>();

  get(at: PartitionRef): Readonly<Known> {
    return this.#known.get(partitionKey(at)) ?? unknown;
  }

  sawStart(at: PartitionRef, start: number, now: Instant): void {
    const known = this.#of(at);
    known.start = Math.max(known.start, start);
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

  /** The batch that the last read of it ended in the middle of, if `offset` is in it. */
  cut(at: PartitionRef, offset: number): Batch | undefined {
    const batch = this.#cut.get(partitionKey(at));
    return batch !== undefined && batch.base <= offset && offset < batchEnd(batch) ? batch : undefined;
  }

  keepCut(at: PartitionRef, batch: Batch | undefined): void {
    if (batch === undefined) return;
    const key = partitionKey(at);
    this.#cut.delete(key);
    this.#cut.set(key, batch);
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
