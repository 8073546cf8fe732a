import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../domain/errors.ts';
import { deadLetterTopicName } from '../domain/groups/dead-letters.ts';
import {
  effectiveDelivery,
  type Group,
  type GroupStart,
  type PulledGroup,
  type PushGroup,
  type Subscription,
} from '../domain/groups/groups.ts';
import { limits } from '../domain/limits.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import { type CreateTopicDeps, createTopic } from '../topics/create.ts';
import { requireOrderedBackoff, requireUsedConcurrency } from './change-group.ts';
import { leaveGroupPlace, takeGroupPlace } from './group-places.ts';
import { type StartDeps, startOffsets } from './start-offsets.ts';

export interface CreateGroupDeps extends StartDeps, CreateTopicDeps {
  readonly groups: GroupStore;
  readonly clock: Clock;
  readonly random: Random;
}

export type GroupSettings = { readonly start: GroupStart } & (
  | Pick<PushGroup, 'mode' | 'delivery'>
  | Pick<PulledGroup, 'mode' | 'reading'>
);

/** Every setting by the name that a request gives it. */
const named = (settings: GroupSettings): Readonly<Record<string, unknown>> => {
  const { mode, start } = settings;
  return settings.mode === 'push'
    ? { mode, start, delivery: effectiveDelivery(settings.delivery) }
    : { mode, start, ...settings.reading };
};

/** @throws Problem `group_exists` unless the group has just these settings. */
const requireSame = (group: Group, settings: GroupSettings): void => {
  const [standing, wanted] = [named(group), named(settings)];
  const names = [...new Set([...Object.keys(standing), ...Object.keys(wanted)])];
  const different = names.filter((name) => !isDeepStrictEqual(standing[name], wanted[name]));
  if (different.length === 0) return;
  throw new Problem(
    'group_exists',
    `Group "${group.name}" exists with other settings (${different.join(', ')}). Its mode and start stay as they are: PATCH changes the others, and POST …/seek where it goes on. Or choose another name.`,
  );
};

/** Of as many that are created at the same time the last one still gets its place, if there is one. */
const placesAtMost = limits.groupsPerTopic;

/** The most partitions that a topic of dead letters is made with. */
const deadLetterPartitions = 8;

/** Whether records of the group can go to dead letters. */
const hasDeadLetters = (settings: GroupSettings): boolean => {
  if (settings.mode === 'push') return settings.delivery.maxAttempts !== null;
  return settings.mode === 'shared' && settings.reading.maxDeliveries !== null;
};

/** The setting that has a group do without. */
const withoutDeadLetters = { shared: '"maxDeliveries": null', push: '"delivery": {"maxAttempts": null}' };

/**
 * Makes the topic of a group's dead letters, where it has some and the topic is not there.
 * @throws Problem `invalid_request` when its name would be too long
 */
export const ensureDeadLetterTopic = async (
  deps: CreateTopicDeps,
  topic: Topic,
  group: string,
  settings: GroupSettings,
): Promise<void> => {
  if (settings.mode === 'pull' || !hasDeadLetters(settings)) return;
  const name = deadLetterTopicName(topic.name, group);
  if (name.length > limits.nameLength) {
    const message = `The topic of its dead letters would be "${name.slice(0, 60)}…", which has ${name.length} characters, and may have ${limits.nameLength} (limit nameLength). Choose a shorter name for the group, or give ${withoutDeadLetters[settings.mode]}, and it has no dead letters.`;
    throw new Problem('invalid_request', `The request is not valid. ${message} Nothing was changed.`, {
      errors: [{ path: 'group', message }],
    });
  }
  if ((await deps.topics.get(name)) !== undefined) return;
  const partitions = Math.min(topic.partitions, deadLetterPartitions);
  const { archive } = topic;
  await createTopic(deps, name, { partitions, retentionHours: null, retentionBytes: null, archive }).catch(
    (error: unknown) => {
      // Another was first, and made it otherwise: it is there.
      if (!(error instanceof Problem && error.code === 'topic_exists')) throw error;
    },
  );
};

/**
 * Creates a group that begins where it is asked to, or finds the one of that name with just these settings. A group that is called
 * has no endpoint yet, so nothing is delivered before one is registered; it and a shared one get a topic for their dead letters.
 * @throws Problem `group_exists`, `invalid_request`, `limit_exceeded`, and `conflict` while the topic is being deleted
 */
export const createGroup = async (
  deps: CreateGroupDeps,
  topic: Topic,
  name: string,
  settings: GroupSettings,
): Promise<{ readonly created: boolean; readonly subscription: Subscription }> => {
  refuseWhileDeleted(topic);
  if (settings.mode === 'push') {
    requireOrderedBackoff(settings.delivery);
    requireUsedConcurrency(settings.delivery);
  }
  const groupId = newId(deps.random);
  for (let attempt = 0; attempt < placesAtMost; attempt += 1) {
    const existing = await deps.groups.list(topic.topicId);
    const standing = existing.find(({ group }) => group.name === name);
    if (standing !== undefined) {
      requireSame(standing.group, settings);
      await ensureDeadLetterTopic(deps, topic, name, settings);
      return { created: false, subscription: standing };
    }
    if (await takeGroupPlace(deps, topic.topicId, existing, { groupId, name }))
      return storeGroup(deps, topic, { groupId, name, ...settings });
  }
  throw new Problem(
    'conflict',
    `Groups of topic "${topic.name}" are being created by many others. Nothing was changed; try again.`,
  );
};

/** Stores a group that has a place. */
const storeGroup = async (
  deps: CreateGroupDeps,
  topic: Topic,
  given: GroupSettings & Pick<Group, 'groupId' | 'name'>,
): Promise<{ readonly created: boolean; readonly subscription: Subscription }> => {
  const { topicId } = topic;
  await ensureDeadLetterTopic(deps, topic, given.name, given);
  const { created, group } = await deps.groups.create({
    topic: topic.name,
    topicId,
    startOffsets: await startOffsets(deps, topic, given.start),
    createdAt: deps.clock.now(),
    ...given,
  });
  if (!created) {
    await leaveGroupPlace(deps, { topicId, groupId: given.groupId });
    requireSame(group, given);
  }
  return { created, subscription: { group, endpoints: [] } };
};
