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
