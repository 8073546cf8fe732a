import { leaseMsLeft, longestRetryMs, retryMsLeft } from '../../../domain/groups/cursors.ts';
import type { Group, PushGroup, Subscription } from '../../../domain/groups/groups.ts';
import { countsOf } from '../../../domain/groups/runs/counts.ts';
import { limits } from '../../../domain/limits.ts';
import { timestampText } from '../../../domain/text/timestamps.ts';
import type { AheadCounts, MemberStatus } from '../../../groups/status/holders.ts';
import {
  type GroupStatus,
  type PartitionStatus,
  readStatus,
  type StatusDeps,
} from '../../../groups/status/status.ts';
import { type GroupTotals, groupTotals } from '../../../groups/status/totals.ts';
import { waitingOf } from '../../../groups/status/waiting.ts';
import type { CursorStore } from '../../../stores/cursors.ts';
import type { GroupStore } from '../../../stores/groups.ts';
import type { TopicDirectory } from '../../../topics/directory.ts';
import type {
  GroupListAnswer,
  GroupMember,
  GroupProgressAnswer,
  PartitionProgress,
} from '../../answers/group-status.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../../api.ts';
import { answerJson } from '../../bytes/answer.ts';
import { noQuery } from '../../query.ts';
import { findSubscription } from './find-subscription.ts';
import { shown } from './shown.ts';

export interface GroupStatusDeps extends ApiDeps, StatusDeps {
  readonly cursors: Pick<CursorStore, 'list' | 'places'>;
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  readonly groups: Pick<GroupStore, 'get' | 'list'>;
}

/** The longest that a retry of the group is away. */
const longestRetryOf = (group: Group): number =>
  group.mode === 'push' ? longestRetryMs(group.delivery.backoff) : limits.nackDelaySeconds * 1000;

const ownerIn = (group: Group, { cursor, holding }: PartitionStatus, now: number): string | null => {
  if (group.mode !== 'push') return holding?.owner ?? null;
  return cursor?.owner !== undefined && leaseMsLeft(cursor, now) > 0 ? cursor.owner : null;
};

/** What the next records of a partition went through. */
const shownAttempts = (
  group: Group,
  { cursor }: PartitionStatus,
  now: number,
): Pick<PartitionProgress, 'attempts' | 'retryAt' | 'lastFailure'> => {
  if (cursor === undefined || (cursor.attempts === 0 && cursor.retryAt === 0)) return {};
  const { attempts, retryAt, lastFailure } = cursor;
  // One that cannot be right is not waited for: it is due now.
  const due = Math.min(retryAt, now + retryMsLeft(cursor, now, longestRetryOf(group)));
  return {
    ...(attempts > 0 && { attempts }),
    ...(retryAt > 0 && { retryAt: timestampText(due) }),
    ...(lastFailure !== undefined && { lastFailure }),
  };
};

const shownAhead = ({ cursor }: PartitionStatus, { delayed, stuck, acknowledged }: AheadCounts) => ({
  delayed,
  stuck,
  acknowledgedAhead: acknowledged,
  deadLettered: cursor?.deadLettered ?? 0,
});

/** What a push group has ahead of its committed offset, and its dead letters; where there are none, nothing is said of them. */
const shownPushed = ({ cursor }: PartitionStatus) => {
  if (cursor === undefined) return {};
  const { runs = [], stuck: alone = 0, deadLettered = 0 } = cursor;
  const { held, delayed, stuck, acknowledged } = countsOf({ runs });
  const letters = deadLettered > 0 ? { deadLettered } : {};
  if (runs.length === 0) return { ...(alone > 0 && { stuck: alone }), ...letters };
  return {
    ...(held > 0 && { handedOut: held }),
    ...{ delayed, stuck, acknowledgedAhead: acknowledged, ...letters },
  };
};

const shownWaiting = (
  subscription: Subscription,
  partition: PartitionStatus,
  now: number,
): Pick<PartitionProgress, 'waiting'> => {
  const waiting = isPushed(subscription) ? waitingOf(subscription, partition, now) : undefined;
  if (waiting === undefined) return {};
  const { since, until, ...words } = waiting;
  return {
    waiting: {
      ...words,
      ...(since !== undefined && { since: timestampText(since) }),
      ...(until !== undefined && { until: timestampText(until) }),
    },
  };
};

const isPushed = (subscription: Subscription): subscription is Subscription<PushGroup> =>
  subscription.group.mode === 'push';

const shownPartition = (
  subscription: Subscription,
  partition: PartitionStatus,
  now: number,
): PartitionProgress => {
  const { group } = subscription;
  const { committed, endOffset, lag, lost, holding, oldestMs, cursor } = partition;
  return {
    partition: partition.partition,
    committed,
    // What was acknowledged since the end was read is there as well.
    end: Math.max(endOffset, committed),
    lag,
    lost,
    ...(cursor?.filtered !== undefined && { filtered: cursor.filtered }),
    owner: ownerIn(group, partition, now),
    ...(holding !== undefined && { handedOut: holding.handedOut }),
    ...(group.mode === 'push' && shownPushed(partition)),
    ...(holding?.ahead !== undefined && shownAhead(partition, holding.ahead)),
    ...(oldestMs !== undefined && { oldestUnacknowledgedSeconds: oldestMs / 1000 }),
    ...shownAttempts(group, partition, now),
    ...shownWaiting(subscription, partition, now),
  };
};

const shownMember = ({
  consumerId,
  partitions,
  polledAt,
  expiresAt,
  handedOut,
}: MemberStatus): GroupMember => ({
  consumerId,
  partitions,
  lastPoll: timestampText(polledAt),
  expiresAt: timestampText(expiresAt),
  handedOut,
});

const shownTotals = (
  { mode }: Group,
  { lag, lost, filtered, deadLettered }: Omit<GroupTotals, 'members'>,
) => ({
  lag,
  lost,
  ...(filtered > 0 && { filtered }),
  ...((mode === 'shared' || deadLettered > 0) && { deadLettered }),
});

const shownStatus = (subscription: Subscription, status: GroupStatus, now: number) => {
  const { group } = subscription;
  const { partitions, members, oldestMs, redrive } = status;
  return {
    ...shownTotals(group, status),
    oldestUnacknowledgedSeconds: oldestMs === undefined ? null : oldestMs / 1000,
    ...(group.mode !== 'push' && { members: members.map(shownMember) }),
    ...(redrive !== undefined && {
      redrive: { ...redrive, requestedAt: timestampText(redrive.requestedAt) },
    }),
    partitions: partitions.map((partition) => shownPartition(subscription, partition, now)),
  };
};

/** Groups: listed with their totals, and shown with their place in every partition and their members. */
export const groupStatusRoutes = (api: Api, deps: GroupStatusDeps): void => {
  api.get('/v1/topics/:topic/groups', allow(deps, 'consume', 'groups'), async (c) => {
    noQuery(c);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const subscriptions = await deps.groups.list(topic.topicId);
    const all = subscriptions.map(({ group }) => group);
    const totals = await groupTotals(deps, topic, all);
    const groups = totals.flatMap(({ members, ...sums }, index) => {
      const subscription = subscriptions[index];
      if (subscription === undefined) return [];
      const { group } = subscription;
      const counted = group.mode === 'push' ? {} : { members };
      return [{ ...shown(subscription), ...shownTotals(group, sums), ...counted }];
    });
    return answerJson(c, { groups } satisfies GroupListAnswer);
  });
  api.get('/v1/topics/:topic/groups/:group', allow(deps, 'consume', 'groups'), async (c) => {
    noQuery(c);
    const { topic, ...subscription } = await findSubscription(deps, c);
    const { group } = subscription;
    const status = shownStatus(subscription, await readStatus(deps, topic, group), deps.clock.now());
    return answerJson(c, { ...shown(subscription), ...status } satisfies GroupProgressAnswer);
  });
};
