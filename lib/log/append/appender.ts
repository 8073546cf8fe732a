import { digestOf, sequenceDigest } from '../../domain/idempotency/keys.ts';
import type { Sequenced } from '../../domain/idempotency/producers.ts';
import type { Origin } from '../../domain/records/origin.ts';
import { type NewRecord, type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Random } from '../../surroundings/random.ts';
import { noTelemetry, type Telemetry } from '../../surroundings/telemetry.ts';
import type { IdempotencyStores } from '../idempotency/screening.ts';
import { type TailRules, tailRules } from '../tail.ts';
import type { Appended } from './appended.ts';
import { type AppendOptions, appendDefaults } from './options.ts';
import { type AppendRequest, PartitionWriter, type WriterDeps } from './partition-writer.ts';
import { payloadOf } from './waiting.ts';

export interface AppenderDeps {
  readonly batches: BatchStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry?: Telemetry;
  readonly options?: Partial<AppendOptions>;
  /** Without them no append has an idempotency key or a sequence. */
  readonly idempotency?: IdempotencyStores;
  /** For simulations that show what each rule is for. */
  readonly rules?: TailRules;
}

export interface AppendCall {
  /** The append happens at exactly this offset, and never together with others, or not at all. */
  readonly expectedOffset?: number;
  /** Ends the wait; when the records were already under way the outcome is unknown then. */
  readonly signal?: AbortSignal;
  /** Stored with the batch. Of appends that go together it is that of the first. */
  readonly origin?: Origin | undefined;
  /** `storedKey`: the records are appended once, however often the call is made with the same (DESIGN §5). */
  readonly key?: string | undefined;
  /** The append is the producer's next one, or is in the log already, or is refused. */
  readonly sequence?: Omit<Sequenced, 'digest'> | undefined;
}

/**
 * Appends to partitions by the protocol of DESIGN §5. One per process: it remembers tails, and puts together what is
 * appended to one partition at the same time.
 */
export class Appender {
  readonly #deps: WriterDeps;
  readonly #writers = new Map<string, PartitionWriter>();

  constructor({ batches, clock, random, telemetry, options, rules, idempotency }: AppenderDeps) {
    this.#deps = {
      batches,
      clock,
      random,
      telemetry: telemetry ?? noTelemetry,
      options: { ...appendDefaults, ...options },
      rules: rules ?? tailRules,
      idempotency,
    };
  }

  /**
   * Appends the records, in order and next to each other, all or none.
   * @throws Problem `offset_mismatch` (members `partition`, `endOffset`), `partition_overloaded`, `throttled`
   * and `unavailable` (nothing was written), `outcome_unknown`, `too_large` and `invalid_request` (nothing was written).
   * With a key also `idempotency_mismatch`, `idempotency_taken_over` and `idempotency_unknown`; with a sequence
   * `sequence_gap`, `sequence_forgotten`, `producer_fenced` and `idempotency_mismatch`. Either call may be made again after any failure.
   * @throws PartitionClosedError when the topic was deleted.
   */
  async append(at: PartitionRef, records: readonly NewRecord[], call: AppendCall = {}): Promise<Appended> {
    const payload = payloadOf(records);
    return this.#request(at, {
      ...payload,
      ...this.#repeatable(payload.records, call),
      expectedOffset: call.expectedOffset,
      signal: call.signal,
      origin: call.origin,
    });
  }

  #repeatable(
    records: readonly string[],
    { key, sequence }: AppendCall,
  ): Pick<AppendRequest, 'claim' | 'sequenced'> {
    if (key === undefined && sequence === undefined) return {};
    const digest = digestOf(records);
    const attempt = Buffer.from(this.#deps.random.bytes(8)).toString('base64url');
    return {
      ...(key !== undefined && { claim: { key, digest, attempt, isAlone: true } }),
      ...(sequence !== undefined && { sequenced: { ...sequence, digest: sequenceDigest(digest) } }),
    };
  }

  /** Closes the partition for ever, by a batch of no records at its tail. Repeating it is no error. Throws as `append`. */
  async close(at: PartitionRef): Promise<void> {
    await this.#request(at, {
      records: [],
      bytes: 2,
      timestamps: { latest: undefined, someAbsent: false },
      closes: true,
    });
  }

  /** Resolves when no append waits or is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.idle()));
  }

  /**
   * For a handler that is about to return: gives up what is still under way (answered `outcome_unknown`) and what
   * waits (`unavailable`). No attempt is pending when it resolves. Later appends begin anew.
   */
  async abandon(): Promise<void> {
    const writers = [...this.#writers.values()];
    for (const [key, writer] of this.#writers) if (!writer.isIdle) this.#writers.delete(key);
    await Promise.all(writers.filter((writer) => !writer.isIdle).map((writer) => writer.abandon()));
  }

  #request(at: PartitionRef, request: AppendRequest): Promise<Appended> {
    const key = partitionKey(at);
    const writer = this.#writers.get(key) ?? new PartitionWriter(this.#deps, at);
    // Moved to the end: the first ones are those unused for longest.
    this.#writers.delete(key);
    this.#writers.set(key, writer);
    this.#forgetUnused();
    return writer.append(request);
  }

  #forgetUnused(): void {
    if (this.#writers.size <= this.#deps.options.rememberedPartitions) return;
    for (const [key, writer] of this.#writers) {
      if (!writer.isIdle) continue;
      this.#writers.delete(key);
      return;
    }
  }
}

export { PartitionClosedError } from '../closed.ts';
export type { Appended } from './appended.ts';
