import { NotSentError, ThrottledError } from '../../domain/errors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';

/** Told of a batch that stands, or may stand, at `base`. */
export type Announce = (at: PartitionRef, base: number) => void;

/**
 * The same store, telling of every put that may have put something: what the table's own stream does where there is
 * one. Not knowing counts as a write, since waking for nothing is cheap and a record without a wake is not. Only a
 * process that dies between a write and its announcement says nothing, and the sweep at the next start finds that.
 */
export const announceWrites = (store: BatchStore, announce: Announce): BatchStore => ({
  putIfAbsent: async (at, batch, attempt) => {
    let written = true;
    try {
      return await store.putIfAbsent(at, batch, attempt);
    } catch (error) {
      written = !(error instanceof NotSentError || error instanceof ThrottledError);
      throw error;
    } finally {
      if (written) announce(at, batch.base);
    }
  },
  last: (at, signal) => store.last(at, signal),
  end: (at, query, signal) => store.end(at, query, signal),
  range: (at, range, signal) => store.range(at, range, signal),
  floor: (at, offset, consistent, signal) => store.floor(at, offset, consistent, signal),
  present: (places, signal) => store.present(places, signal),
  delete: (at, bases) => store.delete(at, bases),
});
