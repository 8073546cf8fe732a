import { Problem } from '../domain/errors.ts';
import { type Endpoint, enabledEndpoint, type Subscription } from '../domain/groups/groups.ts';
import { exceededLimit, limits } from '../domain/limits.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import { type WakeGroupDeps, wakeChanged } from './wake-group.ts';

export interface RegisterEndpointDeps extends WakeGroupDeps {
  readonly groups: GroupStore;
  readonly clock: Clock;
  readonly random: Random;
}

export type NewEndpoint = Pick<Endpoint, 'url' | 'headers' | 'description'>;

/** A signing secret in the form of Standard Webhooks: `whsec_` and 24 random bytes as base64. */
const newSecret = (random: Random): string => `whsec_${Buffer.from(random.bytes(24)).toString('base64')}`;

/** Two requests at the same time may each find none: then the first of the endpoints by id is called. */
export const anotherEnabled = (group: string, { endpointId }: Endpoint): Problem =>
  new Problem(
    'endpoint_exists',
    `Group "${group}" has an endpoint that is enabled, "${endpointId}", and calls one for now. Disable it first (PATCH {"status": "disabled"}), change or delete it, or create another group. Nothing was changed.`,
    { members: { endpoint: endpointId } },
  );

/**
 * Registers a group's webhook, and wakes the group where it has lag, unless it is paused.
 * @returns the endpoint with its secret, which is shown this once
 * @throws Problem `endpoint_exists` while another is enabled, `limit_exceeded`, `group_not_found`, and `conflict` while the
 * topic is being deleted
 */
export const registerEndpoint = async (
  deps: RegisterEndpointDeps,
  topic: Topic,
  { group, endpoints }: Subscription,
  given: NewEndpoint & { readonly requestId: string },
): Promise<{ readonly endpoint: Endpoint; readonly secret: string }> => {
  refuseWhileDeleted(topic);
  if (group.mode !== 'push') {
    throw new Problem(
      'conflict',
      `Group "${group.name}" is of mode "${group.mode}": its consumers poll, and it has no endpoints. Create a group of mode "push" for them.`,
    );
  }
  const enabled = enabledEndpoint({ endpoints });
  if (enabled !== undefined) throw anotherEnabled(group.name, enabled);
  if (endpoints.length >= limits.endpointsPerGroup) {
    throw new Problem(
      'limit_exceeded',
      `A group has at most ${limits.endpointsPerGroup} endpoints, disabled ones included (limit endpointsPerGroup). Delete one first, or enable one of them. Nothing was changed.`,
      { members: exceededLimit('endpointsPerGroup') },
    );
  }
  const { requestId, ...settings } = given;
  const secret = newSecret(deps.random);
  const endpoint: Endpoint = {
    endpointId: newId(deps.random),
    secrets: [secret],
    status: 'enabled',
    createdAt: deps.clock.now(),
    ...settings,
  };
  const ref = { topicId: topic.topicId, group: group.name };
  const stored = await deps.groups.putEndpoint(ref, endpoint);
  if (!stored) throw new Problem('group_not_found', `Group "${group.name}" was deleted meanwhile.`);
  await wakeChanged(deps, topic, group, { requestId, isNew: true });
  return { endpoint, secret };
};
