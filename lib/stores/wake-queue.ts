import type { Wake } from '../domain/wakes.ts';

export interface QueuedWake {
  readonly wake: Wake;
  /** Not delivered before this many ms; at most `limits.wakeDelayMs`, which longer ones are cut to. */
  readonly delayMs?: number;
}

/** At least once, in no order. */
export interface WakeQueue {
  /** Resolves when every wake is on the queue; throws when any may not be (some may be there then). */
  send(wakes: readonly QueuedWake[]): Promise<void>;
}
