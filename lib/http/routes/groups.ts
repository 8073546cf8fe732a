import { leaseMsLeft, longestRetryMs, retryMsLeft } from '../../domain/groups/cursors.ts';
import {
  deliveryDefaults,
  type Endpoint,
  type Group,
  groupStatus,
  mergedDelivery,
  pausedBy,
  type Subscription,
} from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { Topic } from '../../domain/topics.ts';
import { changeDelivery } from '../../groups/change-delivery.ts';
import { type CreateGroupDeps, createGroup } from '../../groups/create.ts';
import { findGroup, groupProgress } from '../../groups/describe.ts';
import type { PartitionLag } from '../../groups/lag.ts';
import { removeGroup } from '../../groups/remove.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { RemovalStore } from '../../stores/removals.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type {
  GroupAnswer,
  GroupListAnswer,
  GroupProgressAnswer,
  PartitionProgress,
} from '../answers/groups.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery } from '../query.ts';
import { check, checkName } from '../schemas/check.ts';
import { groupChange, groupSettings } from '../schemas/groups.ts';

export interface GroupDeps extends ApiDeps, CreateGroupDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly removals: Pick<RemovalStore, 'put'>;
}

const path = '/v1/topics/:topic/groups/:group';

/** Why a group is paused. */
const shownPause = ({
  endpointId,
  disabledReason,
  disabledAt,
}: Endpoint): NonNullable<GroupAnswer['pausedBy']> => ({
  endpoint: endpointId,
  ...(disabledReason !== undefined && { reason: disabledReason }),
  ...(disabledAt !== undefined && { since: timestampText(disabledAt) }),
});

const shown = ({
  group,
  endpoints,
}: {
  readonly group: Group;
  readonly endpoints: readonly Endpoint[];
}): GroupAnswer => {
  const paused = pausedBy({ endpoints });
  return {
    name: group.name,
    topic: group.topic,
    mode: group.mode,
    status: groupStatus({ group, endpoints }),
    ...(paused !== undefined && { pausedBy: shownPause(paused) }),
    start: group.start,
    ...(group.mode === 'push' && { delivery: mergedDelivery(group.delivery, {}) }),
    endpoints: endpoints.length,
    createdAt: timestampText(group.createdAt),
  };
};

/** The longest that a retry of the group is away. */
const longestRetryOf = (group: Group): number =>
  group.mode === 'push' ? longestRetryMs(group.delivery.backoff) : limits.nackDelaySeconds * 1000;

const shownProgress = (
  group: Group,
  now: number,
  { partition, committed, endOffset, lag, lost, cursor }: PartitionLag,
): PartitionProgress => {
  const isHeld = cursor?.owner !== undefined && leaseMsLeft(cursor, now) > 0;
  const isFailing = cursor !== undefined && cursor.attempts > 0;
  return {
    partition,
    committed,
    // What was acknowledged since the end was read is there as well.
    end: Math.max(endOffset, committed),
    lag,
    lost,
    owner: isHeld ? cursor.owner : null,
    ...(isFailing && {
      attempts: cursor.attempts,
      // One that cannot be right is not waited for: it is due now.
      retryAt: timestampText(Math.min(cursor.retryAt, now + retryMsLeft(cursor, now, longestRetryOf(group)))),
      lastFailure: cursor.lastFailure,
    }),
  };
};

/** The topic and the group in the path. */
export const findSubscription = async (
  deps: Pick<GroupDeps, 'directory' | 'groups'>,
  c: ApiContext,
): Promise<Subscription & { readonly topic: Topic }> => {
  const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
  return { topic, ...(await findGroup(deps.groups, topic, pathParameter(c, 'group'))) };
};

/** `GET …/groups/{group}`: with its place in every partition. */
const getGroup = (api: Api, deps: GroupDeps): void => {
  api.get(path, allow(deps, 'consume', 'groups'), async (c) => {
    noQuery(c);
    const { topic, ...subscription } = await findSubscription(deps, c);
    const progress = await groupProgress(deps, topic, subscription.group);
    const now = deps.clock.now();
    const lag = progress.reduce((sum, partition) => sum + partition.lag, 0);
    const lost = progress.reduce((sum, partition) => sum + partition.lost, 0);
    const partitions = progress.map((partition) => shownProgress(subscription.group, now, partition));
    return answerJson(c, { ...shown(subscription), lag, lost, partitions } satisfies GroupProgressAnswer);
  });
};

/** Groups: created, listed, shown, changed and deleted. */
export const groupRoutes = (api: Api, deps: GroupDeps): void => {
  getGroup(api, deps);
  api.get('/v1/topics/:topic/groups', allow(deps, 'consume', 'groups'), async (c) => {
    noQuery(c);
    const { topicId } = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const groups = await deps.groups.list(topicId);
    return answerJson(c, { groups: groups.map(shown) } satisfies GroupListAnswer);
  });
  api.put(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const name = checkName('group', pathParameter(c, 'group'));
    const settings = check(groupSettings, await readJson(c, { limit: 'settingsBytes' }));
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const delivery = mergedDelivery(deliveryDefaults, settings.delivery);
    const { created, subscription } = await createGroup(deps, topic, name, { ...settings, delivery });
    return c.json(shown(subscription), created ? 201 : 200);
  });
  api.patch(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const { delivery } = check(groupChange, await readJson(c, { limit: 'settingsBytes' }));
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    return c.json(shown(await changeDelivery(deps, topic, pathParameter(c, 'group'), delivery)));
  });
  api.delete(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    await removeGroup(deps, (await findSubscription(deps, c)).group);
    return c.body(null, 204);
  });
};
