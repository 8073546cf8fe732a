import type { ArchiveReader } from '../../archive/read/reader.ts';
import type { LogRecord, PartitionRef } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';
import type { PartitionStore } from '../../stores/partitions.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { appendTimeOf } from './append-time.ts';
import { type Arrival, Arrivals } from './arrivals.ts';
import { type Collected, collect } from './collect.ts';
import type { Ask } from './offsets.ts';
import { patiently } from './patience.ts';
import { type Place, type PlacesDeps, readyPlaces } from './places.ts';
import { RunReader } from './run.ts';

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
  /** Without it nothing is found below the batches. */
  readonly archive?: ArchiveReader | undefined;
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

/** What is taken of a partition at once. */
export type TakeRange = Pick<FetchRequest, 'offset' | 'maxRecords' | 'maxBytes'>;

export interface Fetched {
  readonly records: LogRecord[];
  /** Where to go on: the offset after the last of `records`, and after those behind it that compaction took away. */
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
  readonly #clock: Clock;
  readonly #arrivals: Arrivals;
  readonly #options: ReadOptions;
  readonly #runs: RunReader;
  readonly #deps: ReaderDeps;
  readonly #places: PlacesDeps;

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#clock = deps.clock;
    this.#arrivals = deps.arrivals ?? new Arrivals();
    this.#options = { ...readDefaults, ...deps.options };
    const ask: Ask = (request) => patiently(this.#clock, this.#options.attemptTimeoutMs, request);
    this.#runs = new RunReader({ ...deps, arrivals: this.#arrivals, ask });
    this.#places = { batches: deps.batches, known: this.#runs.known, ask, clock: deps.clock };
  }

  /**
   * Records from `offset` on, by eventually consistent reads: the newest may be missing, but never one in between.
   * Fewer than wanted may come though more are there. Waits for the first one up to `waitMs`, except on a closed
   * partition.
   * @throws Problem `offset_out_of_range` (members `startOffset`, `endOffset`) below the start or above the end.
   */
  async fetch(at: PartitionRef, request: FetchRequest): Promise<Fetched> {
    const { offsets } = this.#runs;
    const { offsetsMaxAgeMs } = this.#options;
    const until = this.#clock.monotonic() + request.waitMs;
    const startOffset = await offsets.recentStart(at, offsetsMaxAgeMs);
    if (request.offset < startOffset) throw await offsets.outOfRange(at, request.offset);
    const arrival = this.#arrivals.expect(at);
    try {
      const { records, next, more } = await this.#collectUntil(at, request, until, arrival);
      const endOffset = await offsets.recentEnd(at, offsetsMaxAgeMs, { next, more });
      return { records, nextOffset: next, startOffset, endOffset };
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
  ): Promise<Collected> {
    const { firstPauseMs, pauseGrowth, longestPauseMs } = this.#options;
    const { signal } = request;
    for (let pauseMs = firstPauseMs; ; ) {
      const found = await this.#lookFrom(at, request);
      const leftMs = until - this.#clock.monotonic();
      if (found.next > request.offset || found.closed || leftMs <= 0) return found;
      if (signal?.aborted === true || this.#arrivals.over) return found;
      const waitMs = this.#arrivals.complete ? leftMs : Math.min(pauseMs, leftMs);
      const hasArrived = await arrival.within(waitMs, this.#clock, signal);
      // An eventually consistent read may miss it a few times more.
      pauseMs = hasArrived ? firstPauseMs : Math.min(pauseMs * pauseGrowth, longestPauseMs);
    }
  }

  /** One look for all who wait for the same. It has to be strong where nobody looks twice. */
  #lookFrom(at: PartitionRef, { offset, maxRecords, maxBytes }: TakeRange): Promise<Collected> {
    const { complete: consistent } = this.#arrivals;
    return this.#arrivals.look(at, `from ${offset} ${maxRecords} ${maxBytes}`, () =>
      collect(this.#runs, at, { from: offset, want: { maxRecords, maxBytes }, consistent }),
    );
  }

  /**
   * Whether there is, or may be, something at or after each place: no promise where an eventually consistent read missed it. One
   * request for each hundred of them.
   */
  ready(places: readonly Place[]): Promise<readonly boolean[]> {
    return readyPlaces(this.#places, places);
  }

  /**
   * Records from `offset` on, as `fetch` gives them, without waiting and without asking where the partition begins and ends: one
   * request where a batch begins there.
   * @throws Problem `offset_out_of_range` as `fetch`.
   */
  async take(at: PartitionRef, range: TakeRange): Promise<Collected> {
    const askedAt = instantOf(this.#clock);
    const collected = await this.#lookFrom(at, range);
    const { next, more, closed } = collected;
    if (!more && !closed) this.#runs.known.sawEnd(at, next, askedAt);
    return collected;
  }

  /** A wait for records of any of the partitions, or for one of `keys` to be announced. To be ended by whoever began it. */
  expectAny(ats: readonly PartitionRef[], keys: readonly string[] = []): Arrival {
    return this.#arrivals.expectAny(ats, keys);
  }

  /** Ends the waits for `key`. */
  announce(key: string): void {
    this.#arrivals.announceKey(key);
  }

  /** Nothing is waited for any more. */
  get isOver(): boolean {
    return this.#arrivals.over;
  }

  /** Whatever is appended ends the waits for it: nobody need look again. */
  get hearsAll(): boolean {
    return this.#arrivals.complete;
  }

  /** The oldest offset still readable; strongly consistent. */
  async startOffset(at: PartitionRef): Promise<number> {
    return (await this.#runs.offsets.state(at)).startOffset;
  }

  /** The next offset to be written; strongly consistent. */
  endOffset(at: PartitionRef): Promise<number> {
    return this.#runs.offsets.end(at);
  }

  /**
   * The offset of the first readable record whose timestamp is at or after `timestampMs` (a record that came without one
   * has its append's), as Kafka finds it; the end offset when there is none. Where the first of them has been trimmed, the
   * start offset. About log2(records) queries; of the log no more is read than one batch, or part of one segment.
   */
  offsetAtTime(at: PartitionRef, timestampMs: number): Promise<number> {
    return this.#runs.offsetAtTime(at, timestampMs);
  }

  /** When the record at `offset` was appended, as `appendTimeOf` says. */
  appendTime(at: PartitionRef, offset: number): Promise<number | undefined> {
    const { batches, archive } = this.#deps;
    const floor: BatchStore['floor'] = (of, below, consistent) =>
      patiently(this.#clock, this.#options.attemptTimeoutMs, (signal) =>
        batches.floor(of, below, consistent, signal),
      );
    return appendTimeOf({ batches: { floor }, ...(archive !== undefined && { archive }) }, at, offset);
  }
}
