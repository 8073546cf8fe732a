import { UndecodableBatchError } from '../domain/errors.ts';
import { type Batch, batchEnd, closesPartition } from '../domain/records/batches.ts';
import { decodeRecords } from '../domain/records/encoding.ts';
import { type PartitionRef, recordJson } from '../domain/records/records.ts';
import type { BatchPage, BatchStore } from '../stores/batches.ts';
import type { Pending } from './message.ts';

export interface Wanted {
  /** Where to begin, inclusive. From one call to the next it does not go back, nor past what was read. */
  readonly from: number;
  /** Exclusive; where it is not given, `maxRecords` says how many at most. */
  readonly end?: number;
  readonly maxRecords: number;
}

/**
 * What one run reads of a partition, strongly consistent: batches are queried when they are needed and decoded when
 * their records are, so that a message costs one query at most and a query may serve several messages.
 *
 * A query of several items is no snapshot, strongly consistent or not: each item is isolated by itself
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation). So a
 * page may show a batch and miss the one before it, which was put while the page was read. The log is dense: what is
 * not contiguous is read again.
 */
export class Backlog {
  readonly #store: BatchStore;
  readonly #at: PartitionRef;
  readonly #maxBytes: number;
  /** Read and not decoded yet, in order. */
  #batches: readonly Batch[] = [];
  #records: readonly Pending[] = [];
  /** Where the next query begins: the end of the last batch read. Undefined while no batch boundary is known. */
  #readThrough: number | undefined;
  /** Whether the last query left something behind, or none was made yet. */
  #more = true;

  /** @param maxBytes what the records of one message take at most, the commas between them included. */
  constructor(store: BatchStore, at: PartitionRef, maxBytes: number) {
    this.#store = store;
    this.#at = at;
    this.#maxBytes = maxBytes;
  }

  /**
   * The records of the next message, contiguous; none when nothing is there. They begin after `from` where records were
   * trimmed, and `end` does not count when they were trimmed past it. They end before `end` where they would be too
   * large for one message, as a version before this one counted them otherwise. A record that is too large goes alone.
   * @throws UndecodableBatchError when the first of them cannot be decoded.
   */
  async next(wanted: Wanted): Promise<readonly Pending[]> {
    // A lease is taken only of the cursor that was read, and moves no further than what was sent.
    if (wanted.from > (this.#readThrough ?? wanted.from))
      throw new Error('The cursor is past what was read.');
    this.#records = this.#records.filter(({ offset }) => offset >= wanted.from);
    this.#batches = this.#batches.filter((batch) => batchEnd(batch) > wanted.from);
    while (!this.#suffices(wanted)) {
      if (!(await this.#read(wanted))) break;
      if (wanted.end === undefined) break;
    }
    const next = this.#take(wanted);
    return next.length === 0 && wanted.end !== undefined && this.#records.length > 0
      ? this.#take({ from: wanted.from, maxRecords: wanted.maxRecords })
      : next;
  }

  /** Whether something is known to be at or after `offset`, or may have been when it was read: false is no promise. */
  mayHave(offset: number): boolean {
    return (
      this.#more ||
      this.#records.some((record) => record.offset >= offset) ||
      this.#batches.some((batch) => batchEnd(batch) > offset)
    );
  }

  #suffices({ end, maxRecords }: Wanted): boolean {
    if (end !== undefined) return (this.#readThrough ?? 0) >= end;
    const records = this.#batches.reduce((sum, { count }) => sum + count, this.#records.length);
    const bytes = this.#batches.reduce((sum, { data }) => sum + data.length, 0);
    return records >= maxRecords || bytes >= this.#maxBytes;
  }

  /**
   * One query forwards, and one backwards when a batch may begin before `from`; more where the log has a gap. False when
   * nothing was found.
   */
  async #read({ from, end, maxRecords }: Wanted): Promise<boolean> {
    const start = this.#readThrough ?? from;
    const limit = Math.max(1, end === undefined ? maxRecords : end - start);
    const { batches, more } = await this.#batchesFrom(start, limit);
    const found = withoutGap(batches);
    const last = found.at(-1);
    this.#more = more || found.length < batches.length;
    this.#readThrough = last === undefined ? start : batchEnd(last);
    const open = found.filter((batch) => !closesPartition(batch));
    this.#batches = [...this.#batches, ...open];
    return open.length > 0;
  }

  /** Batches in order, perhaps with gaps; the first one holds `start`, unless that is trimmed or not written yet. */
  async #batchesFrom(start: number, limit: number): Promise<BatchPage> {
    const range = { from: start, limit, consistent: true };
    let page = await this.#store.range(this.#at, range);
    if (page.batches[0]?.base === start) return page;
    if (this.#readThrough === undefined) {
      const covering = await this.#store.floor(this.#at, start, true);
      if (covering !== undefined && batchEnd(covering) > start)
        return { ...page, batches: [covering, ...page.batches] };
    }
    // What a query that begins after that still does not show before a batch was trimmed.
    for (let shown = page.batches[0]?.base ?? start; shown > start; ) {
      page = await this.#store.range(this.#at, range);
      const first = page.batches[0]?.base ?? start;
      if (first >= shown) break;
      shown = first;
    }
    return page;
  }

  #take({ from, end = Number.POSITIVE_INFINITY, maxRecords }: Wanted): readonly Pending[] {
    const most = end === Number.POSITIVE_INFINITY ? maxRecords : Number.POSITIVE_INFINITY;
    const taken: Pending[] = [];
    let bytes = 0;
    for (let index = 0; taken.length < most; index += 1) {
      while (index >= this.#records.length && this.#batches.length > 0) {
        if (!this.#decodeOne(from, taken.length > 0 && end === Number.POSITIVE_INFINITY)) return taken;
      }
      const record = this.#records[index];
      if (record === undefined || record.offset >= end) break;
      if (record.offset !== (taken.at(-1)?.offset ?? record.offset - 1) + 1) break;
      bytes += Buffer.byteLength(record.json) + (taken.length > 0 ? ','.length : 0);
      if (taken.length > 0 && bytes > this.#maxBytes) break;
      taken.push(record);
    }
    return taken;
  }

  /**
   * False when the next batch cannot be decoded and the message `mayEndBefore` it: the call for what follows throws then, and
   * what is before it is delivered.
   * @throws UndecodableBatchError
   */
  #decodeOne(from: number, mayEndBefore: boolean): boolean {
    const [batch, ...others] = this.#batches;
    if (batch === undefined) return true;
    try {
      this.#records = [...this.#records, ...this.#pendingOf(batch, from)];
    } catch (error) {
      if (error instanceof UndecodableBatchError && mayEndBefore) return false;
      throw error;
    }
    this.#batches = others;
    return true;
  }

  #pendingOf(batch: Batch, from: number): readonly Pending[] {
    return decodeRecords(batch, this.#at.partition)
      .filter(({ offset }) => offset >= from)
      .map((record) => ({
        offset: record.offset,
        appendedAt: batch.appendedAt,
        json: recordJson(record),
        origin: batch.origin,
      }));
  }
}

/** The batches up to the first gap. */
const withoutGap = (batches: readonly Batch[]): readonly Batch[] => {
  const gap = batches.findIndex((batch, index) => {
    const before = batches[index - 1];
    return before !== undefined && batch.base !== batchEnd(before);
  });
  return gap === -1 ? batches : batches.slice(0, gap);
};
