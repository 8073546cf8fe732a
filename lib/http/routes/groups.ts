import {
  deliveryDefaults,
  type Endpoint,
  type Group,
  groupStatus,
  mergedDelivery,
  pausedBy,
  type Subscription,
} from '../../domain/groups/groups.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { Topic } from '../../domain/topics.ts';
import { changeDelivery } from '../../groups/change-delivery.ts';
import { type CreateGroupDeps, createGroup } from '../../groups/create.ts';
import { findGroup } from '../../groups/describe.ts';
import { removeGroup } from '../../groups/remove.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { RemovalStore } from '../../stores/removals.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type { GroupAnswer } from '../answers/groups.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { noQuery } from '../query.ts';
import { check, checkName } from '../schemas/check.ts';
import { groupChange, groupSettings } from '../schemas/groups.ts';

export interface GroupDeps extends ApiDeps, CreateGroupDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
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

export const shown = ({
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

/** The topic and the group in the path. */
export const findSubscription = async (
  deps: {
    readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
    readonly groups: Pick<GroupStore, 'get'>;
  },
  c: ApiContext,
): Promise<Subscription & { readonly topic: Topic }> => {
  const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
  return { topic, ...(await findGroup(deps.groups, topic, pathParameter(c, 'group'))) };
};

/** Groups: created, changed and deleted. */
export const groupRoutes = (api: Api, deps: GroupDeps): void => {
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
