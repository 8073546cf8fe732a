import { concurrently } from '../domain/concurrently.ts';
import { type PartitionRef, partitionKey } from '../domain/records/records.ts';
import type { Receivers } from '../groups/receivers.ts';
import { wakeFor } from '../groups/wake-group.ts';
import type { WakeQueue } from '../stores/wake-queue.ts';

export interface OnAppendDeps {
  readonly receivers: Pick<Receivers, 'of'>;
  readonly queue: WakeQueue;
}

const topicsAtOnce = 8;

/**
 * Tells every group that is to be called about new records: one wake for each active push group with an enabled
 * endpoint and each partition of `changed`, which may name one more than once.
 *
 * A group that is not known to have one was read strongly, and not long before: whoever registers an endpoint later than
 * that wakes its group, and once more when nobody can be left who does not know of it (`receiversKnownAfterMs`).
 * @throws when a read or a send failed. Some wakes may be sent then; calling again sends them again, which does no harm.
 */
export const onAppend = async (deps: OnAppendDeps, changed: readonly PartitionRef[]): Promise<void> => {
  const distinct = new Map(changed.map((at) => [partitionKey(at), at]));
  const topics = Map.groupBy(distinct.values(), ({ topicId }) => topicId);
  await concurrently(topicsAtOnce, [...topics], async ([topicId, partitions]) => {
    const receivers = await deps.receivers.of(topicId);
    const wakes = receivers.flatMap((group) =>
      partitions.map(({ partition }) => wakeFor(group, partition, 'append')),
    );
    if (wakes.length > 0) await deps.queue.send(wakes);
  });
};
