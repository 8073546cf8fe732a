/** How much the newest batch moves the mean. */
const weight = 0.2;

/** How fast one process gets its batches into one partition. Times are monotonic ms. */
export class Pace {
  /** From one batch to the next, while appends wait. */
  #cycleMs: number;
  #progressAt = 0;

  constructor(requestMs: number) {
    this.#cycleMs = requestMs;
  }

  /** Work begins after a rest. */
  begins(now: number): void {
    this.#progressAt = now;
  }

  /** Since the last batch, or since work began. */
  sinceProgressMs(now: number): number {
    return now - this.#progressAt;
  }

  /** A batch was stored. */
  stored(now: number): void {
    this.#cycleMs += weight * (this.sinceProgressMs(now) - this.#cycleMs);
    this.#progressAt = now;
  }

  /** How long an append would wait behind so many full batches, by what the last ones took or this one takes already. */
  waitMs(batches: number, now: number): number {
    return Math.floor(batches) * Math.max(this.#cycleMs, this.sinceProgressMs(now));
  }
}
