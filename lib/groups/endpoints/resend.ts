import { isDeepStrictEqual } from 'node:util';
import { concurrently } from '../../domain/concurrently.ts';
import { Problem } from '../../domain/errors.ts';
import type { Endpoint, Subscription } from '../../domain/groups/groups.ts';
import type { Resend } from '../../domain/groups/resends.ts';
import { refuseWhileDeleted, type Topic } from '../../domain/topics.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { WakeQueue } from '../../stores/wake-queue.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';
import { findGroup } from '../describe.ts';
import { partitionsAtOnce, type StartDeps } from '../start-offsets.ts';
import { findEndpoint } from './change-endpoint.ts';
import { changesAtMost } from './register-endpoint.ts';
import { type PartitionResend, resendProgress, resendState } from './resend-progress.ts';

export interface ResendDeps extends StartDeps {
  readonly groups: Pick<GroupStore, 'get' | 'updateEndpoint'>;
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly queue: WakeQueue;
  readonly clock: Clock;
  readonly random: Random;
}

/** Records of one partition. Offsets; `to` exclusive. */
export interface ResendRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Which endpoint of which group; by whose call. */
export interface ResendPlace {
  readonly group: string;
  readonly endpointId: string;
  readonly requestId: string;
}

/** A resend, and how far it is in each partition. */
export interface ResendStatus {
  readonly resend: Resend;
  readonly partitions: readonly PartitionResend[];
}

/**
 * Has ranges of records sent to one endpoint again, beside the deliveries of its group, one resend at a time. The same again, while
 * it is under way, is the same resend: it is woken once more.
 * @throws Problem `group_not_found`, `endpoint_not_found`; `invalid_request` for records that are not there; `conflict` while another
 * resend to the endpoint is under way, it cannot be called, the topic is being deleted, or others keep changing the endpoint.
 */
export const askForResend = async (
  deps: ResendDeps,
  topic: Topic,
  at: ResendPlace,
  asked: readonly ResendRange[],
): Promise<ResendStatus> => {
  refuseWhileDeleted(topic);
  const ranges = Object.fromEntries(asked.map(({ partition, from, to }) => [partition, [from, to] as const]));
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const subscription = await findGroup(deps.groups, topic, at.group);
    const endpoint = findEndpoint(subscription, at.endpointId);
    requireCallable(subscription, endpoint);
    const standing = await statusOf(deps, subscription, endpoint);
    if (standing !== undefined && resendState(standing.partitions) === 'running') {
      if (!isDeepStrictEqual(standing.resend.ranges, ranges)) throw underWay();
      await wake(deps, topic, subscription, at, standing);
      return standing;
    }
    if (attempt === 0) await requireThere(deps, topic, asked);
    const resend = { resendId: newId(deps.random), ranges, requestedAt: deps.clock.now() };
    const ref = { topicId: topic.topicId, group: at.group };
    if ((await deps.groups.updateEndpoint(ref, endpoint, { resend })) === undefined) continue;
    const status = { resend, partitions: resendProgress(resend, new Map()) };
    await wake(deps, topic, subscription, at, status);
    return status;
  }
  throw new Problem('conflict', 'The endpoint is being changed by others. Nothing was changed; try again.');
};

/** The last resend to the endpoint, if there was any. @throws Problem `endpoint_not_found` */
export const findResend = async (
  deps: Pick<ResendDeps, 'cursors'>,
  subscription: Subscription,
  endpointId: string,
): Promise<ResendStatus | undefined> => statusOf(deps, subscription, findEndpoint(subscription, endpointId));

/**
 * Ends the resend to an endpoint, if one is under way, and forgets it. A request of it may be under way then.
 * @throws Problem `group_not_found`, `endpoint_not_found`, `conflict`
 */
export const endResend = async (
  { groups }: Pick<ResendDeps, 'groups'>,
  topic: Topic,
  at: Omit<ResendPlace, 'requestId'>,
): Promise<void> => {
  refuseWhileDeleted(topic);
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const endpoint = findEndpoint(await findGroup(groups, topic, at.group), at.endpointId);
    if (endpoint.resend === undefined) return;
    const ref = { topicId: topic.topicId, group: at.group };
    if ((await groups.updateEndpoint(ref, endpoint, { resend: null })) !== undefined) return;
  }
  throw new Problem('conflict', 'The endpoint is being changed by others. Nothing was changed; try again.');
};

const statusOf = async (
  { cursors }: Pick<ResendDeps, 'cursors'>,
  { group }: Subscription,
  { resend }: Endpoint,
): Promise<ResendStatus | undefined> =>
  resend && {
    resend,
    partitions: resendProgress(resend, await cursors.list(group.groupId, resend.resendId)),
  };

const underWay = (): Problem =>
  new Problem(
    'conflict',
    'Other records are being sent to the endpoint again. Nothing was changed; ask when that is over, or end it with DELETE.',
  );

const requireCallable = ({ group }: Subscription, { status }: Endpoint): void => {
  if (group.pausedSince !== undefined)
    throw new Problem('conflict', 'The group is paused: resume it first. Nothing was changed.');
  if (status === 'enabled') return;
  throw new Problem('conflict', 'The endpoint is disabled: enable it first. Nothing was changed.');
};

/** A wake for each partition in which something is left. */
const wake = async (
  { queue }: Pick<ResendDeps, 'queue'>,
  { topicId }: Topic,
  { group: { groupId, name: group } }: Subscription,
  { requestId }: ResendPlace,
  { resend: { resendId: lane }, partitions }: ResendStatus,
): Promise<void> => {
  const wakes = partitions
    .filter(({ state }) => state === 'running')
    .map(({ partition }) => ({
      wake: { kind: 'continue', topicId, groupId, group, partition, lane, requestId } as const,
    }));
  if (wakes.length > 0) await queue.send(wakes);
};

/** @throws Problem `invalid_request` where a range is not there, or there no more. */
const requireThere = async (
  { partitions, reader }: StartDeps,
  topic: Topic,
  asked: readonly ResendRange[],
): Promise<void> => {
  const starts = await partitions.list(topic.topicId);
  const errors = await concurrently(
    partitionsAtOnce,
    [...asked.entries()],
    async ([index, { partition, from, to }]) => {
      const path = `ranges[${index}]`;
      if (partition >= topic.partitions)
        return [{ path, message: `No such partition: topic "${topic.name}" has ${topic.partitions}.` }];
      const start = starts.get(partition)?.startOffset ?? 0;
      const end = await reader.endOffset({ topicId: topic.topicId, partition });
      if (from >= start && to <= end) return [];
      return [{ path, message: `The partition has records from offset ${start} on, and ends at ${end}.` }];
    },
  );
  if (errors.flat().length === 0) return;
  throw new Problem('invalid_request', 'These records are not there. Nothing was changed.', {
    errors: errors.flat(),
  });
};
