import { assign } from '../../domain/groups/assignment.ts';
import { ackMsLeft, type Cursor } from '../../domain/groups/cursors.ts';
import type { PulledGroup } from '../../domain/groups/groups.ts';
import { isLive, type Member, ownerOf } from '../../domain/groups/members.ts';
import type { PartitionLag } from '../lag.ts';
import { ackTimeoutMsOf, sessionMsOf } from '../pull/deps.ts';

/** A live member of a group, and what it has. */
export interface MemberStatus extends Member {
  /** Those that are assigned to it. None of a shared group, where all are everybody's. */
  readonly partitions: readonly number[];
  /** Records that it was handed out, has not acknowledged, and still has time for. */
  readonly handedOut: number;
}

/** Who has what of a partition. */
export interface Holding {
  /** The consumer that has records of it; otherwise the one that it is assigned to, if there is any. */
  readonly owner?: string;
  /** As `MemberStatus.handedOut`, of the partition. */
  readonly handedOut: number;
}

export interface Holders {
  /** In order of consumer id. */
  readonly members: readonly MemberStatus[];
  /** In the order of the partitions that were given. */
  readonly holdings: readonly Holding[];
}

/** Those of `members` that are live. */
export const liveMembers = (group: PulledGroup, members: readonly Member[], now: number): readonly Member[] =>
  members.filter((member) => isLive(member, now, sessionMsOf(group)));

/** Records of a `pull` group that the owner of a partition was handed out, and has time for. */
const outstanding = (group: PulledGroup, cursor: Cursor, now: number): number => {
  const isInTime = ackMsLeft(cursor, now, ackTimeoutMsOf(group)) > 0;
  return isInTime ? Math.max(0, (cursor.handedOut ?? 0) - cursor.committed) : 0;
};

/** Who has what of the partitions of a `pull` group. @param lags of every partition of its topic. */
export const holdersOf = (
  group: PulledGroup,
  live: readonly Member[],
  lags: readonly PartitionLag[],
  now: number,
): Holders => {
  const byOwner = new Map(live.map((member) => [ownerOf(member), member.consumerId]));
  const assigned = assign(
    lags.length,
    live.map(({ consumerId }) => consumerId),
  );
  const holdings = lags.map(({ partition, cursor }): Holding => {
    const holder = byOwner.get(cursor?.owner ?? '');
    const handedOut = cursor === undefined || holder === undefined ? 0 : outstanding(group, cursor, now);
    const owner = handedOut > 0 ? holder : assigned[partition];
    return { ...(owner !== undefined && { owner }), handedOut };
  });
  const members = live.map((member): MemberStatus => {
    const isIts = (owner: string | undefined): boolean => owner === member.consumerId;
    return {
      ...member,
      partitions: lags.flatMap(({ partition }) => (isIts(assigned[partition]) ? [partition] : [])),
      handedOut: holdings.reduce((sum, { owner, handedOut }) => (isIts(owner) ? sum + handedOut : sum), 0),
    };
  });
  return { members, holdings };
};
