/** Every knob of the append protocol. Durations are ms. */
export interface AppendOptions {
  /** How long one request to the store may take before its outcome counts as unknown. */
  readonly attemptTimeoutMs: number;
  /** How long an unknown outcome is settled before the append is answered `outcome_unknown`. */
  readonly settleBudgetMs: number;
  /**
   * How long an append may wait for its slot before it is refused as `partition_overloaded` (nothing was written).
   * A new append is refused at once when what waits before it will take longer than this.
   */
  readonly waitBudgetMs: number;
  /**
   * A tail that would become too old to put on within this time is queried first, so that an unknown outcome can
   * still be settled.
   */
  readonly tailReserveMs: number;
  /** What a request to the store is taken to last until some have been measured. */
  readonly requestMs: number;
  /** After the k-th conflict in a row the writer waits up to `conflictFactor * requestMs * conflictGrowth^(k - 1)`. */
  readonly conflictFactor: number;
  readonly conflictGrowth: number;
  /** The same after throttling, which is to grow faster. */
  readonly throttleFactor: number;
  readonly throttleGrowth: number;
  /** No single wait is longer. */
  readonly maxBackoffMs: number;
  /** A cached tail is queried rather than put on when others have probably moved it, with at least this probability. */
  readonly staleProbability: number;
  /** What is known of other writers fades with this time constant. */
  readonly memoryMs: number;
  /** A process that has just won while others compete waits this many request times per competitor. */
  readonly yieldFactor: number;
  /** Competitors counted at most. */
  readonly maxRivals: number;
  /** Partitions a process remembers the tails of. */
  readonly rememberedPartitions: number;
}

export const appendDefaults: AppendOptions = {
  attemptTimeoutMs: 2_000,
  settleBudgetMs: 10_000,
  waitBudgetMs: 2_000,
  tailReserveMs: 15_000,
  requestMs: 6,
  conflictFactor: 1,
  conflictGrowth: 2,
  throttleFactor: 4,
  throttleGrowth: 3,
  maxBackoffMs: 500,
  staleProbability: 0.5,
  memoryMs: 2_000,
  yieldFactor: 1,
  maxRivals: 16,
  rememberedPartitions: 4_096,
};
