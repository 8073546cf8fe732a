import { UndecodableBatchError } from '../../domain/errors.ts';
import { recordBytes } from '../../domain/records/encoding.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import type { Piece } from './pieces.ts';

/** How much of a partition is wanted. The first record is taken whatever its size. */
export interface Want {
  readonly maxRecords: number;
  /** Of JSON, as stored before compression. */
  readonly maxBytes: number;
  /** Exclusive: no record at or after it. */
  readonly end?: number | undefined;
}

/** Puts pieces of a partition together to all of its records from one offset on. */
export class Collector {
  readonly records: LogRecord[] = [];
  readonly #want: Want;
  #next: number;
  #bytes = 0;
  #full: boolean;
  #left = false;
  /** The piece in whose middle the run ends, if it does. */
  cut: Piece | undefined;
  /** Batches taken, their records and their bytes of JSON, whole. */
  readonly seen = { batches: 0, records: 0, bytes: 0 };

  constructor(from: number, want: Want) {
    this.#next = from;
    this.#want = want;
    this.#full = want.maxRecords <= 0 || (want.end !== undefined && from >= want.end);
  }

  /** The offset to go on at: after the last record, and after those that compaction took away behind it. */
  get next(): number {
    return this.#next;
  }

  /** More than half of what is wanted is there: not worth another query. */
  get ample(): boolean {
    return (
      this.#full || this.records.length * 2 >= this.#want.maxRecords || this.#bytes * 2 >= this.#want.maxBytes
    );
  }

  /** Something was offered that was not taken because enough was there. */
  get left(): boolean {
    return this.#left;
  }

  /**
   * Takes the part of `piece` that continues the run; true if there was one.
   * @throws UndecodableBatchError when it cannot be decoded and nothing was taken before it.
   */
  add(piece: Piece): boolean {
    if (piece.from > this.#next || this.#next >= piece.end) return false;
    if (this.#full) {
      this.#left = true;
      return false;
    }
    const decoded = this.#decode(piece);
    if (decoded === undefined) {
      this.#full = true;
      this.#left = true;
      return false;
    }
    const { records, bytes } = decoded;
    if (!piece.isArchived) {
      this.seen.batches += 1;
      this.seen.records += records.length;
      this.seen.bytes += bytes;
    }
    const isWhole = this.#take(records, bytes);
    if (isWhole) this.#next = piece.end;
    const { maxRecords, end } = this.#want;
    this.#full = !isWhole || this.records.length === maxRecords || (end !== undefined && this.#next >= end);
    if (!isWhole) {
      this.#left = true;
      this.cut = piece;
    }
    return true;
  }

  /** Undefined when it cannot be decoded, and the run ends before it: whoever goes on there is told. */
  #decode(piece: Piece): ReturnType<Piece['decode']> | undefined {
    try {
      return piece.decode();
    } catch (error) {
      if (error instanceof UndecodableBatchError && this.records.length > 0) return undefined;
      throw error;
    }
  }

  /** False when not all of them were wanted. */
  #take(records: readonly LogRecord[], bytes: number): boolean {
    // From the middle of a piece on they are counted one by one: those before may have been the small ones.
    const isWhole = records[0] !== undefined && records[0].offset >= this.#next;
    const fitsWhole = isWhole && this.#bytes + bytes <= this.#want.maxBytes;
    const end = this.#want.end ?? Number.POSITIVE_INFINITY;
    for (const record of records) {
      if (record.offset < this.#next) continue;
      const size = fitsWhole ? bytes / records.length : recordBytes(record);
      const tooMuch = this.records.length > 0 && this.#bytes + size > this.#want.maxBytes;
      if (tooMuch || this.records.length === this.#want.maxRecords || record.offset >= end) return false;
      this.records.push(record);
      this.#bytes += size;
      this.#next = record.offset + 1;
    }
    return true;
  }
}
