import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { ByteWriter, type KeyValue, ParquetWriter } from 'hyparquet-writer';
import { limits } from '../../domain/limits.ts';
import { defaultCompression } from '../../domain/records/encoding.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import {
  DamagedSegmentError,
  type SegmentAbout,
  type SegmentWriter,
  type WrittenSegment,
} from '../format.ts';
import { columnsOf, rawBytesOf } from './columns.ts';
import { compressors } from './compression.ts';
import { noChecksum, setFooterChecksum } from './footer-checksum.ts';
import { metadataOf } from './metadata.ts';
import { readBack } from './read-back.ts';
import { schema } from './schema.ts';
import { type ParquetRowGroup, readIndex, rowGroupOf } from './segment-index.ts';

export interface ParquetWriterOptions {
  /** zstd's level, from 1. */
  readonly compression?: number;
  /** A row group ends with the record that brings it to either. */
  readonly rowGroupRecords?: number;
  /** Bytes of keys, values and headers. zstd finds nothing again across row groups: in small ones large records take more. */
  readonly rowGroupBytes?: number;
}

/** Four fetches of as many as one may give: some five ms to decode, where records are small. */
const defaultRowGroupRecords = 4 * limits.fetchRecords;

/** A row group, its bytes, and what it was written from. */
interface WrittenRowGroup {
  readonly group: ParquetRowGroup;
  readonly piece: Uint8Array;
  readonly records: readonly LogRecord[];
}

/** A dictionary that grows beyond it is given up: the values of such a column are mostly others. */
const dictionaryBytes = 32 * 1024;

/** Gives what was written out piece by piece, so that no more than a row group of it is copied when it grows. */
class PieceWriter extends ByteWriter {
  /** What was written since it was last asked. */
  take(): Buffer {
    const piece = Buffer.from(this.getBytes());
    this.index = 0;
    return piece;
  }
}

/**
 * Writes records of one partition as one segment, a Parquet file. It keeps what it has compressed and the records of one
 * row group.
 */
export class ParquetSegmentWriter implements SegmentWriter {
  readonly #about: SegmentAbout;
  readonly #rowGroupRecords: number;
  readonly #rowGroupBytes: number;
  readonly #bytes = new PieceWriter();
  readonly #keyValues: KeyValue[] = [];
  readonly #parquet: ParquetWriter;
  readonly #pieces: Uint8Array[];
  readonly #groups: ParquetRowGroup[] = [];
  /** The last row group, until it was read back. */
  #unread: WrittenRowGroup | undefined;
  #open: LogRecord[] = [];
  #openRawBytes = 0;
  #next: number;
  #closedRecords = 0;
  #closedRawBytes = 0;

  constructor(
    about: SegmentAbout,
    {
      compression = defaultCompression,
      rowGroupRecords = defaultRowGroupRecords,
      rowGroupBytes = limits.fetchBytes,
    }: ParquetWriterOptions = {},
  ) {
    this.#about = about;
    this.#next = about.start;
    this.#rowGroupRecords = rowGroupRecords;
    this.#rowGroupBytes = rowGroupBytes;
    this.#parquet = new ParquetWriter({
      writer: this.#bytes,
      schema,
      codec: 'ZSTD',
      compressors: compressors(compression),
      statistics: false,
      kvMetadata: this.#keyValues,
      createdBy: 'millrace',
    });
    this.#pieces = [this.#bytes.take()];
  }

  /** So far. */
  get records(): number {
    return this.#closedRecords + this.#open.length;
  }

  /** Bytes of keys, values and headers so far, by themselves and before compression. */
  get rawBytes(): number {
    return this.#closedRawBytes + this.#openRawBytes;
  }

  /**
   * @param records of the partition, in order of offset, none of them below what was added before. Offsets may be missing.
   * @throws RangeError for any other.
   * @throws DamagedSegmentError when records that were added before would not come back as they are.
   */
  add(records: readonly LogRecord[]): void {
    this.#readBack();
    for (const record of records) {
      const { partition, offset } = record;
      if (partition !== this.#about.partition || offset < this.#next)
        throw new RangeError(`Record ${offset} of partition ${partition} does not follow in this segment.`);
      this.#open.push(record);
      this.#openRawBytes += rawBytesOf(record);
      this.#next = offset + 1;
      if (this.#open.length >= this.#rowGroupRecords || this.#openRawBytes >= this.#rowGroupBytes)
        this.#closeRowGroup();
    }
  }

  /**
   * Ends the segment: nothing can be added afterwards.
   * @param end the offset, exclusive, up to which it covers its partition.
   * @throws RangeError when a record was added that it would not cover.
   * @throws DamagedSegmentError when the records that were added would not come back as they are.
   */
  finish(end: number): WrittenSegment {
    if (end < this.#next)
      throw new RangeError(`A segment with record ${this.#next - 1} cannot end at ${end}.`);
    this.#closeRowGroup();
    this.#readBack();
    this.#keyValues.push(
      ...metadataOf({ about: this.#about, end, checksums: this.#groups.map(({ checksum }) => checksum) }),
      noChecksum,
    );
    // It returns a promise only where the writer does.
    void this.#parquet.finish();
    const footer = this.#bytes.take();
    setFooterChecksum(footer);
    const body = Buffer.concat([...this.#pieces, footer]);
    this.#checkIndex(footer, body.length);
    return { body, footerBytes: footer.length, records: this.#closedRecords };
  }

  #closeRowGroup(): void {
    const records = this.#open;
    if (records.length === 0) return;
    this.#readBack();
    void this.#parquet.write({
      columnData: columnsOf(records),
      rowGroupSize: records.length,
      pageSize: 0,
      dictionarySize: dictionaryBytes,
    });
    const piece = this.#bytes.take();
    const written = this.#parquet.row_groups.at(-1);
    if (written === undefined) throw new Error('A row group was not written.');
    const group = rowGroupOf(written, crc32(piece));
    this.#unread = { group, piece, records };
    this.#pieces.push(piece);
    this.#groups.push(group);
    this.#closedRecords += records.length;
    this.#closedRawBytes += this.#openRawBytes;
    this.#open = [];
    this.#openRawBytes = 0;
  }

  /** Not in the step that writes: whoever lets others have a turn between two steps lets them have one between these. */
  #readBack(): void {
    if (this.#unread === undefined) return;
    const { group, piece, records } = this.#unread;
    this.#unread = undefined;
    readBack(this.#about, group, piece, records);
  }

  /** What was read back was found by what is known of it here: whoever reads the footer finds the same. */
  #checkIndex(footer: Uint8Array, objectBytes: number): void {
    const { groups } = readIndex(footer, objectBytes);
    const placed = (group: ParquetRowGroup) => ({ ...group, maxTimestamp: undefined });
    if (!isDeepStrictEqual(groups.map(placed), this.#groups.map(placed)))
      throw new DamagedSegmentError('The footer of a segment says something else than was written.');
  }
}
