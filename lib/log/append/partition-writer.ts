import {
  NotSentError,
  OutcomeUnknownError,
  Problem,
  RefusedError,
  ThrottledError,
} from '../../domain/errors.ts';
import type { Sequenced } from '../../domain/idempotency/producers.ts';
import type { Instant } from '../../domain/instants.ts';
import type { Batch } from '../../domain/records/batches.ts';
import type { Origin } from '../../domain/records/origin.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { isWithin } from '../../stores/batches.ts';
import { instantOf } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';
import { PartitionClosedError } from '../closed.ts';
import type { Claim } from '../idempotency/claims.ts';
import { type IdempotencyStores, screen, withoutReplayed } from '../idempotency/screening.ts';
import { type Tail, tailAfter } from '../tail.ts';
import type { Appended } from './appended.ts';
import { buildBatch } from './build-batch.ts';
import { Congestion } from './congestion.ts';
import { Pace } from './pace.ts';
import { offsetMismatch, outcomeUnknown, refusedFor, type Trouble, unavailable } from './refusals.ts';
import { type SettleDeps, type Settlement, settle } from './settle.ts';
import { TailCache } from './tail-cache.ts';
import { type Payload, type Waiting, WaitingQueue } from './waiting.ts';

export interface WriterDeps extends SettleDeps {
  readonly telemetry: Telemetry;
  readonly idempotency: IdempotencyStores | undefined;
}

export interface AppendRequest extends Payload {
  readonly expectedOffset?: number | undefined;
  readonly closes?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly origin?: Origin | undefined;
  readonly claim?: Claim | undefined;
  readonly sequenced?: Sequenced | undefined;
}

/** Sent again it is not written twice. */
const mayRepeat = ({ claim, sequenced }: Waiting): boolean => claim !== undefined || sequenced !== undefined;

/**
 * One process's writes to one partition: one batch is under way at a time, and what arrives meanwhile goes together in
 * the next.
 */
export class PartitionWriter {
  readonly #deps: WriterDeps;
  readonly #at: PartitionRef;
  readonly #congestion: Congestion;
  readonly #tail: TailCache;
  readonly #pace: Pace;
  readonly #queue = new WaitingQueue();
  readonly #giveUp = new AbortController();
  #running: Promise<void> | undefined;
  #underWay: readonly Waiting[] = [];
  /** Since when a put has had no answer, monotonic ms. */
  #unansweredSince: number | undefined;
  #watching: Promise<void> | undefined;
  /** Why the last attempt did not succeed: what an append that has waited too long is told. */
  #trouble: Trouble = { kind: 'contention' };

  constructor(deps: WriterDeps, at: PartitionRef) {
    this.#deps = deps;
    this.#at = at;
    this.#congestion = new Congestion(deps.options, deps.random);
    this.#tail = new TailCache(deps, at, this.#congestion);
    this.#pace = new Pace(deps.options.requestMs);
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Gives up for good: what is under way is answered as unknown, what waits as not written. */
  async abandon(): Promise<void> {
    this.#giveUp.abort(new Error('The process gives its appends up.'));
    await this.idle();
  }

  append(request: AppendRequest): Promise<Appended> {
    const now = this.#deps.clock.monotonic();
    const refusal = this.#refusalAtOnce(request, now);
    if (refusal !== undefined) {
      this.#recordRefusal(refusal.code === 'unavailable' ? 'unavailable' : 'overloaded', request);
      return Promise.reject(refusal);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const { records, bytes, data, timestamps, expectedOffset, closes, signal, origin, claim, sequenced } =
      request;
    const waiting: Waiting = {
      records,
      bytes,
      timestamps,
      ...(data !== undefined && { data }),
      ...(expectedOffset !== undefined && { expectedOffset }),
      ...(closes !== undefined && { closes }),
      ...(origin !== undefined && { origin }),
      ...(claim !== undefined && { claim }),
      ...(sequenced !== undefined && { sequenced }),
      arrivedAt: now,
      waitsSince: now,
      abandoned: false,
      resolve,
      reject,
    };
    this.#queue.add(waiting);
    if (this.#running === undefined) {
      this.#pace.begins(now);
      this.#running = this.#run();
    } else this.#watching ??= this.#watch();
    return signal === undefined ? promise : this.#until(signal, waiting, promise);
  }

  /** Why there is no use in beginning with an append. */
  #refusalAtOnce({ closes }: AppendRequest, now: number): Problem | undefined {
    if (!this.isIdle) {
      const waitMs = this.#pace.waitMs(this.#queue.batches, now);
      return waitMs > this.#deps.options.waitBudgetMs
        ? refusedFor(this.#trouble, this.#at, waitMs)
        : undefined;
    }
    const instant = instantOf(this.#deps.clock);
    if (closes === true || this.#congestion.admits(instant)) return undefined;
    return refusedFor(this.#trouble, this.#at, 1000 / this.#congestion.admission(instant));
  }

  /** Ends the caller's wait when its signal aborts; what is under way goes on. */
  #until(signal: AbortSignal, waiting: Waiting, promise: Promise<Appended>): Promise<Appended> {
    const leave = (): void => {
      waiting.abandoned = true;
      const waits = this.#queue.remove((other) => other === waiting).length > 0;
      waiting.reject(
        waits
          ? unavailable(this.#at, signal.reason)
          : outcomeUnknown(this.#at, signal.reason, mayRepeat(waiting)),
      );
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  /** Those who wait behind a batch that gets no answer are told in time that they are not written. */
  async #watch(): Promise<void> {
    const { clock, options } = this.#deps;
    while (!this.isIdle && !this.#giveUp.signal.aborted) {
      await clock.sleep(options.waitBudgetMs / 4, this.#giveUp.signal);
      const since = this.#unansweredSince ?? Number.POSITIVE_INFINITY;
      if (clock.monotonic() - since > options.attemptTimeoutMs) this.#refuseLate({ kind: 'unavailable' });
    }
    this.#watching = undefined;
  }

  async #run(): Promise<void> {
    // A turn for whoever appends in the same one: they go together.
    await undefined;
    try {
      while (this.#queue.size > 0) {
        if (this.#giveUp.signal.aborted) this.#refuseAll();
        else await this.#writeNext();
        this.#refuseLate();
      }
    } catch (error) {
      this.#deps.telemetry.record({ kind: 'fault', where: 'append', error });
      for (const waiting of this.#underWay)
        waiting.reject(outcomeUnknown(this.#at, error, mayRepeat(waiting)));
      this.#refuseAll(error);
    } finally {
      this.#underWay = [];
      this.#unansweredSince = undefined;
      this.#running = undefined;
    }
  }

  async #writeNext(): Promise<void> {
    const asked = this.#queue.first;
    const tail = await this.#readTail();
    if (tail === undefined) return this.#pause(this.#congestion.backoffMs(instantOf(this.#deps.clock)));
    if (tail.closed) return this.#refuseClosed(tail);
    // The clock stepped, or the answer was long on its way.
    if (!isWithin(this.#deps.rules.window(tail, 1), instantOf(this.#deps.clock))) return this.#tail.forget();
    this.#underWay = this.#queue.takeBatch();
    const [first] = this.#underWay;
    if (first === undefined) return;
    if (first.expectedOffset !== undefined && first.expectedOffset !== tail.end) {
      // An append that came while the tail was asked for may know a later one: it is asked for again.
      if (first === asked) first.reject(offsetMismatch(this.#at, first.expectedOffset, tail.end));
      else this.#queue.giveBack(this.#underWay);
      this.#underWay = [];
      return;
    }
    const built = await this.#batchOf(tail);
    if (built === undefined) return;
    const write = { at: this.#at, batch: built, tail, signal: this.#giveUp.signal };
    const sentAt = this.#deps.clock.monotonic();
    this.#unansweredSince = sentAt;
    const settlement = await settle(this.#deps, write);
    this.#unansweredSince = undefined;
    for (const waiting of this.#underWay) waiting.waitsSince += this.#deps.clock.monotonic() - sentAt;
    const waitMs = this.#conclude(built, tail, settlement);
    this.#underWay = [];
    if (this.#queue.size > 0) await this.#pause(waitMs);
  }

  /** The batch of what may be put at `tail` of what is under way; the rest is answered or given back. Undefined: there is none. */
  async #batchOf(tail: Tail): Promise<Batch | undefined> {
    const taken = this.#underWay;
    const { writing, later, isPast, cause, appendedAt, producers } = await screen(
      this.#deps,
      this.#at,
      taken,
      tail,
      this.#giveUp.signal,
    );
    this.#underWay = writing;
    const staying = new Set(later);
    this.#queue.giveBack(taken.filter((waiting) => staying.has(waiting)));
    if (isPast) this.#tail.forget();
    if (cause !== undefined) {
      this.#storeFailed(cause);
      this.#recordFault(cause);
    }
    if (writing.length === 0) {
      if (cause !== undefined) await this.#pause(this.#congestion.backoffMs(instantOf(this.#deps.clock)));
      return undefined;
    }
    const { compression } = this.#deps.options;
    const writeId = this.#congestion.newWriteId();
    return buildBatch(writing, { tail, appendedAt, producers, writeId, compression });
  }

  #storeFailed(cause: unknown): void {
    this.#congestion.throttled();
    this.#trouble = cause instanceof ThrottledError ? { kind: 'throttling' } : { kind: 'unavailable', cause };
  }

  async #readTail(): Promise<Tail | undefined> {
    try {
      return await this.#tail.toPutOn(this.#queue.first?.expectedOffset, this.#giveUp.signal);
    } catch (cause) {
      this.#storeFailed(cause);
      return undefined;
    }
  }

  /** Answers those whose fate is certain, gives back the others, and says how long to wait before the next batch, ms. */
  #conclude(batch: Batch, tail: Tail, settlement: Settlement): number {
    switch (settlement.kind) {
      case 'stored':
        return this.#stored(batch, settlement.asOf, settlement.ms);
      case 'lost':
        this.#congestion.answered(settlement.ms);
        this.#congestion.foundTail(tail, settlement.tail, settlement.winner, instantOf(this.#deps.clock));
        this.#congestion.lost();
        this.#trouble = { kind: 'contention' };
        this.#tail.learn(settlement.tail);
        this.#underWay = withoutReplayed(settlement.winner, this.#underWay);
        break;
      case 'throttled':
        this.#congestion.throttled();
        this.#trouble = { kind: 'throttling' };
        break;
      case 'not-sent':
        this.#congestion.throttled();
        this.#trouble = { kind: 'unavailable' };
        this.#tail.forget();
        break;
      case 'refused':
        this.#recordFault(settlement.cause);
        for (const waiting of this.#underWay) {
          waiting.reject(unavailable(this.#at, settlement.cause));
          this.#recordRefusal('unavailable', waiting);
        }
        return 0;
      case 'unknown':
        this.#tail.forget();
        this.#recordFault(settlement.cause);
        for (const waiting of this.#underWay) {
          waiting.reject(outcomeUnknown(this.#at, settlement.cause, mayRepeat(waiting)));
          this.#recordRefusal('unknown', waiting);
        }
        return 0;
    }
    this.#queue.giveBack(this.#underWay);
    return this.#congestion.backoffMs(instantOf(this.#deps.clock));
  }

  #stored(batch: Batch, asOf: Instant, ms: number): number {
    const now = instantOf(this.#deps.clock);
    this.#deps.telemetry.record({
      kind: 'appended',
      ...this.#at,
      records: batch.count,
      bytes: batch.data.length,
      appends: this.#underWay.length,
      conflicts: this.#congestion.conflicts,
      throttles: this.#congestion.throttles,
      ms: this.#pace.sinceProgressMs(now.monotonic),
      ...(batch.origin !== undefined && { requestId: batch.origin.requestId }),
    });
    this.#tail.learn(tailAfter(batch, asOf, now));
    this.#congestion.answered(ms);
    this.#congestion.won(this.#underWay.length, now);
    this.#pace.stored(now.monotonic);
    let { base } = batch;
    for (const waiting of this.#underWay) {
      waiting.resolve({ base, appendedAt: batch.appendedAt });
      base += waiting.records.length;
    }
    return this.#congestion.yieldMs(now);
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await this.#deps.clock.sleep(ms, this.#giveUp.signal);
  }

  #refuseLate(trouble: Trouble = this.#trouble): void {
    const now = this.#deps.clock.monotonic();
    const { waitBudgetMs, answerBudgetMs } = this.#deps.options;
    const late = this.#queue.remove(
      ({ waitsSince, arrivedAt }) => now - waitsSince > waitBudgetMs || now - arrivedAt > answerBudgetMs,
    );
    const isOverload = trouble.kind !== 'unavailable';
    if (late.length > 0 && isOverload) this.#congestion.gaveUp(instantOf(this.#deps.clock));
    for (const waiting of late) {
      waiting.reject(refusedFor(trouble, this.#at, this.#pace.sinceProgressMs(now)));
      this.#recordRefusal(isOverload ? 'overloaded' : 'unavailable', waiting);
    }
  }

  #refuseClosed({ end, appendedAt }: Tail): void {
    for (const waiting of this.#queue.remove(() => true)) {
      if (waiting.closes === true) waiting.resolve({ base: end, appendedAt });
      else waiting.reject(new PartitionClosedError(this.#at));
    }
  }

  #refuseAll(cause?: unknown): void {
    for (const waiting of this.#queue.remove(() => true)) {
      waiting.reject(unavailable(this.#at, cause));
      this.#recordRefusal('unavailable', waiting);
    }
  }

  /**
   * A store that does not answer is no fault of ours. One that refuses what it is sent is, as without the right to write.
   * Of an error that is not of our own making the name alone: its message may hold what was sent.
   */
  #recordFault(error: unknown): void {
    const isSilence = [OutcomeUnknownError, NotSentError, ThrottledError, Problem].some(
      (kind) => error instanceof kind,
    );
    if (isSilence || this.#giveUp.signal.aborted) return;
    const name = error instanceof Error ? error.name : typeof error;
    const told =
      error instanceof RefusedError
        ? new RefusedError(error.message)
        : new Error(`An append failed: ${name}.`);
    this.#deps.telemetry.record({ kind: 'fault', where: 'append', error: told });
  }

  #recordRefusal(
    reason: 'overloaded' | 'unknown' | 'unavailable',
    refused: { origin?: Origin | undefined },
  ): void {
    const { requestId } = refused.origin ?? {};
    this.#deps.telemetry.record({
      kind: 'append-refused',
      ...this.#at,
      reason,
      ...(requestId !== undefined && { requestId }),
    });
  }
}
