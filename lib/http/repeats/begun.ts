import { storedKey } from '../../domain/idempotency/keys.ts';
import type { IntentStore } from '../../stores/intents.ts';

/** The partitions, of those where a request is placed, in which its `Idempotency-Key` has begun an append. */
export const begunPartitions = async (
  intents: Pick<IntentStore, 'find'>,
  topicId: string,
  idempotencyKey: string,
  partitions: readonly number[],
): Promise<ReadonlySet<number>> => {
  const key = storedKey(idempotencyKey);
  const all = [...new Set(partitions)];
  const found = await Promise.all(all.map((partition) => intents.find({ topicId, partition, key })));
  return new Set(all.filter((_, index) => found[index] !== undefined));
};
