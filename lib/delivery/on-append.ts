import { concurrently } from '../domain/concurrently.ts';
import { type PartitionRef, partitionKey } from '../domain/records/records.ts';
import { wakeFor } from '../groups/wake-group.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { WakeQueue } from '../stores/wake-queue.ts';
import { receives } from './subscriptions.ts';

export interface OnAppendDeps {
  readonly groups: GroupStore;
  readonly queue: WakeQueue;
}

const topicsAtOnce = 8;

/**
 * Tells every group that is to be called about new records: one wake for each active push group with an enabled
 * endpoint and each partition of `changed`, which may name one more than once.
 *
 * The groups are read strongly and after the append: whoever registers an endpoint later than that wakes its group.
 * @throws when a read or a send failed. Some wakes may be sent then; calling again sends them again, which does no harm.
 */
export const onAppend = async (deps: OnAppendDeps, changed: readonly PartitionRef[]): Promise<void> => {
  const distinct = new Map(changed.map((at) => [partitionKey(at), at]));
  const topics = Map.groupBy(distinct.values(), ({ topicId }) => topicId);
  await concurrently(topicsAtOnce, [...topics], async ([topicId, partitions]) => {
    const subscriptions = await deps.groups.list(topicId);
    const wakes = subscriptions
      .filter(receives)
      .flatMap(({ group }) => partitions.map(({ partition }) => wakeFor(group, partition, 'append')));
    if (wakes.length > 0) await deps.queue.send(wakes);
  });
};
