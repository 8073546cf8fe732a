import { batchEnd } from '../domain/batches.ts';
import { concurrently } from '../domain/concurrently.ts';
import { leaseMsLeft, longestRetryMs, retryMsLeft } from '../domain/cursors.ts';
import type { Group, Subscription } from '../domain/groups.ts';
import type { Topic } from '../domain/topics.ts';
import { endOffsets, lagOf, type PartitionLag } from '../groups/lag.ts';
import { allTopics } from '../groups/topics.ts';
import { wakeFor } from '../groups/wake-group.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { Clock } from '../stores/clock.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Telemetry } from '../stores/telemetry.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { WakeQueue } from '../stores/wake-queue.ts';
import { finishRemovals, type RemovalDeps } from './removals.ts';
import { receives } from './subscriptions.ts';

const queriesAtOnce = 16;

export interface SweepDeps extends RemovalDeps {
  readonly topics: TopicStore;
  readonly groups: GroupStore;
  readonly batches: BatchStore;
  readonly cursors: CursorStore;
  readonly queue: WakeQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface Swept {
  /** Sent. */
  readonly wakes: number;
  /** Finished. */
  readonly removals: number;
}

/**
 * The net below the net: finds the partitions in which something waits and nobody is at it (no live lease, no retry that
 * is due later), and wakes them; tells telemetry each group's lag; and goes on with taking apart what was deleted.
 * Reads one tail of each partition and the cursors of each group.
 * @throws what failed first, after the rest was swept. Calling again does no harm.
 */
export const sweep = async (deps: SweepDeps): Promise<Swept> => {
  const begunAt = deps.clock.now();
  const failures: unknown[] = [];
  // What fails in one place must not keep the rest from being swept.
  const attempted = async (work: () => Promise<number>): Promise<number> => {
    try {
      return await work();
    } catch (error) {
      failures.push(error);
      return 0;
    }
  };
  let wakes = 0;
  for await (const topic of allTopics(deps.topics)) wakes += await attempted(() => sweepTopic(deps, topic));
  const removals = await attempted(() => finishRemovals(deps));
  deps.telemetry.record({ kind: 'swept', wakes, removals, ms: deps.clock.now() - begunAt });
  if (failures.length > 0) throw failures[0];
  return { wakes, removals };
};

const sweepTopic = async (deps: SweepDeps, topic: Topic): Promise<number> => {
  const subscriptions = await deps.groups.list(topic.topicId);
  if (subscriptions.length === 0) return 0;
  const ends = await endOffsets(deps, topic);
  let wakes = 0;
  for (const subscription of subscriptions) wakes += await sweepGroup(deps, topic, subscription, ends);
  return wakes;
};

const sweepGroup = async (
  deps: SweepDeps,
  topic: Topic,
  subscription: Subscription,
  ends: readonly number[],
): Promise<number> => {
  const { group } = subscription;
  const lags = await lagOf(deps, group, ends);
  await recordLag(deps, topic, group, lags);
  if (!receives(subscription)) return 0;
  const now = deps.clock.now();
  const wakes = lags
    .filter((lag) => isForsaken(lag, now, longestRetryMs(group.delivery.backoff)))
    .map(({ partition }) => wakeFor(group, partition, 'append'));
  if (wakes.length > 0) await deps.queue.send(wakes);
  return wakes.length;
};

const recordLag = async (
  { batches, clock, telemetry }: SweepDeps,
  topic: Topic,
  group: Group,
  lags: readonly PartitionLag[],
): Promise<void> => {
  const behind = lags.filter(({ lag }) => lag > 0);
  const appendedAt = await concurrently(queriesAtOnce, behind, async ({ partition, committed }) => {
    const oldest = await batches.floor({ topicId: topic.topicId, partition }, committed, false);
    return oldest !== undefined && batchEnd(oldest) > committed ? oldest.appendedAt : clock.now();
  });
  telemetry.record({
    kind: 'lag',
    topic: topic.name,
    group: group.name,
    records: behind.reduce((sum, { lag }) => sum + lag, 0),
    oldestMs: appendedAt.reduce((age, at) => Math.max(age, clock.now() - at), 0),
  });
};

const isForsaken = ({ lag, cursor }: PartitionLag, now: number, longestMs: number): boolean =>
  lag > 0 &&
  (cursor === undefined || (leaseMsLeft(cursor, now) === 0 && retryMsLeft(cursor, now, longestMs) === 0));
