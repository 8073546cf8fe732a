import type { Wake } from '../domain/wakes.ts';

export interface QueuedWake {
  readonly wake: Wake;
  /** Not delivered before this many ms; at most `limits.wakeDelayMs`, which longer ones are cut to. */
  readonly delayMs?: number;
}

/** Wakes that were given out and are neither deleted nor shown again yet. */
export interface WakeReceipts {
  /**
   * Shows a wake again `afterMs` from now, instead of when its visibility timeout is over.
   * @param receipt of this receipt alone; one that was superseded may do nothing.
   * @throws when it may not have been done: the wake comes back all the same, later.
   */
  showAgain(receipt: string, afterMs: number): Promise<void>;
}

/** At least once, in no order. */
export interface WakeQueue {
  /** Resolves when every wake is on the queue; throws when any may not be (some may be there then). */
  send(wakes: readonly QueuedWake[]): Promise<void>;
}
