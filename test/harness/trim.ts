import { batchEnd } from '../../lib/domain/records/batches.ts';
import type { PartitionRef } from '../../lib/domain/records/records.ts';
import { deleteBatches, type TrimDeps } from '../../lib/log/trim.ts';
import type { PartitionStore } from '../../lib/stores/partitions.ts';

/**
 * Makes the records below `upTo` unreadable and deletes their batches, as an archiver does with what retention lets go of.
 * Gives how many batches it deleted.
 */
export const trim = async (
  deps: TrimDeps & { readonly partitions: Pick<PartitionStore, 'advance'> },
  at: PartitionRef,
  upTo: number,
): Promise<number> => {
  const last = await deps.batches.last(at);
  if (last === undefined) return 0;
  const startOffset = Math.min(upTo, batchEnd(last));
  await deps.partitions.advance(at, 'startOffset', startOffset);
  return (await deleteBatches(deps, at, startOffset)).deleted;
};
