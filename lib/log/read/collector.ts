import { UndecodableBatchError } from '../../domain/errors.ts';
import { type Batch, batchEnd, closesPartition } from '../../domain/records/batches.ts';
import { decodeBatch, recordBytes } from '../../domain/records/encoding.ts';
import type { LogRecord } from '../../domain/records/records.ts';

/** How much of a partition is wanted. The first record is taken whatever its size. */
export interface Want {
  readonly maxRecords: number;
  /** Of JSON, as stored before compression. */
  readonly maxBytes: number;
  /** Exclusive: no record at or after it. */
  readonly end?: number | undefined;
}

const covers = (batch: Batch, offset: number): boolean => batch.base <= offset && offset < batchEnd(batch);

/** Puts batches together to an unbroken run of records from one offset on. */
export class Collector {
  readonly records: LogRecord[] = [];
  readonly #want: Want;
  readonly #partition: number;
  #next: number;
  #bytes = 0;
  #full: boolean;
  #closed = false;
  #left = false;
  /** The batch in whose middle the run ends, if it does. */
  cut: Batch | undefined;
  /** Batches taken, their records and their bytes of JSON, whole. */
  readonly seen = { batches: 0, records: 0, bytes: 0 };

  constructor(from: number, want: Want, partition: number) {
    this.#next = from;
    this.#want = want;
    this.#partition = partition;
    this.#full = want.maxRecords <= 0 || (want.end !== undefined && from >= want.end);
  }

  /** The offset after the run. */
  get next(): number {
    return this.#next;
  }

  /** No more is wanted. */
  get full(): boolean {
    return this.#full;
  }

  /** More than half of what is wanted is there: not worth another query. */
  get ample(): boolean {
    return (
      this.#full || this.records.length * 2 >= this.#want.maxRecords || this.#bytes * 2 >= this.#want.maxBytes
    );
  }

  /** The run meets the end of a closed partition. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Something was offered that was not taken because enough was there. */
  get left(): boolean {
    return this.#left;
  }

  /** Takes the part of each batch that continues the run. False when one leaves a gap: it and those after it are not taken. */
  addAll(batches: readonly Batch[]): boolean {
    for (const batch of batches) {
      if (batch.base > this.#next) return false;
      this.add(batch);
    }
    return true;
  }

  /**
   * Takes the part of `batch` that continues the run; true if there was one.
   * @throws UndecodableBatchError when it cannot be decoded and nothing was taken before it.
   */
  add(batch: Batch): boolean {
    if (closesPartition(batch)) {
      this.#closed ||= batch.base === this.#next;
      return false;
    }
    if (!covers(batch, this.#next)) return false;
    if (this.#full) {
      this.#left = true;
      return false;
    }
    const decoded = this.#decode(batch);
    if (decoded === undefined) {
      this.#full = true;
      this.#left = true;
      return false;
    }
    const { records, bytes } = decoded;
    this.seen.batches += 1;
    this.seen.records += records.length;
    this.seen.bytes += bytes;
    this.#take(records, bytes);
    if (this.#next < batchEnd(batch)) {
      this.#full = true;
      this.#left = true;
      this.cut = batch;
    }
    return true;
  }

  /** Undefined when it cannot be decoded, and the run ends before it: whoever goes on there is told. */
  #decode(batch: Batch): ReturnType<typeof decodeBatch> | undefined {
    try {
      return decodeBatch(batch, this.#partition);
    } catch (error) {
      if (error instanceof UndecodableBatchError && this.records.length > 0) return undefined;
      throw error;
    }
  }

  #take(records: readonly LogRecord[], bytes: number): void {
    // From the middle of a batch on they are counted one by one: those before may have been the small ones.
    const isWhole = records[0] !== undefined && records[0].offset >= this.#next;
    const fitsWhole = isWhole && this.#bytes + bytes <= this.#want.maxBytes;
    for (const record of records) {
      if (record.offset < this.#next) continue;
      const size = fitsWhole ? bytes / records.length : recordBytes(record);
      const tooMuch = this.records.length > 0 && this.#bytes + size > this.#want.maxBytes;
      if (tooMuch || this.records.length === this.#want.maxRecords || record.offset === this.#want.end) break;
      this.records.push(record);
      this.#bytes += size;
      this.#next = record.offset + 1;
    }
    this.#full = this.records.length === this.#want.maxRecords || this.#next === this.#want.end;
  }
}
