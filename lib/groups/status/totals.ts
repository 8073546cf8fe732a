import { concurrently } from '../../domain/concurrently.ts';
import type { CursorPlace } from '../../domain/groups/cursors.ts';
import type { Group } from '../../domain/groups/groups.ts';
import type { Topic } from '../../domain/topics.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { MemberStore } from '../../stores/members.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { type ProgressDeps, topicBounds } from '../describe.ts';
import { lagOf, type PartitionLag } from '../lag.ts';
import { liveMembers } from './holders.ts';

export interface TotalsDeps extends Omit<ProgressDeps, 'cursors'> {
  readonly cursors: Pick<CursorStore, 'places'>;
  readonly members: Pick<MemberStore, 'list'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** What a group is behind, in all partitions of its topic. */
export interface GroupTotals {
  readonly lag: number;
  readonly lost: number;
  /** Records that a filter left out. */
  readonly filtered: number;
  /** Records that went to the dead letters. */
  readonly deadLettered: number;
  /** Live ones; of a group that is pushed to there are none. */
  readonly members: number;
}

/** The cursors of each are as many as there are partitions. */
const groupsAtOnce = 8;

export const totalsOf = (lags: readonly PartitionLag<CursorPlace>[]): Omit<GroupTotals, 'members'> => ({
  lag: lags.reduce((sum, { lag }) => sum + lag, 0),
  lost: lags.reduce((sum, { lost }) => sum + lost, 0),
  filtered: lags.reduce((sum, { cursor }) => sum + (cursor?.filtered ?? 0), 0),
  deadLettered: lags.reduce((sum, { cursor }) => sum + (cursor?.deadLettered ?? 0), 0),
});

/**
 * The totals of a topic's groups, in their order. Takes one query for each partition, whatever the groups; one for each group, and
 * of those that are pulled from one more.
 */
export const groupTotals = async (
  deps: TotalsDeps,
  topic: Topic,
  groups: readonly Group[],
): Promise<readonly GroupTotals[]> => {
  if (groups.length === 0) return [];
  const bounds = await topicBounds(deps, topic);
  return concurrently(groupsAtOnce, groups, async (group) => {
    const totals = totalsOf(lagOf(group, await deps.cursors.places(group.groupId), bounds));
    if (group.mode === 'push') return { ...totals, members: 0 };
    const members = liveMembers(group, await deps.members.list(group.groupId), deps.clock.now());
    return { ...totals, members: members.length };
  });
};
