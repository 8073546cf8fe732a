import { Problem } from '../domain/errors.ts';
import {
  type DeliveryChange,
  type DeliverySettings,
  mergedDelivery,
  type Subscription,
} from '../domain/groups/groups.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { GroupStore } from '../stores/groups.ts';
import { findGroup } from './describe.ts';

/** Of as many that change it at the same time the last one still comes to its turn. */
const changesAtMost = 20;

/** @throws Problem `invalid_request` when the first pause would be longer than the longest. */
export const requireOrderedBackoff = ({ backoff }: DeliverySettings): void => {
  const { initialSeconds, maxSeconds } = backoff;
  if (initialSeconds <= maxSeconds) return;
  const message = `initialSeconds, ${initialSeconds}, is more than maxSeconds, which is ${maxSeconds} here: give a maxSeconds of ${initialSeconds} or more as well, or a smaller initialSeconds.`;
  throw new Problem('invalid_request', `The request is not valid. ${message} Nothing was changed.`, {
    errors: [{ path: 'delivery.backoff', message }],
  });
};

/**
 * Changes how a group is delivered to, field by field, as it was read; when others were first, it is read again. Runs that
 * are under way go by it within seconds, and attempts that failed before keep the time of their retry.
 * @throws Problem `group_not_found`, `invalid_request`, and `conflict` while the topic is being deleted or others keep
 * changing the group.
 */
export const changeDelivery = async (
  { groups }: { readonly groups: Pick<GroupStore, 'get' | 'update'> },
  topic: Topic,
  name: string,
  change: DeliveryChange,
): Promise<Subscription> => {
  refuseWhileDeleted(topic);
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const { group, endpoints } = await findGroup(groups, topic, name);
    if (group.mode !== 'push')
      throw new Problem('invalid_request', `Group "${name}" is not called: it has no delivery settings.`);
    const delivery = mergedDelivery(group.delivery, change);
    requireOrderedBackoff(delivery);
    const changed = await groups.update(group, { delivery });
    if (changed !== undefined) return { group: changed, endpoints };
  }
  throw new Problem(
    'conflict',
    `Group "${name}" is being changed by others. Nothing was changed; try again.`,
  );
};
