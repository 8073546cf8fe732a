import type { Subscription } from '../domain/groups.ts';
import { elapsedMs, type Instant } from '../domain/instants.ts';
import type { Wake } from '../domain/wakes.ts';
import { receives } from '../groups/receivers.ts';
import { type Clock, instantOf } from '../stores/clock.ts';
import type { GroupStore } from '../stores/groups.ts';

/** A wake's group as it was read. */
export interface ReadSubscription extends Subscription {
  /** Before it was asked for. */
  readonly since: Instant;
}

export interface SubscriptionDeps {
  readonly groups: Pick<GroupStore, 'get'>;
  readonly clock: Clock;
}

/**
 * For how long a run believes what it read of its group and endpoint. An endpoint that was deleted or replaced may be
 * called for as long, and what it acknowledges moves the cursor: to ask before each request would cost a read for each.
 */
const maxAgeMs = 5000;

/** The wake's group, if it is still the same one and is to be called. */
export const readSubscription = async (
  { groups, clock }: SubscriptionDeps,
  wake: Wake,
): Promise<ReadSubscription | undefined> => {
  const since = instantOf(clock);
  const found = await groups.get({ topicId: wake.topicId, group: wake.group });
  return found?.group.groupId === wake.groupId && receives(found) ? { ...found, since } : undefined;
};

/** `subscription` while it may be believed, by either clock; else as it is now. */
export const freshSubscription = async (
  deps: SubscriptionDeps,
  wake: Wake,
  subscription: ReadSubscription,
): Promise<ReadSubscription | undefined> =>
  elapsedMs(subscription.since, instantOf(deps.clock)) > maxAgeMs
    ? readSubscription(deps, wake)
    : subscription;
