import type { Wake } from '../domain/delivery/wakes.ts';
import type { Cursor } from '../domain/groups/cursors.ts';
import type { Group } from '../domain/groups/groups.ts';
import { partitionsOf, type Topic } from '../domain/topics.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { QueuedWake, WakeQueue } from '../stores/wake-queue.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import { findGroup, groupProgress, type ProgressDeps } from './describe.ts';
import { type Receiver, receiversKnownAfterMs, receives } from './receivers.ts';

/** A wake for one of a group's partitions, to be sent at once. */
export const wakeFor = (group: Receiver, partition: number, kind: Wake['kind']): QueuedWake => ({
  wake: { kind, topicId: group.topicId, groupId: group.groupId, group: group.name, partition },
});

/** A wake for dead letters that a group is given again; as good as an append's, whatever epoch their cursor has. */
export const redriveWake = (
  group: Receiver,
  partition: number,
  redriveId: string,
  kind: 'continue' | 'resume' = 'continue',
): QueuedWake => ({ wake: { ...wakeFor(group, partition, kind).wake, redriveId } });

/** Partitions of the dead letters that a group was given again and is not through with. @param lane its cursors there. */
export const leftOf = (
  { redrive }: Pick<Group, 'redrive'>,
  lane: ReadonlyMap<number, Cursor>,
): readonly {
  readonly partition: number;
  readonly redriveId: string;
  readonly cursor: Cursor | undefined;
}[] =>
  Object.entries(redrive?.ranges ?? {}).flatMap(([name, [, to]]) => {
    const partition = Number(name);
    const cursor = lane.get(partition);
    const isLeft = (cursor?.committed ?? 0) < to;
    return isLeft && redrive !== undefined ? [{ partition, redriveId: redrive.redriveId, cursor }] : [];
  });

/** Wakes for what is left of the group's redrive, if it has one. */
const redriveWakes = async (
  { cursors }: Pick<ProgressDeps, 'cursors'>,
  group: Group,
  kind: 'continue' | 'resume',
): Promise<readonly QueuedWake[]> => {
  const { redrive, groupId } = group;
  if (redrive === undefined || group.mode !== 'push') return [];
  const left = leftOf(group, await cursors.list(groupId, redrive.redriveId));
  return left.map(({ partition, redriveId }) => redriveWake(group, partition, redriveId, kind));
};

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
  /** Whether the group was not called before: it had no endpoint that was enabled, or was paused. */
  readonly isNew: boolean;
}

/** Sends wakes; a failure is only recorded: sweep wakes what is forsaken. */
const sending = async (
  { telemetry }: Pick<WakeGroupDeps, 'telemetry'>,
  requestId: string,
  send: () => Promise<void>,
) => {
  try {
    await send();
  } catch (error) {
    telemetry.record({ kind: 'fault', where: 'waking a group', requestId, error });
  }
};

/**
 * Wakes every partition in which a group has something to deliver, whatever retry is due later; one that is new, every
 * partition once more. A failure is only recorded: sweep wakes them later.
 */
export const wakeGroup = (
  deps: WakeGroupDeps,
  topic: Topic,
  group: Group,
  { requestId, isNew }: WakeGroupRequest,
): Promise<void> =>
  sending(deps, requestId, async () => {
    if (isNew) await deps.queue.send(newReceiverWakes(group, topic));
    const progress = await groupProgress(deps, topic, group);
    const wakes = progress
      .filter(({ lag }) => lag > 0)
      .map(({ partition }) => ({ wake: { ...wakeFor(group, partition, 'resume').wake, requestId } }));
    const redriven = await redriveWakes(deps, group, 'resume');
    if (wakes.length + redriven.length > 0) await deps.queue.send([...wakes, ...redriven]);
  });

/** Wakes every partition of the group's dead letters that it was given again. A failure is only recorded: sweep wakes them later. */
export const wakeRedrive = (
  deps: Pick<WakeGroupDeps, 'cursors' | 'queue' | 'telemetry'>,
  group: Group,
  requestId: string,
): Promise<void> =>
  sending(deps, requestId, async () => {
    const wakes = await redriveWakes(deps, group, 'continue');
    if (wakes.length > 0) await deps.queue.send(wakes);
  });

/** As `wakeGroup`, of a group as it is now, if it is called at all: otherwise whoever ends that wakes it. */
export const wakeAsItIs = (
  deps: WakeGroupDeps & { readonly groups: Pick<GroupStore, 'get'> },
  topic: Topic,
  group: Group,
  request: WakeGroupRequest,
): Promise<void> =>
  sending(deps, request.requestId, async () => {
    const now = await findGroup(deps.groups, topic, group.name);
    if (receives(now)) await wakeGroup(deps, topic, now.group, request);
  });

/**
 * As `wakeGroup`, of a group one of whose endpoints was changed since it was read. Not while it is paused: whoever resumes it wakes
 * it. That may have been done since it was read, and before the endpoint was there to be seen: so one that was paused is read again.
 */
export const wakeChanged = (
  deps: WakeGroupDeps & { readonly groups: Pick<GroupStore, 'get'> },
  topic: Topic,
  read: Group,
  request: WakeGroupRequest,
): Promise<void> =>
  read.pausedSince === undefined
    ? wakeGroup(deps, topic, read, request)
    : wakeAsItIs(deps, topic, read, request);
