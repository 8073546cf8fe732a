import { Problem } from '../../domain/errors.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import { type Batch, batchEnd } from '../../domain/records/batches.ts';
import { type LogRecord, type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { BatchPage, BatchStore } from '../../stores/batches.ts';
import { type Clock, instantOf } from '../../stores/clock.ts';
import type { PartitionStore } from '../../stores/partitions.ts';
import { type Arrival, Arrivals } from './arrivals.ts';
import { Collector, type Want } from './collector.ts';
import { KnownPartitions } from './known.ts';
import { firstOffsetAt } from './offset-at-time.ts';
import { patiently } from './patience.ts';

/** Every knob of reading. Durations are ms. */
export interface ReadOptions {
  /** How long one request to the store may take; it is tried a few times. */
  readonly attemptTimeoutMs: number;
  /** A start or end offset seen longer ago is asked for again before it is told to a client. */
  readonly offsetsMaxAgeMs: number;
  /** A long poll looks again after this, then after growing pauses up to the longest. */
  readonly firstPauseMs: number;
  readonly pauseGrowth: number;
  readonly longestPauseMs: number;
}

export const readDefaults: ReadOptions = {
  attemptTimeoutMs: 3_000,
  offsetsMaxAgeMs: 5_000,
  firstPauseMs: 50,
  pauseGrowth: 1.5,
  longestPauseMs: 1_000,
};

export interface ReaderDeps {
  readonly batches: BatchStore;
  readonly partitions: PartitionStore;
  readonly clock: Clock;
  /**
   * What the same process writes, if it does: a long poll need not find it by looking again. Where they are complete it
   * looks at nothing else.
   */
  readonly arrivals?: Arrivals;
  readonly options?: Partial<ReadOptions>;
}

export interface FetchRequest {
  readonly offset: number;
  readonly maxRecords: number;
  /** Of the records' JSON; the first record is given whatever its size. */
  readonly maxBytes: number;
  /** How long to wait for a first record, ms. */
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

export interface Fetched {
  readonly records: LogRecord[];
  /** Where to go on: the offset after the last of `records`. */
  readonly nextOffset: number;
  readonly startOffset: number;
  /** Exclusive. As last seen, a few seconds ago at most; never below `nextOffset`. */
  readonly endOffset: number;
}

/**
 * Reads partitions: DESIGN §6. One per process: it remembers where partitions begin and end. Every method throws Problem
 * `unavailable` when the store does not answer.
 */
export class Reader {
  readonly #batches: BatchStore;
  readonly #partitions: PartitionStore;
  readonly #clock: Clock;
  readonly #arrivals: Arrivals;
  readonly #options: ReadOptions;
  readonly #known = new KnownPartitions();

  constructor({ batches, partitions, clock, arrivals, options }: ReaderDeps) {
    this.#batches = batches;
    this.#partitions = partitions;
    this.#clock = clock;
    this.#arrivals = arrivals ?? new Arrivals();
    this.#options = { ...readDefaults, ...options };
  }

  /**
   * Records from `offset` on, by eventually consistent reads: the newest may be missing, but never one in between.
   * Fewer than wanted may come though more are there. Waits for the first one up to `waitMs`, except on a closed
   * partition.
   * @throws Problem `offset_out_of_range` (members `startOffset`, `endOffset`) below the start or above the end.
   */
  async fetch(at: PartitionRef, request: FetchRequest): Promise<Fetched> {
    const until = this.#clock.monotonic() + request.waitMs;
    const startOffset = await this.#recentStart(at);
    if (request.offset < startOffset) throw await this.#outOfRange(at, request.offset);
    const arrival = this.#arrivals.expect(at);
    try {
      const run = await this.#collectUntil(at, request, until, arrival);
      const endOffset = await this.#recentEnd(at, run);
      return { records: run.records, nextOffset: run.next, startOffset, endOffset };
    } finally {
      arrival.end();
    }
  }

  /** Looks again and again, or whenever something arrives, until there is a record or it is time. */
  async #collectUntil(
    at: PartitionRef,
    request: FetchRequest,
    until: number,
    arrival: Arrival,
  ): Promise<Run> {
    const { firstPauseMs, pauseGrowth, longestPauseMs } = this.#options;
    const { signal } = request;
    for (let pauseMs = firstPauseMs; ; ) {
      const run = await this.#lookFrom(at, request);
      const leftMs = until - this.#clock.monotonic();
      if (run.records.length > 0 || run.closed || leftMs <= 0) return run;
      if (signal?.aborted === true || this.#arrivals.over) return run;
      const waitMs = this.#arrivals.complete ? leftMs : Math.min(pauseMs, leftMs);
      const hasArrived = await arrival.within(waitMs, this.#clock, signal);
      // An eventually consistent read may miss it a few times more.
      pauseMs = hasArrived ? firstPauseMs : Math.min(pauseMs * pauseGrowth, longestPauseMs);
    }
  }

  /** One look for all who wait for the same. It has to be strong where nobody looks twice. */
  #lookFrom(at: PartitionRef, { offset, maxRecords, maxBytes }: FetchRequest): Promise<Run> {
    const { complete } = this.#arrivals;
    return this.#arrivals.look(at, `from ${offset} ${maxRecords} ${maxBytes}`, () =>
      this.#collect(at, offset, { maxRecords, maxBytes }, complete),
    );
  }

  /**
   * Records from `from` on, by strongly consistent reads: one query when `from` is the base of a batch. `more`: there is
   * something after the last of `records` (below `end` or not).
   * @throws Problem `offset_out_of_range` as `fetch`.
   */
  async records(
    at: PartitionRef,
    from: number,
    want: Want,
  ): Promise<{ records: LogRecord[]; more: boolean }> {
    const run = await this.#collect(at, from, want, true);
    return { records: run.records, more: run.more };
  }

  /** The oldest offset still readable; strongly consistent. */
  async startOffset(at: PartitionRef): Promise<number> {
    const { startOffset } = await this.#ask(() => this.#partitions.get(at));
    this.#known.sawStart(at, startOffset, instantOf(this.#clock));
    return startOffset;
  }

  /** The next offset to be written; strongly consistent. */
  async endOffset(at: PartitionRef): Promise<number> {
    return this.#arrivals.look(at, 'end', async () => {
      const end = await this.#ask((signal) => this.#batches.end(at, { from: 0, consistent: true }, signal));
      this.#known.sawEnd(at, end, instantOf(this.#clock));
      return this.#known.get(at).end;
    });
  }

  /**
   * The offset of the first readable record whose timestamp is at or after `timestampMs` (a record that came without one
   * has its append's), as Kafka finds it; the end offset when there is none. Where the first of them has been trimmed, the
   * start offset. About log2(records) queries; the log is not read.
   */
  async offsetAtTime(at: PartitionRef, timestampMs: number): Promise<number> {
    const start = await this.startOffset(at);
    const floor = (offset: number) => this.#ask((signal) => this.#batches.floor(at, offset, true, signal));
    const last = await this.#last(at);
    return firstOffsetAt({ timestampMs, partition: at.partition, start, last, floor });
  }

  async #last(at: PartitionRef): Promise<Batch | undefined> {
    const last = await this.#ask((signal) => this.#batches.last(at, signal));
    this.#known.sawEnd(at, last === undefined ? 0 : batchEnd(last), instantOf(this.#clock));
    return last;
  }

  #ask<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return patiently(this.#clock, this.#options.attemptTimeoutMs, request);
  }

  #isRecent(seenAt: Instant | undefined): boolean {
    const { offsetsMaxAgeMs } = this.#options;
    return seenAt !== undefined && elapsedMs(seenAt, instantOf(this.#clock)) <= offsetsMaxAgeMs;
  }

  async #recentStart(at: PartitionRef): Promise<number> {
    const { start, startSeenAt } = this.#known.get(at);
    // Trimming is not announced: a start that somebody else is reading is as recent as is asked for here.
    return this.#isRecent(startSeenAt) ? start : this.#arrivals.look(at, 'start', () => this.startOffset(at));
  }

  async #recentEnd(
    at: PartitionRef,
    run: { readonly more: boolean; readonly next: number },
  ): Promise<number> {
    const { end, endSeenAt } = this.#known.get(at);
    if (this.#isRecent(endSeenAt) && (!run.more || end > run.next)) return end;
    return Math.max(run.next, await this.endOffset(at));
  }

  async #outOfRange(at: PartitionRef, offset: number): Promise<Problem> {
    const startOffset = await this.startOffset(at);
    const endOffset = await this.endOffset(at);
    return new Problem(
      'offset_out_of_range',
      `Partition ${at.partition} holds the offsets from ${startOffset} to below ${endOffset}; ${offset} is not among them.`,
      { members: { partition: at.partition, startOffset, endOffset } },
    );
  }

  /** An unbroken run of records from `from` on. A gap in what an eventually consistent read shows is read again, strongly. */
  async #collect(at: PartitionRef, from: number, want: Want, consistent: boolean): Promise<Run> {
    const run = new Collector(from, want, at.partition);
    const remembered = this.#known.cut(at, from);
    if (remembered !== undefined) run.add(remembered);
    let strong = consistent;
    let more = run.left;
    while (!run.ample || !more) {
      const range = { from: run.next, limit: this.#known.batchesFor(at, want), consistent: strong };
      const page = await this.#ask((signal) => this.#batches.range(at, range, signal));
      this.#sawPage(at, page);
      const beforeAnything = run.next === from;
      let unbroken = run.addAll(page.batches);
      if (beforeAnything && run.next === from && !run.closed) {
        const covering = await this.#covering(at, from, page);
        if (covering === undefined) break;
        run.add(covering);
        unbroken = run.addAll(page.batches);
      }
      more = page.more || !unbroken;
      // Broken though strongly read: trimmed meanwhile. What was read before that stands.
      if (unbroken ? !more : strong) break;
      strong ||= !unbroken;
    }
    this.#known.measured(at, run.seen);
    this.#known.keepCut(at, run.cut);
    return { records: run.records, next: run.next, closed: run.closed, more: more || run.left };
  }

  #sawPage(at: PartitionRef, { batches, more }: BatchPage): void {
    const last = batches.at(-1);
    if (last !== undefined) this.#known.sawEnd(at, batchEnd(last), more ? undefined : instantOf(this.#clock));
  }

  /**
   * The batch in whose middle `offset` is, or that begins there and was missed; undefined when `offset` is the end.
   * `page`: what was found at and after `offset`, and does not begin there.
   */
  async #covering(at: PartitionRef, offset: number, page: BatchPage): Promise<Batch | undefined> {
    if (page.batches.length === 0) {
      if (offset > this.#known.get(at).end) await this.endOffset(at);
      const { end } = this.#known.get(at);
      if (offset === end) return undefined;
      if (offset > end) throw await this.#outOfRange(at, offset);
    }
    const floor = await this.#ask((signal) => this.#batches.floor(at, offset, true, signal));
    if (floor !== undefined && offset < batchEnd(floor)) return floor;
    const problem = await this.#outOfRange(at, offset);
    if (offset < this.#known.get(at).start) throw problem;
    throw new Error(`Offset ${offset} of partition ${partitionKey(at)} is missing from the log.`);
  }
}

/** What `#collect` brought. */
interface Run {
  readonly records: LogRecord[];
  readonly next: number;
  /** It meets the end of a closed partition. */
  readonly closed: boolean;
  /** Something is after it. */
  readonly more: boolean;
}
