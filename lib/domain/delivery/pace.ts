/** Requests of one process that may be under way at once. */
export interface HeldSlots {
  /** The process: unique to it, letters and digits. */
  readonly holder: string;
  readonly slots: number;
  /** Whole wall clock ms. They end then, whatever became of the process. */
  readonly until: number;
}

/**
 * How an endpoint is called that has a bound on its requests under way or on their rate: what all processes that call it
 * agree on. Times are wall clock ms, and another process wrote them by its own clock.
 */
export interface Pace {
  /** Grows by one with each `replace`; 1 is the first. */
  readonly version: number;
  /** Of the `replace` that made it so: by this one whose answer was lost recognises itself. */
  readonly writeId: string;
  /** Who has slots, one entry a process. */
  readonly held: readonly HeldSlots[];
  /** The next request can be booked for then. 0: none was. */
  readonly bookedUntil: number;
  /** Until then a free slot is left to those who were refused one before. 0: nobody is known to wait. */
  readonly waitedFor: number;
}
