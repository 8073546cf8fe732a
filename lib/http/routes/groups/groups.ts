import { deliveryDefaults, mergedDelivery } from '../../../domain/groups/groups.ts';
import { changeDelivery } from '../../../groups/change-delivery.ts';
import { type CreateGroupDeps, createGroup } from '../../../groups/create.ts';
import { removeGroup } from '../../../groups/remove.ts';
import type { RemovalStore } from '../../../stores/removals.ts';
import type { TopicDirectory } from '../../../topics/directory.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../../api.ts';
import { readJson } from '../../body.ts';
import { noQuery } from '../../query.ts';
import { check, checkName } from '../../schemas/check.ts';
import { groupChange, groupSettings } from '../../schemas/groups.ts';
import { findSubscription } from './find-subscription.ts';
import { shown } from './shown.ts';

export interface GroupDeps extends ApiDeps, CreateGroupDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  readonly removals: Pick<RemovalStore, 'put'>;
}

const path = '/v1/topics/:topic/groups/:group';

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
