import type { Group } from '../domain/groups.ts';
import type { Topic } from '../domain/topics.ts';
import type { Wake } from '../domain/wakes.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { Telemetry } from '../stores/telemetry.ts';
import type { QueuedWake, WakeQueue } from '../stores/wake-queue.ts';
import { groupProgress } from './describe.ts';
import type { OffsetReader } from './start-offsets.ts';

/** A wake for one of a group's partitions, to be sent at once. */
export const wakeFor = (group: Group, partition: number, kind: Wake['kind']): QueuedWake => ({
  wake: { kind, topicId: group.topicId, groupId: group.groupId, group: group.name, partition },
});

export interface WakeLaggingDeps {
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly reader: Pick<OffsetReader, 'endOffset'>;
  readonly queue: WakeQueue;
  readonly telemetry: Telemetry;
}

/**
 * Wakes every partition in which a group has something to deliver, whatever retry is due later. A failure is only recorded:
 * sweep wakes them later.
 */
export const wakeLagging = async (
  deps: WakeLaggingDeps,
  topic: Topic,
  group: Group,
  requestId: string,
): Promise<void> => {
  try {
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
