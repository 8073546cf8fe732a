import type { Instant } from '../domain/instants.ts';

/** Time, as domain code sees it: passed in, so that it can be simulated. */
export interface Clock {
  /**
   * Wall clock, ms since 1970. Nothing is promised of it: it may be hours off, stand still with the machine, step forward
   * or back at any moment, and a frozen process may read it an hour late.
   */
  now(): number;
  /**
   * Monotonic clock, ms and fractions from an origin that only this process knows. It never goes back and never steps
   * forward; it may stand still while the process does. So a difference of two readings is at most the time that has
   * passed.
   */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts (it does not reject). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** This moment by both clocks. */
export const instantOf = (clock: Pick<Clock, 'now' | 'monotonic'>): Instant => ({
  wall: clock.now(),
  monotonic: clock.monotonic(),
});
