import type { Instant } from '../domain/instants.ts';
import type { Batch } from '../domain/records/batches.ts';
import type { PartitionRef } from '../domain/records/records.ts';

/** What came of a put. `winner` is the batch that stands there, where the store says so; it may be the caller's own. */
export type PutOutcome = { readonly kind: 'stored' } | { readonly kind: 'taken'; readonly winner?: Batch };

/**
 * When a put may be *signed*, by the clocks of the process that signs. With the store's refusal of signatures that are far
 * from its own time this bounds when a write can land, whatever the process went through in between (lib/log/tail.ts).
 */
export interface SigningWindow {
  /** Wall clock ms. A wall clock that shows less has stepped back, and says nothing of how much time has passed. */
  readonly notBefore: number;
  /** Wall clock ms. */
  readonly notAfter: number;
  /** Monotonic ms. */
  readonly notAfterMonotonic: number;
}

export const isWithin = (window: SigningWindow, { wall, monotonic }: Instant): boolean =>
  wall >= window.notBefore && wall <= window.notAfter && monotonic <= window.notAfterMonotonic;

/** The store holds the attempt against its window after signing, and throws `NotSentError` instead of sending. */
export interface PutAttempt extends SigningWindow {
  /** Gives up waiting: the outcome is then unknown. */
  readonly signal?: AbortSignal;
}

export interface BatchRange {
  /** First base offset wanted, inclusive. */
  readonly from: number;
  /** Batches at most. */
  readonly limit: number;
  /** Strongly consistent: full price; otherwise half, and the newest batches may be missing, in any pattern. */
  readonly consistent: boolean;
}

/** Where a batch may begin. */
export interface BatchPlace {
  readonly at: PartitionRef;
  readonly base: number;
}

export interface EndQuery {
  /** An end that this partition had once, 0 where none is known: no batch before it is read. */
  readonly from: number;
  /** As in a range. An answer that is not may be an end that was true before: `from` at the least. */
  readonly consistent: boolean;
}

export interface BatchPage {
  /** In ascending order of base. */
  readonly batches: readonly Batch[];
  /** False when the store had nothing after the last of `batches` (as far as this read could see). */
  readonly more: boolean;
}

/**
 * The live end of every partition's log: batches by base offset. One request each call, never retried inside.
 *
 * Every method may throw `ThrottledError` (nothing happened). Reads throw another error when no answer came.
 */
export interface BatchStore {
  /**
   * Puts `batch` at its base if no batch is there.
   * @throws OutcomeUnknownError when no definite answer came: the write may have happened, or may happen yet.
   * @throws NotSentError when it was certainly not written.
   * @throws RefusedError when it was certainly not written, and would be refused again.
   */
  putIfAbsent(at: PartitionRef, batch: Batch, attempt: PutAttempt): Promise<PutOutcome>;
  /** The batch of the highest base, strongly consistent; undefined for an empty partition. */
  last(at: PartitionRef, signal?: AbortSignal): Promise<Batch | undefined>;
  /**
   * The next offset to be written: the end of the last batch, whose records are not sent along, though they are paid for.
   * Where nothing was appended since `from` was the end, no batch is read. That nothing is there says so for certain: the
   * log is dense, so whatever came first began at `from`, and the last batch of a partition is never deleted.
   */
  end(at: PartitionRef, query: EndQuery, signal?: AbortSignal): Promise<number>;
  /** Batches with `base >= from`. */
  range(at: PartitionRef, range: BatchRange, signal?: AbortSignal): Promise<BatchPage>;
  /**
   * Which of these places have a batch that begins there, by their index; undefined where the store did not say. Asked of all
   * at once, 100 at most, eventually consistent: false may be what was true before. One request; a place costs half a read
   * unit, and where a batch is as much as reading it. The same place may be given twice, and is paid for once.
   */
  present(places: readonly BatchPlace[], signal?: AbortSignal): Promise<readonly (boolean | undefined)[]>;
  /** The batch of the highest base that is not above `offset`. */
  floor(
    at: PartitionRef,
    offset: number,
    consistent: boolean,
    signal?: AbortSignal,
  ): Promise<Batch | undefined>;
  /** Deletes the batches of these bases; those that are not there do not matter. May be repeated. */
  delete(at: PartitionRef, bases: readonly number[]): Promise<void>;
}
