import { NotSentError, OutcomeUnknownError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { type Batch, batchEnd } from '../../domain/records/batches.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Clock } from '../../surroundings/clock.ts';
import {
  type BatchPage,
  type BatchPlace,
  type BatchRange,
  type BatchStore,
  type EndQuery,
  isWithin,
  type PutAttempt,
  type PutOutcome,
} from '../batches.ts';

export interface BatchTableOptions {
  /** Whether a refused put answers with the batch that stands there. Default true; a table without `ALL_OLD` does not. */
  readonly showsWinner?: boolean;
  /** A request signed longer ago than this, or further ahead, is refused. Default `limits.signatureMaxAgeMs`. */
  readonly signatureMaxAgeMs?: number;
  /** Whether an eventually consistent read at `now` misses a batch that was stored at `storedAt`. Default: never. */
  readonly missed?: (storedAt: number, now: number) => boolean;
  /**
   * Whether a range misses a batch that was stored while it was under way, asked for each of them: such a range is no
   * snapshot, strongly consistent or not. Default: never.
   */
  readonly torn?: () => boolean;
  /** Query answers stop after this many bytes of data, as DynamoDB's do at 1 MB. Default: 1 MB. */
  readonly pageBytes?: number;
}

interface StoredBatch {
  readonly batch: Batch;
  readonly storedAt: number;
}

const wholeEnd: EndQuery = { from: 0, consistent: true };

/** Index of the first of `batches` (ascending by base) with `base >= from`. */
const firstFrom = (batches: readonly StoredBatch[], from: number): number => {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((batches[middle] as StoredBatch).batch.base < from) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * The log table as it is at the server's end: every method happens at one instant, `now` (wall clock ms of the
 * server). A simulation calls it when a request arrives; `MemoryBatchStore` at once.
 */
export class BatchTable {
  readonly #partitions = new Map<string, StoredBatch[]>();
  readonly #options: Required<BatchTableOptions>;

  constructor(options: BatchTableOptions = {}) {
    this.#options = {
      showsWinner: options.showsWinner ?? true,
      signatureMaxAgeMs: options.signatureMaxAgeMs ?? limits.signatureMaxAgeMs,
      missed: options.missed ?? (() => false),
      torn: options.torn ?? (() => false),
      pageBytes: options.pageBytes ?? 1024 * 1024,
    };
  }

  /** @throws NotSentError when a request was signed (`signedAt`, the sender's wall clock) too far from now. */
  checkSignature(signedAt: number, now: number): void {
    if (Math.abs(now - signedAt) > this.#options.signatureMaxAgeMs)
      throw new NotSentError('The signature of the request is too old, or not yet current.');
  }

  /** @throws NotSentError as `checkSignature`. */
  put(at: PartitionRef, batch: Batch, signedAt: number, now: number): PutOutcome {
    this.checkSignature(signedAt, now);
    const stored = this.#stored(at);
    const index = firstFrom(stored, batch.base);
    const standing = stored[index]?.batch;
    if (standing?.base === batch.base)
      return this.#options.showsWinner ? { kind: 'taken', winner: standing } : { kind: 'taken' };
    stored.splice(index, 0, { batch, storedAt: now });
    return { kind: 'stored' };
  }

  last(at: PartitionRef): Batch | undefined {
    return this.#stored(at).at(-1)?.batch;
  }

  /** @param begunAt when the request was sent: what was there then is not torn out of its answer. */
  range(
    at: PartitionRef,
    { from, limit, consistent }: BatchRange,
    now: number,
    begunAt: number = now,
  ): BatchPage {
    const stored = this.#stored(at);
    const batches: Batch[] = [];
    let bytes = 0;
    for (let index = firstFrom(stored, from); index < stored.length; index += 1) {
      const { batch, storedAt } = stored[index] as StoredBatch;
      if (!consistent && this.#options.missed(storedAt, now)) continue;
      if (storedAt > begunAt && this.#options.torn()) continue;
      if (batches.length === limit || bytes >= this.#options.pageBytes) return { batches, more: true };
      batches.push(batch);
      bytes += batch.data.length;
    }
    return { batches, more: false };
  }

  floor(at: PartitionRef, offset: number, consistent: boolean, now: number): Batch | undefined {
    const stored = this.#stored(at);
    for (let index = firstFrom(stored, offset + 1) - 1; index >= 0; index -= 1) {
      const { batch, storedAt } = stored[index] as StoredBatch;
      if (consistent || !this.#options.missed(storedAt, now)) return batch;
    }
    return undefined;
  }

  /** By an eventually consistent read. */
  present(places: readonly BatchPlace[], now: number): readonly boolean[] {
    return places.map(({ at, base }) => this.floor(at, base, false, now)?.base === base);
  }

  delete(at: PartitionRef, bases: readonly number[]): void {
    const gone = new Set(bases);
    const stored = this.#stored(at);
    const kept = stored.filter(({ batch }) => !gone.has(batch.base));
    stored.splice(0, stored.length, ...kept);
  }

  /** Every batch that is there, ascending by base. */
  batches(at: PartitionRef): readonly Batch[] {
    return this.#stored(at).map(({ batch }) => batch);
  }

  /** The offset after the last batch, as `now` shows it. */
  end(at: PartitionRef, { from, consistent }: EndQuery = wholeEnd, now = 0): number {
    const last = this.#stored(at).findLast(
      ({ storedAt }) => consistent || !this.#options.missed(storedAt, now),
    );
    return last === undefined ? from : Math.max(from, batchEnd(last.batch));
  }

  #stored(at: PartitionRef): StoredBatch[] {
    const key = partitionKey(at);
    const stored = this.#partitions.get(key);
    if (stored !== undefined) return stored;
    const empty: StoredBatch[] = [];
    this.#partitions.set(key, empty);
    return empty;
  }
}

/** The memory twin of the log table: answers at once, by `clock`. */
export class MemoryBatchStore implements BatchStore {
  readonly table: BatchTable;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>, options: BatchTableOptions = {}) {
    this.#clock = clock;
    this.table = new BatchTable(options);
  }

  async putIfAbsent(at: PartitionRef, batch: Batch, attempt: PutAttempt): Promise<PutOutcome> {
    const now = this.#clock.now();
    if (!isWithin(attempt, { wall: now, monotonic: this.#clock.monotonic() }))
      throw new NotSentError('This write may not be sent any more.');
    if (attempt.signal?.aborted === true) throw new OutcomeUnknownError('The write was given up.');
    return this.table.put(at, batch, now, now);
  }

  async last(at: PartitionRef, signal?: AbortSignal): Promise<Batch | undefined> {
    signal?.throwIfAborted();
    return this.table.last(at);
  }

  async end(at: PartitionRef, query: EndQuery, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    return this.table.end(at, query, this.#clock.now());
  }

  async range(at: PartitionRef, range: BatchRange): Promise<BatchPage> {
    return this.table.range(at, range, this.#clock.now());
  }

  async floor(at: PartitionRef, offset: number, consistent: boolean): Promise<Batch | undefined> {
    return this.table.floor(at, offset, consistent, this.#clock.now());
  }

  async present(places: readonly BatchPlace[]): Promise<readonly boolean[]> {
    return this.table.present(places, this.#clock.now());
  }

  async delete(at: PartitionRef, bases: readonly number[]): Promise<void> {
    this.table.delete(at, bases);
  }
}
