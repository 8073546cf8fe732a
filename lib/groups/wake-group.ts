import type { Group } from '../domain/groups.ts';
import type { Wake } from '../domain/wakes.ts';
import type { QueuedWake } from '../stores/wake-queue.ts';

/** A wake for one of a group's partitions, to be sent at once. */
export const wakeFor = (group: Group, partition: number, kind: Wake['kind']): QueuedWake => ({
  wake: { kind, topicId: group.topicId, groupId: group.groupId, group: group.name, partition },
});
