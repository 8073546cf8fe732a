/** Time, as domain code sees it: passed in, so that it can be simulated. */
export interface Clock {
  /** Wall clock, ms since 1970. May jump: a frozen process wakes an hour later. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts (it does not reject). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
