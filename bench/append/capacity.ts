/**
 * Capacity of one partition key: a bucket that fills by `perSecond` units up to `depth`. A request passes while
 * anything is left, and may take more than is left: then nothing passes until the debt is paid. So over any time the
 * units that pass are at most `perSecond` times it, plus `depth` and one request.
 */
export class Capacity {
  readonly #perSecond: number;
  readonly #depth: number;
  #level: number;
  #filledAt: number;

  constructor({ perSecond, depth, now }: { perSecond: number; depth: number; now: number }) {
    this.#perSecond = perSecond;
    this.#depth = depth;
    this.#level = depth;
    this.#filledAt = now;
  }

  /** Takes `units` at `now` (ms), or nothing at all: then the request is throttled. */
  take(units: number, now: number): boolean {
    const filled = this.#level + ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#level = Math.min(this.#depth, filled);
    this.#filledAt = now;
    if (this.#level <= 0) return false;
    this.#level -= units;
    return true;
  }
}
