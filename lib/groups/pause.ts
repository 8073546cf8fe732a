import type { Subscription } from '../domain/groups/groups.ts';
import type { Topic } from '../domain/topics.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Clock } from '../surroundings/clock.ts';
import { type ChangeGroupDeps, changeGroup } from './change-group.ts';
import { findGroup } from './describe.ts';
import { receives } from './receivers.ts';
import { type WakeGroupDeps, wakeGroup } from './wake-group.ts';

/**
 * Pauses a group: from now on it is given nothing. Processes that know it go by it within seconds; what is in hand by then is still
 * waited for, and its acknowledgement counts. One that is paused stays so, since when it was.
 * @throws Problem `group_not_found`; `conflict` while the topic is being deleted or others keep changing the group.
 */
export const pauseGroup = (
  deps: ChangeGroupDeps & { readonly clock: Pick<Clock, 'now'> },
  topic: Topic,
  name: string,
): Promise<Subscription> =>
  changeGroup(deps, topic, name, ({ pausedSince }) =>
    pausedSince === undefined ? { pausedSince: deps.clock.now() } : undefined,
  );

export interface ResumeGroupDeps extends WakeGroupDeps {
  readonly groups: Pick<GroupStore, 'get' | 'update'>;
}

/**
 * Has a group go on where it stands, and wakes it as one that is to be called from now on, if it is called. One that is not paused
 * is woken all the same: the request that resumed it may have died before it did.
 * @throws Problem as `pauseGroup`.
 */
export const resumeGroup = async (
  deps: ResumeGroupDeps,
  topic: Topic,
  { group: name, requestId }: { readonly group: string; readonly requestId: string },
): Promise<Subscription> => {
  await changeGroup(deps, topic, name, ({ pausedSince }) =>
    pausedSince === undefined ? undefined : { pausedSince: null },
  );
  // As it is now: who got an endpoint enabled while it was paused woke nobody.
  const subscription = await findGroup(deps.groups, topic, name);
  if (receives(subscription)) await wakeGroup(deps, topic, subscription.group, { requestId, isNew: true });
  return subscription;
};
