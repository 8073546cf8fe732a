import { Problem } from '../domain/errors.ts';
import type { Endpoint, Group, Subscription } from '../domain/groups.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { Clock } from '../stores/clock.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import { newId } from '../stores/ids.ts';
import type { Random } from '../stores/random.ts';
import type { Telemetry } from '../stores/telemetry.ts';
import type { WakeQueue } from '../stores/wake-queue.ts';
import { groupProgress } from './describe.ts';
import type { OffsetReader } from './start-offsets.ts';
import { wakeFor } from './wake-group.ts';

export interface RegisterEndpointDeps {
  readonly groups: GroupStore;
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly reader: Pick<OffsetReader, 'endOffset'>;
  readonly queue: WakeQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

export type NewEndpoint = Pick<Endpoint, 'url' | 'headers' | 'description'>;

/** A signing secret in the form of Standard Webhooks: `whsec_` and 24 random bytes as base64. */
const newSecret = (random: Random): string => `whsec_${Buffer.from(random.bytes(24)).toString('base64')}`;

/** Wakes every partition that has something to deliver. A failure is only recorded: sweep wakes them later. */
const wakeLagging = async (
  deps: RegisterEndpointDeps,
  topic: Topic,
  group: Group,
  requestId: string,
): Promise<void> => {
  try {
    const progress = await groupProgress(deps, topic, group);
    const wakes = progress
      .filter(({ lag }) => lag > 0)
      .map(({ partition }) => ({ wake: { ...wakeFor(group, partition, 'resume').wake, requestId } }));
    if (wakes.length > 0) await deps.queue.send(wakes);
  } catch (error) {
    deps.telemetry.record({ kind: 'fault', where: 'waking a group that got an endpoint', requestId, error });
  }
};

/**
 * Registers a group's webhook, and wakes the group where it has lag.
 * @returns the endpoint with its secret, which is shown this once
 * @throws Problem `endpoint_exists`, `group_not_found`, and `conflict` while the topic is being deleted
 */
export const registerEndpoint = async (
  deps: RegisterEndpointDeps,
  topic: Topic,
  { group, endpoints }: Subscription,
  given: NewEndpoint & { readonly requestId: string },
): Promise<{ readonly endpoint: Endpoint; readonly secret: string }> => {
  refuseWhileDeleted(topic);
  if (endpoints.length > 0) {
    throw new Problem(
      'endpoint_exists',
      `Group "${group.name}" has an endpoint, and takes one for now. Delete it first, or create another group.`,
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
  await wakeLagging(deps, topic, group, requestId);
  return { endpoint, secret };
};
