import { limits } from '../limits.ts';

/** A consumer of a group that pulls: DESIGN §7. Its item is its session: whoever ends it, it never comes back. */
export interface Member {
  /** As the client names itself. Two processes of one name are one member. */
  readonly consumerId: string;
  /** Random, new each time that the item is made. */
  readonly memberEpoch: string;
  /** Wall clock ms; only grows. It is no member from then on: ask `isLive`. */
  readonly expiresAt: number;
  /** Wall clock ms. */
  readonly joinedAt: number;
  /** Wall clock ms of the last poll that renewed it: one in a third of a session does. */
  readonly polledAt: number;
}

/** What a cursor's lease names as its owner, and a run as its holder. */
export const ownerOf = ({ consumerId, memberEpoch }: Pick<Member, 'consumerId' | 'memberEpoch'>): string =>
  `${consumerId}/${memberEpoch}`;

/**
 * Whether others must take it for a member. Not once it has expired by more than clocks differ; nor where it would expire later
 * than it can by right, for then a clock that is wrong wrote that.
 */
export const isLive = ({ expiresAt }: Pick<Member, 'expiresAt'>, now: number, sessionMs: number): boolean =>
  expiresAt > now - limits.memberSkewMs && expiresAt <= now + sessionMs + limits.clockAllowanceMs;

/** Whether it is time to renew it: a third of its session is gone. */
export const isDueForRenewal = (
  { expiresAt }: Pick<Member, 'expiresAt'>,
  now: number,
  sessionMs: number,
): boolean => expiresAt - now <= (sessionMs * 2) / 3;
