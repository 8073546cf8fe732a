import type { Batch } from '../domain/batches.ts';
import { encodeSerialized } from '../domain/encoding.ts';
import { ThrottledError } from '../domain/errors.ts';
import type { PartitionRef } from '../domain/records.ts';
import type { Telemetry } from '../stores/telemetry.ts';
import { PartitionClosedError } from './closed.ts';
import { Congestion } from './congestion.ts';
import { offsetMismatch, outcomeUnknown, overloaded, unavailable } from './refusals.ts';
import { type SettleDeps, type Settlement, settle } from './settle.ts';
import { type Tail, tailAfter } from './tail.ts';
import { withTimeout } from './timeout.ts';
import { type Appended, type Payload, type Waiting, WaitingQueue } from './waiting.ts';

export interface WriterDeps extends SettleDeps {
  readonly telemetry: Telemetry;
}

export interface AppendRequest extends Payload {
  readonly expectedOffset?: number | undefined;
  readonly closes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One process's writes to one partition: one batch is under way at a time, and what arrives meanwhile goes together in
 * the next.
 */
export class PartitionWriter {
  readonly #deps: WriterDeps;
  readonly #at: PartitionRef;
  readonly #congestion: Congestion;
  readonly #queue = new WaitingQueue();
  readonly #giveUp = new AbortController();
  #tail: Tail | undefined;
  #running: Promise<void> | undefined;
  #underWay: readonly Waiting[] = [];
  /** Ms from one batch of ours to the next while appends wait; and when the last one, or the first effort, was. */
  #cycleMs: number;
  #progressAt = 0;
  /** Since the last batch of ours. */
  #conflicts = 0;
  #throttles = 0;
  #trouble: { readonly kind: 'contention' } | { readonly kind: 'unavailable'; readonly cause?: unknown } = {
    kind: 'contention',
  };

  constructor(deps: WriterDeps, at: PartitionRef) {
    this.#deps = deps;
    this.#at = at;
    this.#congestion = new Congestion(deps.options, deps.random);
    this.#cycleMs = deps.options.requestMs;
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
    const now = this.#deps.clock.now();
    const waitMs = this.#estimatedWaitMs(now);
    if (waitMs > this.#deps.options.waitBudgetMs) {
      this.#recordRefusal('overloaded');
      return Promise.reject(overloaded(this.#at, waitMs));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const { records, bytes, expectedOffset, closes, signal } = request;
    const waiting: Waiting = {
      records,
      bytes,
      ...(expectedOffset !== undefined && { expectedOffset }),
      ...(closes !== undefined && { closes }),
      waitsSince: now,
      abandoned: false,
      resolve,
      reject,
    };
    this.#queue.add(waiting);
    if (this.#running === undefined) {
      this.#progressAt = now;
      this.#running = this.#run();
    }
    return signal === undefined ? promise : this.#until(signal, waiting, promise);
  }

  /** Ends the caller's wait when its signal aborts; what is under way goes on. */
  #until(signal: AbortSignal, waiting: Waiting, promise: Promise<Appended>): Promise<Appended> {
    const leave = (): void => {
      waiting.abandoned = true;
      const waits = this.#queue.remove((other) => other === waiting).length > 0;
      waiting.reject(waits ? unavailable(this.#at, signal.reason) : outcomeUnknown(this.#at, signal.reason));
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  /** How long an append that comes now would wait for its batch, by what the last ones took. */
  #estimatedWaitMs(now: number): number {
    if (this.#running === undefined) return 0;
    const stalledMs = now - this.#progressAt;
    return Math.floor(this.#queue.batches) * Math.max(this.#cycleMs, stalledMs);
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
      for (const waiting of this.#underWay) waiting.reject(outcomeUnknown(this.#at, error));
      this.#refuseAll(error);
    } finally {
      this.#underWay = [];
      this.#running = undefined;
    }
  }

  async #writeNext(): Promise<void> {
    const tail = await this.#currentTail();
    if (tail === undefined) return this.#pause(this.#congestion.backoffMs(this.#deps.clock.now()));
    if (tail.closed) return this.#refuseClosed();
    this.#underWay = this.#queue.takeBatch();
    const [first] = this.#underWay;
    if (first === undefined) return;
    if (first.expectedOffset !== undefined && first.expectedOffset !== tail.end) {
      first.reject(offsetMismatch(this.#at, first.expectedOffset, tail.end));
      return;
    }
    const batch = this.#batchAt(tail);
    const write = { at: this.#at, batch, tail, signal: this.#giveUp.signal };
    const sentAt = this.#deps.clock.now();
    const settlement = await settle(this.#deps, write);
    for (const waiting of this.#underWay) waiting.waitsSince += this.#deps.clock.now() - sentAt;
    const waitMs = this.#conclude(batch, tail, settlement);
    this.#underWay = [];
    if (this.#queue.size > 0) await this.#pause(waitMs);
  }

  #batchAt(tail: Tail): Batch {
    const records = this.#underWay.flatMap((waiting) => waiting.records);
    return {
      base: tail.end,
      count: records.length,
      data: encodeSerialized(records),
      writeId: this.#congestion.newWriteId(),
      appendedAt: Math.max(this.#deps.clock.now(), tail.appendedAt),
      bytesBefore: tail.bytes,
    };
  }

  /** The tail to put on: the one in memory, or the store's where that one is too old or probably past. */
  async #currentTail(): Promise<Tail | undefined> {
    const { batches, clock, options, rules } = this.#deps;
    const known = this.#tail;
    const now = clock.now();
    if (known !== undefined && (known.closed || this.#mayPutOn(known, now))) return known;
    try {
      const last = await withTimeout(clock, options.attemptTimeoutMs, this.#giveUp.signal, (signal) =>
        batches.last(this.#at, signal),
      );
      const answeredAt = clock.now();
      const tail = tailAfter(last, rules.asOf(now, answeredAt), answeredAt);
      this.#congestion.answered(answeredAt - now);
      this.#congestion.foundTail(known, tail, last, answeredAt);
      this.#tail = tail;
      return tail;
    } catch (cause) {
      this.#congestion.throttled();
      this.#throttles += 1;
      this.#trouble =
        cause instanceof ThrottledError ? { kind: 'contention' } : { kind: 'unavailable', cause };
      return undefined;
    }
  }

  #mayPutOn(known: Tail, now: number): boolean {
    const expected = this.#queue.first?.expectedOffset;
    if (expected !== undefined && expected !== known.end) return false;
    if (now + this.#deps.options.tailReserveMs > this.#deps.rules.notAfter(known, 1)) return false;
    return !this.#congestion.probablyPast(known, now);
  }

  /** Answers those whose fate is certain, gives back the others, and says how long to wait before the next batch, ms. */
  #conclude(batch: Batch, tail: Tail, settlement: Settlement): number {
    switch (settlement.kind) {
      case 'stored':
        return this.#stored(batch, settlement.asOf, settlement.ms);
      case 'lost':
        this.#conflicts += 1;
        this.#congestion.answered(settlement.ms);
        this.#congestion.foundTail(tail, settlement.tail, settlement.winner, this.#deps.clock.now());
        this.#congestion.lost();
        this.#trouble = { kind: 'contention' };
        this.#tail = settlement.tail;
        break;
      case 'throttled':
        this.#throttles += 1;
        this.#congestion.throttled();
        this.#trouble = { kind: 'contention' };
        break;
      case 'not-sent':
        this.#congestion.throttled();
        this.#trouble = { kind: 'unavailable' };
        this.#tail = undefined;
        break;
      case 'unknown':
        this.#tail = undefined;
        for (const waiting of this.#underWay) waiting.reject(outcomeUnknown(this.#at, settlement.cause));
        this.#recordRefusal('unknown');
        return 0;
    }
    this.#queue.giveBack(this.#underWay);
    return this.#congestion.backoffMs(this.#deps.clock.now());
  }

  #stored(batch: Batch, asOf: number, ms: number): number {
    const now = this.#deps.clock.now();
    this.#tail = tailAfter(batch, asOf, now);
    this.#congestion.answered(ms);
    this.#congestion.won(now);
    this.#cycleMs += 0.2 * (now - this.#progressAt - this.#cycleMs);
    this.#deps.telemetry.record({
      kind: 'appended',
      ...this.#at,
      records: batch.count,
      bytes: batch.data.length,
      appends: this.#underWay.length,
      conflicts: this.#conflicts,
      throttles: this.#throttles,
      ms: now - this.#progressAt,
    });
    this.#progressAt = now;
    this.#conflicts = 0;
    this.#throttles = 0;
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

  #refuseLate(): void {
    const now = this.#deps.clock.now();
    const { waitBudgetMs } = this.#deps.options;
    for (const waiting of this.#queue.remove(({ waitsSince }) => now - waitsSince > waitBudgetMs)) {
      const contention = this.#trouble.kind === 'contention';
      waiting.reject(
        this.#trouble.kind === 'contention'
          ? overloaded(this.#at, now - this.#progressAt)
          : unavailable(this.#at, this.#trouble.cause),
      );
      this.#recordRefusal(contention ? 'overloaded' : 'unavailable');
    }
  }

  #refuseClosed(): void {
    for (const waiting of this.#queue.remove(() => true)) {
      if (waiting.closes === true)
        waiting.resolve({ base: this.#tail?.end ?? 0, appendedAt: this.#tail?.appendedAt ?? 0 });
      else waiting.reject(new PartitionClosedError(this.#at));
    }
  }

  #refuseAll(cause?: unknown): void {
    for (const waiting of this.#queue.remove(() => true)) {
      waiting.reject(unavailable(this.#at, cause));
      this.#recordRefusal('unavailable');
    }
  }

  #recordRefusal(reason: 'overloaded' | 'unknown' | 'unavailable'): void {
    this.#deps.telemetry.record({ kind: 'append-refused', ...this.#at, reason });
  }
}
