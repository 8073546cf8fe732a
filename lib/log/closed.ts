import { type PartitionRef, partitionKey } from '../domain/records/records.ts';

/**
 * The partition was closed, because its topic was deleted: nothing was written, and nothing ever will be. The topic's
 * name may belong to a new incarnation by now.
 */
export class PartitionClosedError extends Error {
  override readonly name = 'PartitionClosedError';

  constructor(at: PartitionRef) {
    super(`The partition ${partitionKey(at)} is closed.`);
  }
}
