import type * as z from 'zod/mini';
import { requireExpressions } from '../../../delivery/filtering/validity.ts';
import { deliveryDefaults, mergedDelivery, readingDefaults } from '../../../domain/groups/groups.ts';
import { requireFittingBatchSize } from '../../../groups/batch-size.ts';
import { changedSettings, changeGroup } from '../../../groups/change-group.ts';
import {
  type CreateGroupDeps,
  createGroup,
  ensureDeadLetterTopic,
  type GroupSettings,
} from '../../../groups/create.ts';
import { leaveGroupPlace } from '../../../groups/group-places.ts';
import { removeGroup } from '../../../groups/remove.ts';
import type { RemovalStore } from '../../../stores/removals.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../../api.ts';
import { readJson } from '../../body.ts';
import { noQuery } from '../../query.ts';
import { check, checkName } from '../../schemas/check.ts';
import { groupChange, groupSettings, requireOfMode } from '../../schemas/groups.ts';
import { findSubscription } from './find-subscription.ts';
import { shown } from './shown.ts';

export interface GroupDeps extends ApiDeps, CreateGroupDeps {
  readonly removals: Pick<RemovalStore, 'put'>;
}

const path = '/v1/topics/:topic/groups/:group';

/** What a group is created with. @throws Problem `invalid_request` for settings that its mode or its format has not. */
const settingsOf = ({
  mode,
  start,
  delivery,
  ...reading
}: z.output<ReturnType<typeof groupSettings>>): GroupSettings => {
  requireOfMode(mode, { ...reading, ...(delivery !== undefined && { delivery }) });
  if (mode === 'push') {
    const merged = mergedDelivery(deliveryDefaults, delivery ?? {});
    requireFittingBatchSize(merged, delivery ?? {});
    return { mode, start, delivery: merged };
  }
  const forEver = mode === 'pull' && { maxDeliveries: null };
  return { mode, start, reading: { ...readingDefaults, ...reading, ...forEver } };
};

/** Groups: created, changed and deleted. */
export const groupRoutes = (api: Api, deps: GroupDeps): void => {
  api.put(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const name = checkName('group', pathParameter(c, 'group'));
    const given = check(groupSettings, await readJson(c, { limit: 'settingsBytes' }));
    const settings = settingsOf(given);
    await requireExpressions(given.delivery);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const { created, subscription } = await createGroup(deps, topic, name, settings);
    return c.json(shown(subscription), created ? 201 : 200);
  });
  api.patch(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const {
      mode: _mode,
      start: _start,
      ...change
    } = check(groupChange, await readJson(c, { limit: 'settingsBytes' }));
    await requireExpressions(change.delivery);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const changed = await changeGroup(deps, topic, pathParameter(c, 'group'), async (group) => {
      requireOfMode(group.mode, change);
      const settings = changedSettings(group, change);
      await ensureDeadLetterTopic(deps, topic, group.name, { ...group, ...settings } as GroupSettings);
      return settings;
    });
    return c.json(shown(changed));
  });
  api.delete(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const { group } = await findSubscription(deps, c);
    await removeGroup(deps, group);
    await leaveGroupPlace(deps, group);
    return c.body(null, 204);
  });
};
