import { assign } from '../../domain/groups/assignment.ts';
import { ackMsLeft, type Cursor } from '../../domain/groups/cursors.ts';
import type { PulledGroup } from '../../domain/groups/groups.ts';
import { type Member, ownerOf } from '../../domain/groups/members.ts';
import type { PartitionLag } from '../lag.ts';
import { ackTimeoutMsOf } from '../pull/deps.ts';
import type { Holders, Holding, MemberStatus } from './holders.ts';

/** Records that the owner of a partition was handed out, and has time for. */
const outstanding = (group: PulledGroup, cursor: Cursor, now: number): number => {
  const isInTime = ackMsLeft(cursor, now, ackTimeoutMsOf(group)) > 0;
  return isInTime ? Math.max(0, (cursor.handedOut ?? 0) - cursor.committed) : 0;
};

/** Who has what of the partitions of a `pull` group. @param lags of every partition of its topic. */
export const assignedHolders = (
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
