import { Problem } from '../../domain/errors.ts';
import {
  type Endpoint,
  enabledEndpoint,
  type PushGroup,
  type Subscription,
} from '../../domain/groups/groups.ts';
import { urlMark } from '../../domain/groups/places.ts';
import { refuseWhileDeleted, type Topic } from '../../domain/topics.ts';
import { sealed } from '../../secrets/endpoint-secrets.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import { newSigningKey } from '../../secrets/signing-keys.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';
import { findGroup } from '../describe.ts';
import { type WakeGroupDeps, wakeChanged } from '../wake-group.ts';
import { type PlaceDeps, takePlace } from './places.ts';

export interface RegisterEndpointDeps extends WakeGroupDeps {
  readonly groups: GroupStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
}

export type NewEndpoint = Pick<
  Endpoint,
  | 'url'
  | 'headers'
  | 'authentication'
  | 'description'
  | 'maxConcurrentRequests'
  | 'requestsPerSecond'
  | 'maxRequestBytes'
  | 'handshake'
> & {
  /** `whsec_…`: one's own. */
  readonly secret?: string;
};

/** Of as many that change it at the same time the last one still comes to its turn. */
export const changesAtMost = 20;

/**
 * Registers a group's webhook, and wakes the group where it has lag, unless it is paused.
 * @param subscription as it was read.
 * @returns the endpoint with its secret, which is shown this once
 * @throws Problem `endpoint_exists` when another has this URL, `limit_exceeded`, `group_not_found`, and
 * `conflict` while the topic is being deleted or others keep changing the group
 */
export const registerEndpoint = async (
  deps: RegisterEndpointDeps,
  topic: Topic,
  subscription: Subscription,
  given: NewEndpoint & { readonly requestId: string },
): Promise<{ readonly endpoint: Endpoint; readonly secret: string }> => {
  refuseWhileDeleted(topic);
  const { requestId, headers, authentication, secret: own, ...settings } = given;
  const secret = own ?? newSigningKey(deps.random, 'v1').secret;
  const endpointId = newId(deps.random);
  const at = { topicId: topic.topicId, group: subscription.group.name, endpointId };
  const plain = {
    secrets: [secret],
    ...(headers !== undefined && { headers }),
    ...(authentication !== undefined && { authentication }),
  };
  const endpoint: Endpoint = {
    endpointId,
    status: 'enabled',
    createdAt: deps.clock.now(),
    ...settings,
    ...(await sealed(deps.secrets, at, plain)),
  };
  const group = await storeEndpoint(deps, topic, subscription, endpoint);
  const isNew = enabledEndpoint(subscription) === undefined;
  await wakeChanged(deps, topic, group, { requestId, isNew });
  return { endpoint, secret };
};

export interface StoreEndpointDeps extends PlaceDeps {
  readonly groups: PlaceDeps['groups'] & Pick<GroupStore, 'get' | 'putEndpoint'>;
}

/**
 * Stores a new endpoint, once it has a place among those of its group.
 * @param read the group as it was read.
 * @returns the group that has it.
 * @throws Problem `endpoint_exists` when another has its URL, `limit_exceeded`, `group_not_found`, and `conflict`
 */
export const storeEndpoint = async (
  deps: StoreEndpointDeps,
  topic: Topic,
  read: Subscription,
  endpoint: Endpoint,
): Promise<PushGroup> => {
  const group = await placeFor(deps, topic, read, endpoint);
  const { groupId, name, topicId } = group;
  if (await deps.groups.putEndpoint({ topicId, group: name, groupId }, endpoint)) return group;
  await findGroup(deps.groups, topic, name);
  throw new Problem(
    'conflict',
    'This took so long that it was taken for lost. Nothing was changed; try again.',
  );
};

/** Takes a place for `endpoint` in the group as it is then. */
const placeFor = async (
  deps: StoreEndpointDeps,
  topic: Topic,
  read: Subscription,
  { endpointId, url }: Endpoint,
): Promise<PushGroup> => {
  const place = { endpointId, url: urlMark(url), version: 1 };
  let subscription = requirePush(read);
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    if (await takePlace(deps, subscription, place)) return subscription.group;
    subscription = requirePush(await findGroup(deps.groups, topic, read.group.name));
  }
  throw new Problem(
    'conflict',
    `Group "${read.group.name}" is being changed by others. Nothing was changed; try again.`,
  );
};

const requirePush = ({ group, endpoints }: Subscription): Subscription<PushGroup> => {
  if (group.mode === 'push') return { group, endpoints };
  throw new Problem(
    'conflict',
    `Group "${group.name}" is of mode "${group.mode}": its consumers poll, and it has no endpoints. Create a group of mode "push" for them.`,
  );
};
