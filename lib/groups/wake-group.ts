import type { Wake } from '../domain/delivery/wakes.ts';
import type { Group } from '../domain/groups/groups.ts';
import { partitionsOf, type Topic } from '../domain/topics.ts';
import type { QueuedWake, WakeQueue } from '../stores/wake-queue.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import { groupProgress, type ProgressDeps } from './describe.ts';
import { type Receiver, receiversKnownAfterMs } from './receivers.ts';

/** A wake for one of a group's partitions, to be sent at once. */
export const wakeFor = (group: Receiver, partition: number, kind: Wake['kind']): QueuedWake => ({
  wake: { kind, topicId: group.topicId, groupId: group.groupId, group: group.name, partition },
});

/**
 * Wakes for a group that is to be called from now on and was not before, to be sent as soon as that is written. Until every
 * process has heard of it, nobody may be told of what is appended, to whatever partition: then each is looked at once. As
 * after an append: by then there may be retries that are to be waited for.
 */
export const newReceiverWakes = (
  group: Receiver,
  { partitions }: Pick<Topic, 'partitions'>,
): readonly QueuedWake[] =>
  partitionsOf({ topicId: group.topicId, partitions }).map(({ partition }) => ({
    ...wakeFor(group, partition, 'append'),
    delayMs: receiversKnownAfterMs,
  }));

export interface WakeGroupDeps extends ProgressDeps {
  readonly queue: WakeQueue;
  readonly telemetry: Telemetry;
}

export interface WakeGroupRequest {
  readonly requestId: string;
  /** Whether the group had no endpoint that was enabled. */
  readonly isNew: boolean;
}

/**
 * Wakes every partition in which a group has something to deliver, whatever retry is due later; one that is new, every
 * partition once more. A failure is only recorded: sweep wakes them later.
 */
export const wakeGroup = async (
  deps: WakeGroupDeps,
  topic: Topic,
  group: Group,
  { requestId, isNew }: WakeGroupRequest,
): Promise<void> => {
  try {
    if (isNew) await deps.queue.send(newReceiverWakes(group, topic));
    const progress = await groupProgress(deps, topic, group);
    const wakes = progress
      .filter(({ lag }) => lag > 0)
      .map(({ partition }) => ({ wake: { ...wakeFor(group, partition, 'resume').wake, requestId } }));
    if (wakes.length > 0) await deps.queue.send(wakes);
  } catch (error) {
    const where = 'waking a group whose endpoint was registered or changed';
    deps.telemetry.record({ kind: 'fault', where, requestId, error });
  }
};
