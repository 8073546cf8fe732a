import type { Cursor } from '../../domain/groups/cursors.ts';
import type { Group, PulledGroup } from '../../domain/groups/groups.ts';
import type { Member } from '../../domain/groups/members.ts';
import type { Topic } from '../../domain/topics.ts';
import type { MemberStore } from '../../stores/members.ts';
import { groupProgress, type ProgressDeps } from '../describe.ts';
import type { PartitionLag } from '../lag.ts';
import { assignedHolders } from './assigned-holders.ts';
import { type Holders, type Holding, liveMembers, type MemberStatus } from './holders.ts';
import { type OldestDeps, oldestAges } from './oldest.ts';
import { type RedriveProgress, redriveProgress } from './redrive-progress.ts';
import { sharedHolders } from './shared-holders.ts';
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
  const [lags, live, lane] = await Promise.all([
    groupProgress(deps, topic, group),
    group.mode === 'push' ? [] : readLive(deps, group),
    readLane(deps, group),
  ]);
  const ages = await oldestAges(deps, topic.topicId, lags);
  const { members, holdings } = holdersOf(group, { lags, live, lane }, deps.clock.now());
  const partitions = lags.map((lag, index): PartitionStatus => {
    const holding = holdings[index];
    const oldestMs = ages.get(lag.partition);
    return { ...lag, ...(holding !== undefined && { holding }), ...(oldestMs !== undefined && { oldestMs }) };
  });
  const oldest = ages.size === 0 ? {} : { oldestMs: Math.max(...ages.values()) };
  return { ...totalsOf(lags), partitions, members, ...oldest, ...progressOf(group, lane) };
};

const readLive = async ({ members, clock }: StatusDeps, group: PulledGroup) =>
  liveMembers(group, await members.list(group.groupId), clock.now());

/** The cursors that go through the dead letters that it was given again. */
const readLane = async ({ cursors }: StatusDeps, group: Group): Promise<ReadonlyMap<number, Cursor>> =>
  group.redrive === undefined ? new Map() : cursors.list(group.groupId, group.redrive.redriveId);

const progressOf = (group: Group, lane: ReadonlyMap<number, Cursor>): Pick<GroupStatus, 'redrive'> => {
  if (group.redrive === undefined) return {};
  const { requestedAt } = group.redrive;
  return { redrive: { requestedAt, ...redriveProgress(group.redrive, lane) } };
};

interface Read {
  readonly lags: readonly PartitionLag[];
  readonly live: readonly Member[];
  readonly lane: ReadonlyMap<number, Cursor>;
}

const holdersOf = (group: Group, { lags, live, lane }: Read, now: number): Holders => {
  if (group.mode === 'push') return { members: [], holdings: [] };
  return group.mode === 'pull'
    ? assignedHolders(group, live, lags, now)
    : sharedHolders(group, live, lags, [...lane.values()], now);
};
