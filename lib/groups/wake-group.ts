import type { Group } from '../domain/groups.ts';
import type { Topic } from '../domain/topics.ts';
import type { Wake } from '../domain/wakes.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { QueuedWake, WakeQueue } from '../stores/wake-queue.ts';
import { endOffsets, lagOf } from './lag.ts';

export interface WakeGroupDeps {
  readonly batches: Pick<BatchStore, 'last'>;
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly queue: WakeQueue;
}

export const wakeFor = (group: Group, partition: number, kind: Wake['kind']): QueuedWake => ({
  wake: { kind, topicId: group.topicId, groupId: group.groupId, group: group.name, partition },
});

/**
 * Sends a wake for every partition in which `group` has something to deliver. With `resume` a retry that is due later is
 * not waited for. To be called *after* the group can be called (its endpoint is stored), since what is appended from
 * then on has wakes of its own.
 * @throws when a read or a send failed; calling again does no harm.
 */
export const wakeGroup = async (
  deps: WakeGroupDeps,
  topic: Pick<Topic, 'topicId' | 'partitions'>,
  group: Group,
  kind: 'append' | 'resume',
): Promise<void> => {
  const lags = await lagOf(deps, group, await endOffsets(deps, topic));
  const wakes = lags.filter(({ lag }) => lag > 0).map(({ partition }) => wakeFor(group, partition, kind));
  if (wakes.length > 0) await deps.queue.send(wakes);
};

/**
 * What follows when a group was given an endpoint: it is active again if an outage had paused it, and deliveries go on
 * at once. To be called after the endpoint is stored, and again if it throws.
 */
export const resumeGroup = async (
  deps: WakeGroupDeps & { readonly groups: Pick<GroupStore, 'setStatus'> },
  topic: Pick<Topic, 'topicId' | 'partitions'>,
  group: Group,
): Promise<void> => {
  if (group.status === 'paused')
    await deps.groups.setStatus({ topicId: group.topicId, group: group.name }, group.groupId, 'active');
  await wakeGroup(deps, topic, group, 'resume');
};
