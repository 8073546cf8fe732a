/**
 * One moment of one process, by both of its clocks. Either alone can hide time that has passed: a wall clock that steps
 * back or is paused with its machine, a monotonic clock that stands still while its process is frozen.
 */
export interface Instant {
  /** Wall clock ms since 1970. */
  readonly wall: number;
  /** Monotonic ms: of meaning within one process only. */
  readonly monotonic: number;
}

/** ms from one moment to a later one of the same process, by whichever clock shows more. */
export const elapsedMs = (from: Instant, to: Instant): number =>
  Math.max(to.wall - from.wall, to.monotonic - from.monotonic);
