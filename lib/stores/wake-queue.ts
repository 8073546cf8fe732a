import type { Wake } from '../domain/delivery/wakes.ts';

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

/** A wake that was received, and is hidden until its visibility timeout is over. */
export interface QueueMessage {
  /** The same each time that it is received. */
  readonly messageId: string;
  /** Of this receipt alone: a message that comes back has another. */
  readonly receipt: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** The wake as JSON, or whatever else somebody put there. */
  readonly body: string;
}

/** Where wakes are received to be answered, by a process that stands in for a function's event source. */
export interface WakeReceiver {
  /** Those that are visible, as soon as there are any, `most` at a time; none when `signal` aborts, and perhaps before. */
  receive(most: number, signal: AbortSignal): Promise<readonly QueueMessage[]>;
  /** Takes it off the queue. A receipt that was superseded may do nothing. */
  acknowledge(receipt: string): Promise<void>;
  /** Shows them again soon: they were received and nothing was done. */
  giveBack(receipts: readonly string[]): Promise<void>;
}
