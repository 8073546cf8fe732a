import { limits } from './limits.ts';

export interface Backoff {
  readonly initialSeconds: number;
  readonly maxSeconds: number;
}

/**
 * How long to wait before the next attempt, in ms: full jitter, uniform between 0 and a ceiling that begins at
 * `initialSeconds`, doubles with each failed attempt and stops growing at `maxSeconds`.
 * ("Exponential backoff and jitter", AWS Architecture Blog, 2015.)
 * @param attempts failed so far, at least 1.
 * @param chance uniform in [0, 1).
 */
export const backoffMs = (attempts: number, backoff: Backoff, chance: number): number =>
  Math.round(chance * Math.min(backoff.maxSeconds, backoff.initialSeconds * 2 ** (attempts - 1)) * 1000);

/** An outage of a group's endpoint, as one partition has met it. Times are wall clock ms. */
export interface Outage {
  /** The first attempt that failed, for people. */
  readonly failingSince: number;
  /** The last attempt that failed. */
  readonly failedAt: number;
  /** How much of the time between these two counts, ms: see `outageAfter`. */
  readonly outageMs: number;
}

/**
 * The outage with one more attempt that failed. What counts is the time since the attempt before, but no more than the
 * delay that was set between them and `limits.outageGraceMs`: of the time in which nobody tried, because the broker was
 * off or its clock was set, nothing is known. Clocks that differ by less than the grace cancel out.
 * @param before the outage with the attempt before.
 * @param dueAt when this attempt was due.
 * @param now wall clock ms.
 */
export const outageAfter = (before: Outage, dueAt: number, now: number): Outage => {
  const { failingSince, failedAt, outageMs } = before;
  const graceMs = limits.outageGraceMs;
  const countedMs = Math.max(-graceMs, Math.min(now - failedAt, dueAt - failedAt + graceMs));
  return { failingSince, failedAt: now, outageMs: Math.max(0, outageMs + countedMs) };
};

/**
 * How long a `Retry-After` header asks to wait, in ms from `now`, at most `limits.retryAfterMs`: whole seconds or an
 * HTTP date (RFC 9110, 10.2.3). Undefined when it is neither.
 */
export const retryAfterMs = (header: string, now: number): number | undefined => {
  const text = header.trim();
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]+,? /.test(text)
      ? Date.parse(text) - now
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), limits.retryAfterMs);
};
