import type { Random } from '../stores/random.ts';
import type { AppendOptions } from './options.ts';
import type { Tail } from './tail.ts';

/** How much a new measurement moves a running mean. */
const meanWeight = 0.1;

const moved = (mean: number, value: number, weight = meanWeight): number => mean + weight * (value - mean);

/**
 * What one process knows of the others that write to a partition, and how it behaves towards them: how long it backs
 * off, how long it yields, and whether a tail it remembers is probably past.
 */
export class Congestion {
  readonly #options: AppendOptions;
  readonly #random: Random;
  #requestMs: number;
  /** Others' batches, and the ms in which they were seen, both fading with `memoryMs`. */
  #foreignBatches = 0;
  #observedMs = 0;
  #observedAt: number | undefined;
  #foreignBatchRecords = 1;
  /** Others' batches between two of our own. */
  #rivals = 0;
  #foreignSinceWin = 0;
  #conflicts = 0;
  #throttles = 0;

  constructor(options: AppendOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#requestMs = options.requestMs;
  }

  /** How long a request to the store takes, ms. */
  get requestMs(): number {
    return this.#requestMs;
  }

  /** A request took `ms`. */
  answered(ms: number): void {
    // One slow request says little: it is held to a few times the mean.
    this.#requestMs = moved(this.#requestMs, Math.min(ms, 4 * this.#requestMs));
  }

  /** The tail was `before` and is found to be `after`; what lies between, others wrote (`records` in one batch of theirs). */
  foundTail(before: Tail | undefined, after: Tail, records?: number): void {
    if (records !== undefined) this.#foreignBatchRecords = moved(this.#foreignBatchRecords, records, 0.25);
    if (before === undefined) {
      this.#observedAt = after.seenAt;
      return;
    }
    const passed = after.end - before.end;
    const batches = passed > 0 ? Math.max(1, Math.round(passed / Math.max(1, this.#foreignBatchRecords))) : 0;
    this.#foreignSinceWin += batches;
    this.#observe(batches, after.seenAt);
  }

  won(now: number): void {
    this.#observe(0, now);
    this.#rivals = moved(this.#rivals, Math.min(this.#foreignSinceWin, this.#options.maxRivals), 0.25);
    this.#foreignSinceWin = 0;
    this.#conflicts = 0;
    this.#throttles = 0;
  }

  lost(): void {
    this.#conflicts += 1;
  }

  throttled(): void {
    this.#throttles += 1;
  }

  /** Full jitter, growing with every conflict since the last win, and faster with every refusal for want of capacity. */
  backoffMs(): number {
    const { conflictFactor, conflictGrowth, throttleFactor, throttleGrowth, maxBackoffMs } = this.#options;
    const conflicts = this.#conflicts === 0 ? 0 : conflictFactor * conflictGrowth ** (this.#conflicts - 1);
    const throttles = this.#throttles === 0 ? 0 : throttleFactor * throttleGrowth ** (this.#throttles - 1);
    const ceiling = Math.min(maxBackoffMs, this.#requestMs * (conflicts + throttles));
    return ceiling * this.#random.number();
  }

  /** What a process that has just won leaves to the others before it writes again. */
  yieldMs(): number {
    if (this.#rivals < 0.5) return 0;
    return this.#options.yieldFactor * this.#rivals * this.#requestMs;
  }

  /** Whether somebody has probably written since `tail` was seen. */
  probablyPast(tail: Tail, now: number): boolean {
    const rate = this.#foreignBatches / Math.max(this.#observedMs, this.#options.memoryMs / 4);
    const untouched = Math.exp(-rate * Math.max(0, now - tail.seenAt));
    return 1 - untouched > this.#options.staleProbability;
  }

  #observe(batches: number, now: number): void {
    const elapsed = Math.max(0, now - (this.#observedAt ?? now));
    const kept = Math.exp(-elapsed / this.#options.memoryMs);
    this.#foreignBatches = this.#foreignBatches * kept + batches;
    this.#observedMs = this.#observedMs * kept + Math.min(elapsed, this.#options.memoryMs);
    this.#observedAt = now;
  }
}
