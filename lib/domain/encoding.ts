import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Batch } from './batches.ts';
import { type JsonValue, parseJson } from './json.ts';
import { limits } from './limits.ts';
import { type Origin, originText } from './origin.ts';
import type { LogRecord, NewRecord } from './records.ts';

/** The first byte of `Batch.data`: how to read the rest. */
const format = { json: 0, zstdJson: 1 } as const;

/** DynamoDB charges an item by the KiB begun. */
const writeUnitBytes = 1024;

/**
 * Bytes of a batch's item beside its records: attribute names, the partition key of an id of usual length, numbers
 * (at most 9 bytes each) and the write's id; its origin, where it has one, comes on top. An estimate: a few bytes more or
 * less only shift where compression starts.
 */
export const batchItemOverheadBytes = 80;

/** Records with their names cut short: the names stand in every record that is stored. */
interface StoredRecord {
  readonly k?: string;
  readonly v?: JsonValue;
  readonly b?: string;
  readonly h?: Readonly<Record<string, string>>;
  readonly t?: number;
}

/** One record as JSON text, as it is stored: what `encodeSerialized` takes. */
export const serializeRecord = (record: NewRecord): string =>
  JSON.stringify({
    k: record.key,
    v: record.value,
    b: record.valueBase64,
    h: record.headers,
    t: record.timestamp,
  } satisfies { [name in keyof StoredRecord]: StoredRecord[name] | undefined });

/** UTF-8 bytes of the record as stored, before compression: what `limits.recordBytes` limits. */
export const recordBytes = (record: NewRecord): number => Buffer.byteLength(serializeRecord(record));

/** The name of the attribute, and its text. */
const originBytes = (origin: Origin | undefined): number =>
  origin === undefined ? 0 : 1 + Buffer.byteLength(originText(origin));

const framed = (formatByte: number, body: Uint8Array): Uint8Array => {
  const data = new Uint8Array(body.length + 1);
  data[0] = formatByte;
  data.set(body, 1);
  return data;
};

/**
 * The `data` of a batch from records that `serializeRecord` wrote: plain, or zstd where that saves a whole write unit of
 * the item, which holds `origin` as well.
 */
export const encodeSerialized = (records: readonly string[], origin?: Origin): Uint8Array => {
  const otherBytes = batchItemOverheadBytes + originBytes(origin);
  const writeUnits = (dataBytes: number): number => Math.ceil((dataBytes + otherBytes) / writeUnitBytes);
  const json = Buffer.from(`[${records.join(',')}]`);
  const plainUnits = writeUnits(json.length + 1);
  if (plainUnits > 1) {
    const compressed = zstdCompressSync(json);
    if (writeUnits(compressed.length + 1) < plainUnits) return framed(format.zstdJson, compressed);
  }
  return framed(format.json, json);
};

/** The `data` of a batch: a format byte, then JSON, zstd-compressed only where that saves a whole write unit of the item. */
export const encodeRecords = (records: readonly NewRecord[], origin?: Origin): Uint8Array =>
  encodeSerialized(records.map(serializeRecord), origin);

const decodedBody = (data: Uint8Array): Buffer => {
  const body = data.subarray(1);
  if (data[0] === format.json) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (data[0] === format.zstdJson)
    return zstdDecompressSync(body, { maxOutputLength: limits.batchDecodedBytes });
  throw new Error(`A batch is in a format that this version cannot read (${data[0]}).`);
};

/**
 * The records of `batch`, in order of offset, the base first, and how many bytes of JSON they are. Numbers keep every
 * digit they came with; a record without a timestamp has that of its append.
 * @throws Error when the data is not what `encodeRecords` writes, or holds another number of records than the batch says.
 */
export const decodeBatch = (batch: Batch, partition: number): { records: LogRecord[]; bytes: number } => {
  const body = decodedBody(batch.data);
  const stored = parseJson(body.toString()) as readonly StoredRecord[];
  if (stored.length !== batch.count)
    throw new Error(
      `The batch at ${batch.base} holds ${stored.length} records, and should hold ${batch.count}.`,
    );
  const records = stored.map(({ k, v, b, h, t }, index) => ({
    partition,
    offset: batch.base + index,
    timestamp: t ?? batch.appendedAt,
    ...(k !== undefined && { key: k }),
    ...(v !== undefined && { value: v }),
    ...(b !== undefined && { valueBase64: b }),
    ...(h !== undefined && { headers: h }),
  }));
  return { records, bytes: body.length };
};

/** The records of `batch` alone: see `decodeBatch`. */
export const decodeRecords = (batch: Batch, partition: number): LogRecord[] =>
  decodeBatch(batch, partition).records;
