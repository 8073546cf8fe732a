import { Problem } from '../../domain/errors.ts';
import type { Sequenced, SequenceVerdict } from '../../domain/idempotency/producers.ts';
import type { PartitionRef } from '../../domain/records/records.ts';

/** The key came with other records before. Nothing was written. */
export const keyMismatch = (at: PartitionRef): Problem =>
  new Problem(
    'idempotency_mismatch',
    `This Idempotency-Key came before with other records for partition ${at.partition}. Nothing was written: send exactly what was sent then, or take a new key for new records.`,
    { members: { partition: at.partition } },
  );

/** Another request with the key has gone on with the append. This one wrote nothing that the other does not know of. */
export const takenOver = (at: PartitionRef): Problem =>
  new Problem(
    'idempotency_taken_over',
    `Another request with this Idempotency-Key is appending to partition ${at.partition} and has taken this one over. Its answer counts. Or send this again with the same key: the records are written once, and the answer says where.`,
    { retryAfterSeconds: 1, members: { partition: at.partition } },
  );

/** What stood where the records were meant to go is not in the table any more. */
export const outcomeForgotten = (at: PartitionRef): Problem =>
  new Problem(
    'idempotency_unknown',
    `Partition ${at.partition} does not have the batch any more in which the records of this Idempotency-Key would be, if they were written. Read the partition before you send them with a new key.`,
    { members: { partition: at.partition } },
  );

type Refused = Exclude<SequenceVerdict, { readonly kind: 'next' | 'duplicate' }>;

/** What a producer is told of an append that is not the next one, and not the same as one before. Nothing was written. */
export const outOfSequence = (at: PartitionRef, append: Sequenced, verdict: Refused): Problem => {
  const { partition } = at;
  const { epoch, sequence } = append;
  switch (verdict.kind) {
    case 'gap':
      return new Problem(
        'sequence_gap',
        `This producer's next append to partition ${partition} in epoch ${epoch} has Producer-Seq ${verdict.expected}, and this one has ${sequence}. Nothing was written: send what is missing first.`,
        { members: { partition, expectedSeq: verdict.expected, receivedSeq: sequence } },
      );
    case 'fenced':
      return new Problem(
        'producer_fenced',
        `This producer has begun epoch ${verdict.epoch} in partition ${partition}, and this append is of epoch ${epoch}. Nothing was written: another process has taken this one's place. If it should not have, begin epoch ${verdict.epoch + 1} with Producer-Seq 0.`,
        { members: { partition, currentEpoch: verdict.epoch } },
      );
    case 'mismatch':
      return new Problem(
        'idempotency_mismatch',
        `This producer appended other records to partition ${partition} by Producer-Seq ${sequence} of epoch ${epoch}. Nothing was written: each number is for one append.`,
        { members: { partition } },
      );
    case 'forgotten':
      return new Problem(
        'sequence_forgotten',
        `The append of Producer-Seq ${sequence} in epoch ${epoch} is in partition ${partition}, and is so long ago that its offsets are not known any more: the last appends of a producer are remembered. Nothing was written; go on.`,
        { members: { partition } },
      );
  }
};
