import { limits } from '../../domain/limits.ts';
import { defaultCompression } from '../../domain/records/encoding.ts';

/** Every knob of the append protocol. Durations are ms. */
export interface AppendOptions {
  /** How long one request to the store may take before its outcome counts as unknown. */
  readonly attemptTimeoutMs: number;
  /** How long an unknown outcome is settled before the append is answered `outcome_unknown`. */
  readonly settleBudgetMs: number;
  /**
   * How long an append may wait for its slot before it is refused (nothing was written); while a batch that it is in is
   * under way, this time stands still.
   * A new append is refused at once when what waits before it will take longer than this.
   */
  readonly waitBudgetMs: number;
  /** How long it may take at most, all counted, before it is refused instead of being tried once more. */
  readonly answerBudgetMs: number;
  /**
   * A tail that would become too old to put on within this time is queried first, so that an unknown outcome can
   * still be settled.
   */
  readonly tailReserveMs: number;
  /** What a request to the store is taken to last until some have been measured. */
  readonly requestMs: number;
  /**
   * After the k-th conflict in a row the writer waits up to `conflictGrowth^(k - 1)` request times, and at most
   * `turnFactor` for itself and each competitor.
   */
  readonly conflictGrowth: number;
  readonly turnFactor: number;
  /** After the k-th throttling in a row, up to `throttleFactor * throttleGrowth^(k - 1)` request times. */
  readonly throttleFactor: number;
  readonly throttleGrowth: number;
  /** No single wait is longer. */
  readonly maxBackoffMs: number;
  /** A cached tail is queried rather than put on when others have probably moved it, with at least this probability. */
  readonly staleProbability: number;
  /** The end of a batch that won is put on without a query if that batch is at most so many request times old. */
  readonly winnerTrust: number;
  /** What is known of other writers fades with this time constant. */
  readonly memoryMs: number;
  /** A process that has just won while others compete waits this many request times per competitor. */
  readonly yieldFactor: number;
  /** Competitors counted at most. */
  readonly maxRivals: number;
  /**
   * Requests that an append should cost at most on average. When they cost more, a process begins with fewer of the
   * appends that it is offered, and refuses the others at once.
   */
  readonly admissionCost: number;
  /** By how much the share of appends begun falls at most, and grows at most, with each batch that was stored. */
  readonly admissionFall: number;
  readonly admissionGrowth: number;
  /** What is left of the share when an append has waited for `waitBudgetMs` in vain. */
  readonly admissionCut: number;
  /** The share grows to this at most: all that is above 1 is margin. */
  readonly admissionMargin: number;
  /** This share of appends is begun, whatever the ones before cost. */
  readonly leastAdmission: number;
  /** For so long a process goes by what its last append cost. */
  readonly admissionMemoryMs: number;
  /** Partitions a process remembers the tails of. */
  readonly rememberedPartitions: number;
  /** Of a batch, for what it carries of producers. */
  readonly producersBytes: number;
  /** zstd's level for batches that need not be compressed to fit. */
  readonly compression: number;
}

/**
 * For a store that takes no money for bytes. Level 1 takes a third to half the time of 3; of real webhook bodies it makes 1
 * to 3 percent more bytes, and up to 7 of batches of 40, which DynamoDB's price would not make up for.
 */
export const quickCompression = 1;

export const appendDefaults: AppendOptions = {
  attemptTimeoutMs: 2_000,
  settleBudgetMs: 10_000,
  waitBudgetMs: 2_000,
  answerBudgetMs: 7_500,
  tailReserveMs: 15_000,
  requestMs: 6,
  conflictGrowth: 1.15,
  turnFactor: 0.8,
  throttleFactor: 4,
  throttleGrowth: 2,
  maxBackoffMs: 1_000,
  staleProbability: 0.5,
  winnerTrust: 1.5,
  memoryMs: 2_000,
  yieldFactor: 2.5,
  maxRivals: 128,
  admissionCost: 5,
  admissionFall: 0.5,
  admissionGrowth: 1.3,
  admissionCut: 0.1,
  admissionMargin: 8,
  leastAdmission: 0.01,
  admissionMemoryMs: 10_000,
  rememberedPartitions: 4_096,
  producersBytes: limits.batchProducersBytes,
  compression: defaultCompression,
};
