import { concurrently } from '../../domain/concurrently.ts';
import { leaseMsLeft, longestRetryMs, retryMsLeft } from '../../domain/cursors.ts';
import type { Group, Subscription } from '../../domain/groups.ts';
import { batchEnd } from '../../domain/records/batches.ts';
import type { Topic } from '../../domain/topics.ts';
import { lagOf, type PartitionLag } from '../../groups/lag.ts';
import { partitionsOf } from '../../groups/start-offsets.ts';
import { wakeFor } from '../../groups/wake-group.ts';
import type { BatchStore } from '../../stores/batches.ts';
import type { Clock } from '../../stores/clock.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { Telemetry } from '../../stores/telemetry.ts';
import type { WakeQueue } from '../../stores/wake-queue.ts';
import { receives } from '../subscriptions.ts';
import type { Failures } from './failures.ts';

export interface SweepGroupsDeps {
  readonly groups: Pick<GroupStore, 'list'>;
  readonly batches: Pick<BatchStore, 'end' | 'floor'>;
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly queue: WakeQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const queriesAtOnce = 16;

/**
 * Wakes what is forsaken of a topic's groups, and then tells their lag. Each partition by itself: one that cannot be read
 * keeps neither another from its wake nor its group's lag from being told, as far as it is known.
 * @returns the wakes that were sent, and whether there was time for all of it.
 */
export const sweepGroups = async (
  deps: SweepGroupsDeps,
  topic: Topic,
  failures: Failures,
  hasTime: () => boolean,
): Promise<{ readonly wakes: number; readonly isWhole: boolean }> => {
  const subscriptions = await deps.groups.list(topic.topicId);
  let wakes = 0;
  if (subscriptions.length === 0) return { wakes, isWhole: true };
  const ends = await concurrently(queriesAtOnce, partitionsOf(topic), async (at) =>
    hasTime() ? failures.kept<number | undefined>(() => deps.batches.end(at), undefined) : undefined,
  );
  const swept: { group: Group; lags: readonly PartitionLag[] }[] = [];
  for (const subscription of subscriptions) {
    if (!hasTime()) return { wakes, isWhole: false };
    const { group } = subscription;
    const lags = await failures.kept(() => lagOf(deps, group, ends), undefined);
    if (lags === undefined) continue;
    swept.push({ group, lags });
    wakes += await failures.kept(() => wakeForsaken(deps, subscription, lags), 0);
  }
  // After every wake: nobody waits for telemetry.
  for (const { group, lags } of swept) {
    if (!hasTime()) return { wakes, isWhole: false };
    await recordLag(deps, topic, group, lags, failures);
  }
  return { wakes, isWhole: true };
};

const wakeForsaken = async (
  deps: SweepGroupsDeps,
  subscription: Subscription,
  lags: readonly PartitionLag[],
): Promise<number> => {
  if (!receives(subscription)) return 0;
  const { group } = subscription;
  const now = deps.clock.now();
  const wakes = lags
    .filter((lag) => isForsaken(lag, now, longestRetryMs(group.delivery.backoff)))
    .map(({ partition }) => wakeFor(group, partition, 'append'));
  if (wakes.length > 0) await deps.queue.send(wakes);
  return wakes.length;
};

const isForsaken = ({ lag, cursor }: PartitionLag, now: number, longestMs: number): boolean =>
  lag > 0 &&
  (cursor === undefined || (leaseMsLeft(cursor, now) === 0 && retryMsLeft(cursor, now, longestMs) === 0));

const recordLag = async (
  { batches, clock, telemetry }: SweepGroupsDeps,
  topic: Topic,
  group: Group,
  lags: readonly PartitionLag[],
  failures: Failures,
): Promise<void> => {
  const behind = lags.filter(({ lag }) => lag > 0);
  const appendedAt = await concurrently(queriesAtOnce, behind, ({ partition, committed }) =>
    failures.kept(async () => {
      const oldest = await batches.floor({ topicId: topic.topicId, partition }, committed, false);
      return oldest !== undefined && batchEnd(oldest) > committed ? oldest.appendedAt : clock.now();
    }, clock.now()),
  );
  telemetry.record({
    kind: 'lag',
    topic: topic.name,
    group: group.name,
    records: behind.reduce((sum, { lag }) => sum + lag, 0),
    oldestMs: appendedAt.reduce((age, at) => Math.max(age, clock.now() - at), 0),
  });
};
