import { UndecodableBatchError } from '../domain/errors.ts';
import { type Batch, batchEnd, closesPartition } from '../domain/records/batches.ts';
import { decodeBatch } from '../domain/records/encoding.ts';
import type { LogRecord, PartitionRef } from '../domain/records/records.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { ArchiveOptions } from './options.ts';

/** A batch that goes into a segment, and its records. */
export interface Sealable {
  readonly batch: Batch;
  readonly records: readonly LogRecord[];
}

export interface SealableDeps {
  readonly batches: Pick<BatchStore, 'range'>;
  readonly options: ArchiveOptions;
  /** Told of a batch that cannot be decoded: nothing from there on is archived, or deleted. */
  readonly onUndecodable: (error: UndecodableBatchError) => void;
}

const batchesAtOnce = 100;

/**
 * The batches from `from` on that go into one segment, strongly consistent: an unbroken run from the batch that begins there,
 * until it has the size of a segment, or the log ends, or a batch cannot be decoded. One page in memory at a time.
 */
export async function* sealableFrom(
  { batches, options, onUndecodable }: SealableDeps,
  at: PartitionRef,
  from: number,
): AsyncGenerator<Sealable, void, void> {
  let next = from;
  let [bytes, decodedBytes] = [0, 0];
  for (;;) {
    const page = await batches.range(at, { from: next, limit: batchesAtOnce, consistent: true });
    for (const batch of page.batches) {
      // A query is no snapshot: what it misses is there the next time.
      if (batch.base !== next || closesPartition(batch)) return;
      const decoded = decodedOf(batch, at, onUndecodable);
      if (decoded === undefined) return;
      yield { batch, records: decoded.records };
      next = batchEnd(batch);
      bytes += batch.data.length;
      decodedBytes += decoded.bytes;
      if (bytes >= options.segmentMaxBytes || decodedBytes >= options.segmentMaxDecodedBytes) return;
    }
    if (!page.more) return;
  }
}

const decodedOf = (
  batch: Batch,
  { partition }: PartitionRef,
  onUndecodable: SealableDeps['onUndecodable'],
): ReturnType<typeof decodeBatch> | undefined => {
  try {
    return decodeBatch(batch, partition);
  } catch (error) {
    if (!(error instanceof UndecodableBatchError)) throw error;
    onUndecodable(error);
    return undefined;
  }
};
