import type { Cursor } from '../../domain/groups/cursors.ts';
import type { PulledGroup } from '../../domain/groups/groups.ts';
import { type Member, ownerOf } from '../../domain/groups/members.ts';
import { type Ahead, aheadOf } from '../../domain/groups/runs/ahead.ts';
import { countsOf, heldBy } from '../../domain/groups/runs/counts.ts';
import { recovered } from '../../domain/groups/runs/recover.ts';
import type { PartitionLag } from '../lag.ts';
import { patienceOf } from '../pull/deps.ts';
import type { Holders, Holding } from './holders.ts';

const empty: Ahead = { committed: 0, runs: [] };

/**
 * Who has what of a shared group. What a member had for too long, or one that is gone, is nobody's, whether a poll has found that yet
 * or not.
 * @param redriven the cursors that go through dead letters that it was given again.
 */
export const sharedHolders = (
  group: PulledGroup,
  live: readonly Member[],
  lags: readonly PartitionLag[],
  redriven: readonly Cursor[],
  now: number,
): Holders => {
  const owners = new Set(live.map(ownerOf));
  const patience = patienceOf({ group });
  const isGone = (owner: string): boolean => !owners.has(owner);
  const known = (cursor: Cursor | undefined): Ahead =>
    cursor === undefined ? empty : recovered(aheadOf(cursor), patience, { now, isGone });
  const own = lags.map(({ cursor }) => known(cursor));
  const held = new Map<string, number>();
  for (const ahead of [...own, ...redriven.map(known)])
    for (const [owner, records] of heldBy(ahead)) held.set(owner, (held.get(owner) ?? 0) + records);
  const holdings = own.map((each): Holding => {
    const { held: handedOut, ...ahead } = countsOf(each);
    return { handedOut, ahead };
  });
  const members = live.map((member) => {
    return { ...member, partitions: [], handedOut: held.get(ownerOf(member)) ?? 0 };
  });
  return { members, holdings };
};
