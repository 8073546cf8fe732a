import { type Batch, batchEnd } from '../domain/batches.ts';
import { limits } from '../domain/limits.ts';
import type { PartitionRef } from '../domain/records.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { Clock } from '../stores/clock.ts';
import type { PartitionStore } from '../stores/partitions.ts';

export interface TrimDeps {
  readonly batches: BatchStore;
  readonly partitions: PartitionStore;
  readonly clock: Pick<Clock, 'now'>;
  /** The safety floor of DESIGN §5, ms. Default `limits.trimMinAgeMs`; only the local runtime may lower it. */
  readonly minAgeMs?: number;
}

const batchesAtOnce = 25;

/**
 * Makes the records below `upTo` unreadable, then deletes the batches that hold nothing else, except those too young
 * (a later call gets them) and the last. May be repeated after a crash. Answers with how many batches it deleted.
 */
export const trim = async (deps: TrimDeps, at: PartitionRef, upTo: number): Promise<number> => {
  const last = await deps.batches.last(at);
  if (last === undefined) return 0;
  const startOffset = Math.min(upTo, batchEnd(last));
  await deps.partitions.advanceStart(at, startOffset);
  return deleteBatches(deps, at, startOffset);
};

/**
 * Deletes the batches that end at or below `upTo`, oldest first: never the last one, none younger than the floor. What
 * a stale writer believes to be the tail is then always taken by a batch that is still there (DESIGN §5).
 */
export const deleteBatches = async (
  deps: Omit<TrimDeps, 'partitions'>,
  at: PartitionRef,
  upTo: number,
): Promise<number> => {
  const last = await deps.batches.last(at);
  if (last === undefined) return 0;
  const minAgeMs = deps.minAgeMs ?? limits.trimMinAgeMs;
  const mayGo = (batch: Batch): boolean =>
    batch.base < last.base && batchEnd(batch) <= upTo && deps.clock.now() - batch.appendedAt >= minAgeMs;
  let deleted = 0;
  for (;;) {
    const page = await deps.batches.range(at, { from: 0, limit: batchesAtOnce, consistent: true });
    const going = page.batches.filter(mayGo).map((batch) => batch.base);
    if (going.length === 0) return deleted;
    await deps.batches.delete(at, going);
    deleted += going.length;
    if (going.length < page.batches.length) return deleted;
  }
};
