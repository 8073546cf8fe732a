import type { Group, PulledGroup } from '../../domain/groups/groups.ts';
import type { Topic } from '../../domain/topics.ts';
import type { MemberStore } from '../../stores/members.ts';
import { groupProgress, type ProgressDeps } from '../describe.ts';
import type { PartitionLag } from '../lag.ts';
import { type Holders, type Holding, holdersOf, liveMembers, type MemberStatus } from './holders.ts';
import { type OldestDeps, oldestAges } from './oldest.ts';
import { type RedriveProgress, redriveProgress } from './redrive-progress.ts';
import { type GroupTotals, totalsOf } from './totals.ts';

export interface StatusDeps extends ProgressDeps, OldestDeps {
  readonly reader: ProgressDeps['reader'] & OldestDeps['reader'];
  readonly members: Pick<MemberStore, 'list'>;
}

/** A group in one partition. */
export interface PartitionStatus extends PartitionLag {
  /** Of a group that is pulled from. */
  readonly holding?: Holding;
  /** Since the oldest record was appended that is not acknowledged, ms; absent where none is. */
  readonly oldestMs?: number;
}

/** All that is to be seen of a group. */
export interface GroupStatus extends Omit<GroupTotals, 'members'> {
  /** In order. */
  readonly partitions: readonly PartitionStatus[];
  /** Live ones, in order of consumer id; none of a group that is pushed to. */
  readonly members: readonly MemberStatus[];
  /** As of the partition in which it is longest. */
  readonly oldestMs?: number;
  /** Of a group that was ever given dead letters again: with the last of them. */
  readonly redrive?: RedriveProgress & { readonly requestedAt: number };
}

/**
 * How far a group is in every partition of its topic, and who reads it. One query for each partition, one more for each in which it
 * lags, and a few: for its cursors, its members, and the starts of partitions.
 */
export const readStatus = async (deps: StatusDeps, topic: Topic, group: Group): Promise<GroupStatus> => {
  const [lags, live, redrive] = await Promise.all([
    groupProgress(deps, topic, group),
    group.mode === 'push' ? [] : readLive(deps, group),
    group.mode === 'push' ? {} : readRedrive(deps, group),
  ]);
  const ages = await oldestAges(deps, topic.topicId, lags);
  const { members, holdings }: Holders =
    group.mode === 'push' ? { members: [], holdings: [] } : holdersOf(group, live, lags, deps.clock.now());
  const partitions = lags.map((lag, index): PartitionStatus => {
    const holding = holdings[index];
    const oldestMs = ages.get(lag.partition);
    return { ...lag, ...(holding !== undefined && { holding }), ...(oldestMs !== undefined && { oldestMs }) };
  });
  const oldest = ages.size === 0 ? {} : { oldestMs: Math.max(...ages.values()) };
  return { ...totalsOf(lags), partitions, members, ...oldest, ...redrive };
};

const readLive = async ({ members, clock }: StatusDeps, group: PulledGroup) =>
  liveMembers(group, await members.list(group.groupId), clock.now());

const readRedrive = async (
  { cursors }: StatusDeps,
  { groupId, redrive }: PulledGroup,
): Promise<Pick<GroupStatus, 'redrive'>> => {
  if (redrive === undefined) return {};
  const progress = redriveProgress(redrive, await cursors.list(groupId, redrive.redriveId));
  return { redrive: { requestedAt: redrive.requestedAt, ...progress } };
};
