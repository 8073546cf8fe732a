import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { UndecodableBatchError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Batch } from './batches.ts';
import { type Origin, originText } from './origin.ts';
import type { LogRecord, NewRecord } from './records.ts';
import { cutRecords, serializedBytes, serializeRecord } from './stored-records.ts';

/** The first byte of `Batch.data`: how to read the rest. */
const format = { json: 0, zstdJson: 1 } as const;

/** DynamoDB charges an item by the KiB begun. */
const writeUnitBytes = 1024;

/**
 * Bytes of a batch's item beside its records: attribute names, the partition key of an id of usual length, numbers
 * (at most 9 bytes each) and the write's id; its origin, where it has one, comes on top. An estimate: a few bytes more or
 * less only shift where compression starts.
 */
export const batchItemOverheadBytes = 90;

/** UTF-8 bytes of the record as stored, before compression: what `limits.recordBytes` limits. */
export const recordBytes = serializedBytes;

/** The name of the attribute, and its text. */
const originBytes = (origin: Origin | undefined): number =>
  origin === undefined ? 0 : 1 + Buffer.byteLength(originText(origin));

const framed = (formatByte: number, body: Uint8Array): Uint8Array => {
  const data = new Uint8Array(body.length + 1);
  data[0] = formatByte;
  data.set(body, 1);
  return data;
};

/** How hard zstd tries unless told, which is its own default. */
export const defaultCompression = 3;

export interface EncodingOptions {
  /** What the batch's item holds as well. */
  readonly origin?: Origin | undefined;
  /** zstd's level, from 1: a higher one takes more time for fewer bytes. All are decoded alike. */
  readonly compression?: number;
}

/**
 * The `data` of a batch from records that `serializeRecord` wrote: plain, or zstd where that saves a whole write unit of
 * the item.
 */
export const encodeSerialized = (
  records: readonly string[],
  { origin, compression = defaultCompression }: EncodingOptions = {},
): Uint8Array => {
  const otherBytes = batchItemOverheadBytes + originBytes(origin);
  const writeUnits = (dataBytes: number): number => Math.ceil((dataBytes + otherBytes) / writeUnitBytes);
  const json = Buffer.from(`[${records.join(',')}]`);
  const plainUnits = writeUnits(json.length + 1);
  if (plainUnits > 1) {
    const compressed = zstdCompressSync(json, {
      params: { [constants.ZSTD_c_compressionLevel]: compression },
    });
    if (writeUnits(compressed.length + 1) < plainUnits) return framed(format.zstdJson, compressed);
  }
  return framed(format.json, json);
};

/** The `data` of a batch: a format byte, then JSON, zstd-compressed only where that saves a whole write unit of the item. */
export const encodeRecords = (records: readonly NewRecord[], origin?: Origin): Uint8Array =>
  encodeSerialized(records.map(serializeRecord), { origin });

const decodedBody = (data: Uint8Array): Buffer => {
  const body = data.subarray(1);
  if (data[0] === format.json) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (data[0] === format.zstdJson)
    return zstdDecompressSync(body, { maxOutputLength: limits.batchDecodedBytes });
  throw new Error(`It is in a format that this version cannot read (${data[0]}).`);
};

/** @throws Error whose message has nothing of the records. */
const decoded = ({ data, count }: Batch): { records: NewRecord[]; bytes: number } => {
  const body = decodedBody(data);
  const records = cutRecords(body.toString());
  if (records.length !== count)
    throw new Error(`It holds ${records.length} records, and should hold ${count}.`);
  return { records, bytes: body.length };
};

/**
 * The records of `batch`, in order of offset, the base first, and how many bytes of JSON they are. Values and headers
 * are the text that was put in; a record without a timestamp has that of its append.
 * @throws UndecodableBatchError when the data is not what `encodeRecords` writes, or holds another number of records than
 *   the batch says.
 */
export const decodeBatch = (batch: Batch, partition: number): { records: LogRecord[]; bytes: number } => {
  const { base, count, appendedAt } = batch;
  let stored: { records: NewRecord[]; bytes: number };
  try {
    stored = decoded(batch);
  } catch (error) {
    throw new UndecodableBatchError({ partition, base, count }, error);
  }
  const records = stored.records.map((record, index) => ({
    ...record,
    partition,
    offset: base + index,
    timestamp: record.timestamp ?? appendedAt,
    appendedAt,
  }));
  return { records, bytes: stored.bytes };
};

/** The records of `batch` alone: see `decodeBatch`. */
export const decodeRecords = (batch: Batch, partition: number): LogRecord[] =>
  decodeBatch(batch, partition).records;
