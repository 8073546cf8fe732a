import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../domain/errors.ts';
import {
  type DeliverySettings,
  type Group,
  type GroupStart,
  mergedDelivery,
  type Subscription,
} from '../domain/groups/groups.ts';
import { exceededLimit, limits } from '../domain/limits.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import { requireOrderedBackoff } from './change-delivery.ts';
import { type StartDeps, startOffsets } from './start-offsets.ts';

export interface CreateGroupDeps extends StartDeps {
  readonly groups: GroupStore;
  readonly clock: Clock;
  readonly random: Random;
}

export interface GroupSettings {
  readonly mode: 'push';
  readonly start: GroupStart;
  readonly delivery: DeliverySettings;
}

const settingNames = ['mode', 'start', 'delivery'] as const;

/** @throws Problem `group_exists` unless the group has just these settings. */
const requireSame = (group: Group, settings: GroupSettings): void => {
  const standing = {
    ...group,
    ...(group.mode === 'push' && { delivery: mergedDelivery(group.delivery, {}) }),
  };
  const different = settingNames.filter(
    (name) => !isDeepStrictEqual((standing as Partial<GroupSettings>)[name], settings[name]),
  );
  if (different.length === 0) return;
  throw new Problem(
    'group_exists',
    `Group "${group.name}" exists with other settings (${different.join(', ')}). PATCH changes those of delivery; for others delete it first, or choose another name.`,
  );
};

/**
 * Creates a group that begins where it is asked to, or finds the one of that name with just these settings. A group
 * has no endpoint yet, so nothing is delivered before one is registered.
 * @throws Problem `group_exists`, `invalid_request`, `limit_exceeded`, and `conflict` while the topic is being deleted
 */
export const createGroup = async (
  deps: CreateGroupDeps,
  topic: Topic,
  name: string,
  settings: GroupSettings,
): Promise<{ readonly created: boolean; readonly subscription: Subscription }> => {
  refuseWhileDeleted(topic);
  requireOrderedBackoff(settings.delivery);
  const existing = await deps.groups.list(topic.topicId);
  const standing = existing.find(({ group }) => group.name === name);
  if (standing !== undefined) {
    requireSame(standing.group, settings);
    return { created: false, subscription: standing };
  }
  if (existing.length >= limits.groupsPerTopic) {
    throw new Problem(
      'limit_exceeded',
      `A topic has at most ${limits.groupsPerTopic} groups (limit groupsPerTopic).`,
      { members: exceededLimit('groupsPerTopic') },
    );
  }
  const { created, group } = await deps.groups.create({
    name,
    groupId: newId(deps.random),
    topic: topic.name,
    topicId: topic.topicId,
    startOffsets: await startOffsets(deps, topic, settings.start),
    createdAt: deps.clock.now(),
    ...settings,
  });
  if (!created) requireSame(group, settings);
  return { created, subscription: { group, endpoints: [] } };
};
