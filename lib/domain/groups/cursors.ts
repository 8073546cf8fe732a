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
  /** Push: refusals of the message that begins at `committed`. Absent: none. */
  readonly refusals?: number;
  /** Push: wall clock ms. The first refusal of a message that begins at `committed`. */
  readonly refusedSince?: number;
  /** Push: exclusive end of the message that was refused and halved: until there no message is longer than what is left of it. */
  readonly suspectEnd?: number;
  /** Push: records that are to go to the dead letters, which could not be written. Absent: none. */
  readonly stuck?: number;
  /** Push: dead letters one after the other, with nothing acknowledged between. Absent: none. */
  readonly deadRow?: number;
  /** Records that retention took before they were delivered, since the group began. Absent: none. */
  readonly lost?: number;
  /** Push: records that the filter left out, since the group began. Absent: none. */
  readonly filtered?: number;
  /** Grows by one with each `replace`; absent before the first. */
  readonly version?: number;
  /** Of the `replace` that made it so: by this one whose answer was lost recognises itself. */
  readonly writeId?: string;
  /** Pull: the offset after the last that was handed out. Where it is above `committed`, what is between is unacknowledged. */
  readonly handedOut?: number;
  /** Pull: what is unacknowledged then is handed out again. Ask `ackMsLeft`. */
  readonly ackUntil?: number;
  /** Push, where the order is by key or none: a wake is on the queue that comes then, for a message that is to be sent again. */
  readonly wakeAt?: number;
  /** Shared, and push where the order is by key or none: what is ahead of `committed`, in order and without a gap. */
  readonly runs?: readonly Run[];
  /** Records that went to the dead letters, since the group began. Absent: none. */
  readonly deadLettered?: number;
}

/** How far a cursor is, without what it has in hand. */
export type CursorPlace = Pick<Cursor, 'committed' | 'lost' | 'deadLettered' | 'filtered'>;

/**
 * Records that follow one another and are alike. `held`: handed out to `by` until `until`. `delayed`: not to be handed out before `until`; of
 * a push group where `by` is given again in the message of that tag, which was refused `deliveries` times since `since`. `acknowledged`: done
 * with. `stuck`: handed out for the last time, and to go to the dead letters, which is tried again from `until` on.
 */
export interface Run {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly state: 'held' | 'delayed' | 'acknowledged' | 'stuck';
  /** Of `held`: the member that has them, as `ownerOf` makes it. Of `delayed`: the message that they are in. */
  readonly by?: string;
  /** Wall clock ms; absent of `acknowledged`, and 0 means at once. */
  readonly until?: number;
  /** How often they were handed out. */
  readonly deliveries: number;
  /** Of a message of a push group: how often it was sent, refused or not. Absent: never, as far as is kept. */
  readonly attempts?: number;
  /** Why they were not acknowledged the last time. */
  readonly reason?: Unacknowledged;
  /** Of `stuck`, and of `delayed` in a message: wall clock ms. Since when. */
  readonly since?: number;
}

/** Why a record that was handed out is to be handed out again: nobody said anything, it was given back, or its member is gone. */
export type Unacknowledged = 'timeout' | 'nack' | 'member_lost';

export interface CursorRef {
  readonly groupId: string;
  readonly partition: number;
  /** The redrive whose dead letters it goes through, and `partition` is of their topic; absent: the group's own topic. */
  readonly lane?: string;
}

/** A cursor that was never written, of a group that begins at `start`. */
export const newCursor = (start: number): Cursor => ({
  committed: start,
  epoch: 0,
  leaseUntil: 0,
  attempts: 0,
  retryAt: 0,
});

/** The longest that any lease lasts from the write that gives or renews it. */
export const longestLeaseMs = limits.deliveryTimeoutSeconds * 1000 + limits.leaseMarginMs;

/** The longest that any retry of a group is away when it is set. */
export const longestRetryMs = ({ maxSeconds }: Pick<Backoff, 'maxSeconds'>): number =>
  Math.max(maxSeconds * 1000, limits.retryAfterMs);

/**
 * Ms from `now` to `until`, which was `longestMs` away at most when it was written. 0 when it is past, and when it is
 * further off than it can be by right: a clock that is wrong wrote it, and it must not hold up a partition for as long.
 */
export const msLeft = (until: number, now: number, longestMs: number): number =>
  until - now <= longestMs + limits.clockAllowanceMs ? Math.max(0, until - now) : 0;

/** For how long a lease still keeps others from the cursor, ms; 0 when none is live. */
export const leaseMsLeft = ({ leaseUntil }: Pick<Cursor, 'leaseUntil'>, now: number): number =>
  msLeft(leaseUntil, now, longestLeaseMs);

/** For how long what a pull group handed out is still waited for, ms. @param longestMs the ack timeout of its group. */
export const ackMsLeft = (
  { ackUntil = 0 }: Pick<Cursor, 'ackUntil'>,
  now: number,
  longestMs: number,
): number => msLeft(ackUntil, now, longestMs);

/** How long the next attempt must still wait for its retry's time, ms. @param longestMs `longestRetryMs` of its group. */
export const retryMsLeft = ({ retryAt }: Pick<Cursor, 'retryAt'>, now: number, longestMs: number): number =>
  msLeft(retryAt, now, longestMs);
