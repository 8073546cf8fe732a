import type { Member } from '../domain/groups/members.ts';

/** Which member of which group. */
export interface MemberRef {
  readonly groupId: string;
  readonly consumerId: string;
}

/**
 * The members of groups that pull (DESIGN §7). Each write is one conditional write of one item. A copy of any of them that lands
 * late changes nothing that matters: `memberEpoch` never comes back, `expiresAt` only grows, and a copy of a join that brings
 * back who left is over when it would have been.
 *
 * Writes throw ThrottledError, NotSentError or OutcomeUnknownError; reads as every state store's.
 */
export interface MemberStore {
  /** Every member of a group, those that have expired too, in order of consumer id; strongly consistent. */
  list(groupId: string): Promise<readonly Member[]>;
  /**
   * Stores `member` where none of its name stands, or `replaced` does, as it was read (by `memberEpoch` and `expiresAt`). Answers
   * with the one that stands then: it is the caller's own where the `memberEpoch` is. Undefined when one stood in the way that was
   * gone a moment later: nothing was stored, or it was removed again. Join anew, with another `memberEpoch`.
   */
  join(groupId: string, member: Member, replaced?: Member): Promise<Member | undefined>;
  /**
   * Renews it to `expiresAt` and `polledAt`, where it has this `memberEpoch`, has not expired by `polledAt`, and `expiresAt` grows. Answers
   * with what stands then; undefined where nothing does. It was renewed, by this or another, where it has the epoch and expires no
   * sooner.
   */
  renew(groupId: string, member: Member): Promise<Member | undefined>;
  /** Removes the member where it is as it was read, by `memberEpoch` and `expiresAt`. True when it does not stand any more. */
  remove(groupId: string, read: Member): Promise<boolean>;
  /** Removes every member of a group. May be repeated. */
  deleteAll(groupId: string): Promise<void>;
}
