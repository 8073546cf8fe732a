import { elapsedMs, type Instant } from './instants.ts';

export interface Rate {
  /** Tokens that come in a second. */
  readonly perSecond: number;
  /** Tokens that it holds at most: it is full in the beginning. */
  readonly depth: number;
}

/**
 * A token bucket. What asks for tokens passes while at least one is left, and may take more than are left: then nothing
 * passes until the debt is paid. So nothing is too large to pass ever, and over any time at most `perSecond` times it
 * pass, plus `depth` and one request.
 */
export class TokenBucket {
  readonly rate: Rate;
  #level: number;
  #filledAt: Instant;

  constructor(rate: Rate, now: Instant, level = rate.depth) {
    this.rate = rate;
    this.#level = Math.min(level, rate.depth);
    this.#filledAt = now;
  }

  /** Tokens that are left; below 0 is debt. */
  level(now: Instant): number {
    const { perSecond, depth } = this.rate;
    const seconds = Math.max(0, elapsedMs(this.#filledAt, now)) / 1000;
    this.#level = Math.min(depth, this.#level + seconds * perSecond);
    this.#filledAt = now;
    return this.#level;
  }

  take(tokens: number, now: Instant): void {
    this.#level = this.level(now) - tokens;
  }

  /** Seconds until something passes again; 0 when it does now. */
  secondsToPass(now: Instant): number {
    return Math.max(0, 1 - this.level(now)) / this.rate.perSecond;
  }

  secondsToFull(now: Instant): number {
    return (this.rate.depth - this.level(now)) / this.rate.perSecond;
  }
}
