import type { Backoff, Outage } from '../delivery/retry.ts';
import { limits } from '../limits.ts';

/**
 * A group's state in one partition: DESIGN §7. Times are wall clock ms; 0 means none. Another process wrote them by its
 * own clock: ask `leaseMsLeft` and `retryMsLeft` how long they hold, and compare them with nothing yourself. The outage is
 * the one that is still going on.
 */
export interface Cursor extends Partial<Outage> {
  /** The next offset to deliver: every record below it is acknowledged. */
  readonly committed: number;
  /** Grows by one with each lease: what fences a holder that was superseded. */
  readonly epoch: number;
  /** Who holds the lease, unique to one run of a deliverer. */
  readonly owner?: string;
  /** The lease is live until then: `leaseMsLeft`. */
  readonly leaseUntil: number;
  /** Failed attempts of the message that begins at `committed`. */
  readonly attempts: number;
  /** No attempt before this: `retryMsLeft`. */
  readonly retryAt: number;
  /** Exclusive end of the message in flight, so that a retry is the same message. */
  readonly pendingEnd?: number;
  /** Why the last attempt failed, for people. */
  readonly lastFailure?: string;
  /** Records that retention took before they were delivered, since the group began. Absent: none. */
  readonly lost?: number;
}

export interface CursorRef {
  readonly groupId: string;
  readonly partition: number;
}

/** The longest that any lease lasts from the write that gives or renews it. */
export const longestLeaseMs = limits.deliveryTimeoutSeconds * 1000 + limits.leaseMarginMs;

/** The longest that any retry of a group is away when it is set. */
export const longestRetryMs = ({ maxSeconds }: Pick<Backoff, 'maxSeconds'>): number =>
  Math.max(maxSeconds * 1000, limits.retryAfterMs);

/**
 * Ms from `now` to `until`, which was `longestMs` away at most when it was written. 0 when it is past, and when it is
 * further off than it can be by right: a clock that is wrong wrote it, and it must not hold up a partition for as long.
 */
const msLeft = (until: number, now: number, longestMs: number): number =>
  until - now <= longestMs + limits.clockAllowanceMs ? Math.max(0, until - now) : 0;

/** For how long a lease still keeps others from the cursor, ms; 0 when none is live. */
export const leaseMsLeft = ({ leaseUntil }: Pick<Cursor, 'leaseUntil'>, now: number): number =>
  msLeft(leaseUntil, now, longestLeaseMs);

/** How long the next attempt must still wait for its retry's time, ms. @param longestMs `longestRetryMs` of its group. */
export const retryMsLeft = ({ retryAt }: Pick<Cursor, 'retryAt'>, now: number, longestMs: number): number =>
  msLeft(retryAt, now, longestMs);
