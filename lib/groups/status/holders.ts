import type { PulledGroup } from '../../domain/groups/groups.ts';
import { isLive, type Member } from '../../domain/groups/members.ts';
import { sessionMsOf } from '../pull/deps.ts';

/** A live member of a group, and what it has. */
export interface MemberStatus extends Member {
  /** Those that are assigned to it. None of a shared group, where all are everybody's. */
  readonly partitions: readonly number[];
  /** Records that it was handed out, has not acknowledged, and still has time for. */
  readonly handedOut: number;
}

/** What becomes of the records of a shared group ahead of the committed offset, beside those that are handed out. */
export interface AheadCounts {
  /** To be handed out again, at once or later. */
  readonly delayed: number;
  /** To go to the dead letters. */
  readonly stuck: number;
  /** Done with. */
  readonly acknowledged: number;
}

/** Who has what of a partition. */
export interface Holding {
  /** Of a `pull` group: the consumer that has records of it; otherwise the one that it is assigned to, if there is any. */
  readonly owner?: string;
  /** As `MemberStatus.handedOut`, of the partition. */
  readonly handedOut: number;
  /** Of a shared group. */
  readonly ahead?: AheadCounts;
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
