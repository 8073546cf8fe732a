import { type Batch, batchEnd } from '../domain/batches.ts';

export interface TimeSearch {
  readonly timestampMs: number;
  /** The oldest readable offset. */
  readonly start: number;
  /** The last batch of the partition. */
  readonly last: Batch | undefined;
  /** The batch of the highest base not above an offset. */
  readonly floor: (offset: number) => Promise<Batch | undefined>;
}

/**
 * The first readable offset of a batch appended at or after a time, by bisection over offsets: batches never get an
 * earlier time than those before them. The end offset when there is none. About log2(records) queries.
 */
export const firstOffsetAt = async ({ timestampMs, start, last, floor }: TimeSearch): Promise<number> => {
  if (last === undefined) return 0;
  if (last.appendedAt < timestampMs) return batchEnd(last);
  // Everything below `low` is too early; the batch at `found` is not.
  let low = start;
  let found = last.base;
  while (low < found) {
    const batch = await floor(Math.floor((low + found - 1) / 2));
    // A batch trimmed meanwhile is older than what is left.
    if (batch === undefined) low = Math.floor((low + found - 1) / 2) + 1;
    else if (batch.appendedAt >= timestampMs) found = Math.max(start, batch.base);
    else low = Math.max(low + 1, batchEnd(batch));
  }
  return Math.max(start, found);
};
