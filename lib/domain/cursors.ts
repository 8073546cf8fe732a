/** A group's state in one partition: DESIGN §7. Times are wall clock ms; 0 means none. */
export interface Cursor {
  /** The next offset to deliver: every record below it is acknowledged. */
  readonly committed: number;
  /** Grows by one with each lease: what fences a holder that was superseded. */
  readonly epoch: number;
  /** Who holds the lease, unique to one run of a deliverer. */
  readonly owner?: string;
  /** The lease is live while this is in the future. */
  readonly leaseUntil: number;
  /** Failed attempts of the message that begins at `committed`. */
  readonly attempts: number;
  /** No attempt before this. */
  readonly retryAt: number;
  /** Exclusive end of the message in flight, so that a retry is the same message. */
  readonly pendingEnd?: number;
  /** When the outage that is still going on began. */
  readonly failingSince?: number;
  /** Why the last attempt failed, for people. */
  readonly lastFailure?: string;
}

export interface CursorRef {
  readonly groupId: string;
  readonly partition: number;
}
