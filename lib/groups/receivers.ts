import { enabledEndpoint, type Group, type PushGroup, type Subscription } from '../domain/groups/groups.ts';
import type { GroupStore } from '../stores/groups.ts';
import { ReadCache } from '../stores/read-cache.ts';
import type { Clock } from '../surroundings/clock.ts';

/** A group that is to be called, as far as a wake names it. */
export type Receiver = Pick<Group, 'topicId' | 'groupId' | 'name'>;

/** How long a process goes on with what it knows of who receives a topic. */
export const receiversMaxAgeMs = 5_000;

/**
 * How long after a change every process has heard of it: whoever asked before the change believes its answer no longer, by
 * whichever of its clocks shows more. The rest is for clocks that do not run alike, the queue's among them.
 */
export const receiversKnownAfterMs = receiversMaxAgeMs + 2_000;

/** Of topics. Each takes some 100 bytes for each group that is to be called. */
const maxTopics = 10_000;

/** Whether the group is to be called at all: it is not paused, and has an endpoint that is enabled. */
export const receives = (subscription: Subscription): subscription is Subscription<PushGroup> =>
  subscription.group.mode === 'push' &&
  subscription.group.pausedSince === undefined &&
  enabledEndpoint(subscription) !== undefined;

/**
 * Which groups of a topic are to be called, remembered for a few seconds, so that an append to a topic that has none costs
 * no read. That there is none is remembered too: what is appended in these seconds is told to no group that got its first
 * endpoint meanwhile, in this process, unless it is told of that. So whoever gives a group an endpoint wakes it once more
 * after `receiversKnownAfterMs`.
 */
export class Receivers {
  readonly #groups: Pick<GroupStore, 'list'>;
  readonly #cache: ReadCache<readonly Receiver[]>;

  constructor({ groups, clock }: { readonly groups: Pick<GroupStore, 'list'>; readonly clock: Clock }) {
    this.#groups = groups;
    // Who asks after an append must not be answered by a question from before what came before the append.
    const options = { clock, maxAgeMs: () => receiversMaxAgeMs, maxEntries: maxTopics, shares: false };
    this.#cache = new ReadCache<readonly Receiver[]>(options);
  }

  /** As they are, or were less than `receiversMaxAgeMs` ago; in order of name. */
  of(topicId: string): Promise<readonly Receiver[]> {
    return this.#cache.get(topicId, async () => {
      const subscriptions = await this.#groups.list(topicId);
      return subscriptions
        .filter(receives)
        .map(({ group: { groupId, name } }) => ({ topicId, groupId, name }));
    });
  }

  /** To be called when a group of the topic or one of its endpoints was changed, so that this process knows at once. */
  forget(topicId: string): void {
    this.#cache.forget(topicId);
  }
}
