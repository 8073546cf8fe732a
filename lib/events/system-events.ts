import type { SystemEvent } from '../domain/events/events.ts';

/** Where what happens to groups is told. */
export interface SystemEvents {
  /**
   * Tells an event: one record of the topic of system events, however often the same is told within a day, by whomever. It takes
   * seconds at most and never fails: what could not be told goes to telemetry, and nothing waits for it.
   */
  tell(event: SystemEvent): Promise<void>;
}

/** Tells nobody. */
export const noSystemEvents: SystemEvents = { tell: async () => undefined };
