import { Problem } from '../domain/errors.ts';
import {
  type DeliveryChange,
  type DeliverySettings,
  type Group,
  type GroupChange,
  mergedDelivery,
  type ReadingSettings,
  type Subscription,
} from '../domain/groups/groups.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { GroupStore } from '../stores/groups.ts';
import { requireFittingBatchSize } from './batch-size.ts';
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

/** @throws Problem `invalid_request` where several messages are to be under way in an order that has one at a time. */
export const requireUsedConcurrency = ({ ordering, concurrency }: DeliverySettings): void => {
  if (ordering !== 'partition' || concurrency === 1) return;
  const message = `concurrency is ${concurrency}, and in the order "partition" one message of a partition is under way at a time: give "ordering": "key" or "none" as well, or "concurrency": 1.`;
  throw new Problem('invalid_request', `The request is not valid. ${message} Nothing was changed.`, {
    errors: [{ path: 'delivery.concurrency', message }],
  });
};

export interface ChangeGroupDeps {
  readonly groups: Pick<GroupStore, 'get' | 'update'>;
}

/**
 * Changes a group as it was read; when others were first, it is read again. Where `changeOf` gives nothing, nothing is to be changed.
 * @throws Problem `group_not_found`, what `changeOf` throws, and `conflict` while the topic is being deleted or others keep changing
 * the group.
 */
export const changeGroup = async (
  { groups }: ChangeGroupDeps,
  topic: Topic,
  name: string,
  changeOf: (group: Group) => GroupChange | undefined | Promise<GroupChange | undefined>,
): Promise<Subscription> => {
  refuseWhileDeleted(topic);
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const { group, endpoints } = await findGroup(groups, topic, name);
    const change = await changeOf(group);
    if (change === undefined) return { group, endpoints };
    const changed = await groups.update(group, change);
    if (changed !== undefined) return { group: changed, endpoints };
  }
  throw new Problem(
    'conflict',
    `Group "${name}" is being changed by others. Nothing was changed; try again.`,
  );
};

/** What a request may change of a group's settings, field by field; those that its mode has. */
export type SettingsChange = Partial<ReadingSettings> & { readonly delivery?: DeliveryChange };

/**
 * The group's settings with `change`. Runs that are under way go by it within seconds, attempts that failed before keep the time of
 * their retry, and what is handed out the time that it was given: unless that is further off by now than `clockAllowanceMs` more than
 * such a time can be, as after a timeout was made much shorter. Then it counts as over.
 * @throws Problem `invalid_request`
 */
export const changedSettings = (group: Group, { delivery = {}, ...reading }: SettingsChange): GroupChange => {
  if (group.mode !== 'push') return { reading: { ...group.reading, ...reading } };
  const merged = mergedDelivery(group.delivery, delivery);
  requireOrderedBackoff(merged);
  requireUsedConcurrency(merged);
  requireFittingBatchSize(merged, delivery);
  return { delivery: merged };
};
