import { crc32 } from 'node:zlib';
import { readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import type { JsonText } from '../../domain/json/text.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import { decompressors } from './compression.ts';
import { headersText } from './headers.ts';
import { jsonContentType, type Leaf, leaves, pathOf } from './schema.ts';
import { damaged, type ParquetIndex, type ParquetRowGroup } from './segment-index.ts';

type ColumnDecoder = Parameters<typeof readColumn>[2];

/** A byte order mark at the beginning is a character of the text, which the library's own decoder leaves out. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
const parsers = { ...DEFAULT_PARSERS, stringFromBytes: (bytes: Uint8Array) => utf8.decode(bytes) };

const decoderOf = (leaf: Leaf): Omit<ColumnDecoder, 'codec'> => {
  const schemaPath = pathOf(leaf);
  const { type, name = leaf, repetition_type, ...meaning } = schemaPath.at(-1)?.element ?? {};
  if (type === undefined || repetition_type === undefined) throw new Error(`There is no column ${leaf}.`);
  // Of a time the library would make a Date.
  const element = { name, type, repetition_type, ...(type !== 'INT64' && meaning) };
  return {
    pathInSchema: leaf.split('.'),
    schemaPath,
    type,
    element,
    parsers,
    compressors: decompressors,
    utf8: false,
  };
};

const decoders = new Map(leaves.map((leaf) => [leaf, decoderOf(leaf)]));

/** The columns of a row group, from its bytes. */
class ColumnReader {
  readonly #group: ParquetRowGroup;
  readonly #bytes: Uint8Array;

  constructor(group: ParquetRowGroup, bytes: Uint8Array) {
    this.#group = group;
    this.#bytes = bytes;
  }

  integers(leaf: Leaf): BigInt64Array {
    const values = this.#values(leaf);
    if (!(values instanceof BigInt64Array)) throw new Error(`Column ${leaf} has no integers.`);
    return values;
  }

  bytes(leaf: Leaf): readonly Uint8Array[] {
    return this.#values(leaf) as Uint8Array[];
  }

  /** Undefined where no record has one. */
  texts(leaf: Leaf): readonly (string | null)[] | undefined {
    return this.#isEmpty(leaf) ? undefined : (this.#values(leaf) as (string | null)[]);
  }

  /** For each record an array of one list, or an empty one where it has none. Undefined where no record has one. */
  textLists(leaf: Leaf): readonly (readonly (readonly string[])[])[] | undefined {
    return this.#isEmpty(leaf) ? undefined : (this.#values(leaf) as string[][][]);
  }

  #isEmpty(leaf: Leaf): boolean {
    return this.#group.chunks.get(leaf)?.isEmpty === true;
  }

  #values(leaf: Leaf): ArrayLike<unknown> {
    const { records, chunks, bytes: range } = this.#group;
    const chunk = chunks.get(leaf);
    const decoder = decoders.get(leaf);
    if (chunk === undefined || decoder === undefined) throw new Error(`There is no column ${leaf}.`);
    const { from, to } = chunk.bytes;
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + from - range.from, to - from);
    const rows = { groupStart: 0, groupRows: records, selectStart: 0, selectEnd: records };
    const { data } = readColumn({ view, offset: 0 }, rows, { ...decoder, codec: chunk.codec });
    const [page] = data;
    if (data.length !== 1 || page?.length !== records)
      throw new Error(`Column ${leaf} has not as many values as there are records.`);
    return page;
  }
}

type Fields = { -readonly [Name in keyof LogRecord]: LogRecord[Name] };

/** Sets what JSON the headers of each record are, where it has any. */
const setHeaders = (records: readonly Fields[], columns: ColumnReader): void => {
  const keys = columns.textLists('headers.list.element.key');
  const values = columns.textLists('headers.list.element.value');
  const exact = columns.texts('headers_json');
  if (keys === undefined && exact === undefined) return;
  records.forEach((record, index) => {
    const given = exact?.[index];
    const [names] = keys?.[index] ?? [];
    const [said] = values?.[index] ?? [];
    if (typeof given === 'string') record.headersJson = given as JsonText;
    else if (names !== undefined)
      record.headersJson = headersText(names.map((key, at) => ({ key, value: said?.[at] ?? '' })));
  });
};

const decode = (partition: number, group: ParquetRowGroup, bytes: Uint8Array): LogRecord[] => {
  const columns = new ColumnReader(group, bytes);
  const offsets = columns.integers('offset');
  const timestamps = columns.integers('timestamp');
  const appendTimes = columns.integers('append_time');
  const keys = columns.texts('key');
  const values = columns.bytes('value');
  const contentTypes = columns.texts('content_type');
  const records = values.map((value, index) => {
    const record: Fields = {
      partition,
      offset: Number(offsets[index]),
      timestamp: Number(timestamps[index]),
      appendedAt: Number(appendTimes[index]),
    };
    const key = keys?.[index];
    if (typeof key === 'string') record.key = key;
    if (contentTypes?.[index] === jsonContentType) record.valueJson = utf8.decode(value) as JsonText;
    else record.valueBase64 = Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
    return record;
  });
  setHeaders(records, columns);
  return records;
};

const check = ({ bytes: { from, to }, checksum }: ParquetRowGroup, bytes: Uint8Array): void => {
  if (bytes.length !== to - from) throw new Error(`It is of ${to - from} bytes, and not ${bytes.length}.`);
  if (crc32(bytes) !== checksum) throw new Error('Its checksum is another.');
};

/**
 * The records of a row group, in order of offset, as they were added to the segment's writer.
 * @param group its place in the index.
 * @param bytes of the object, in the group's range.
 * @throws DamagedSegmentError when the bytes are not those that were written.
 * @throws RangeError when there is no such group.
 */
export const readRowGroup = (index: ParquetIndex, group: number, bytes: Uint8Array): LogRecord[] => {
  const found = index.groups[group];
  if (found === undefined) throw new RangeError(`The segment has no row group ${group}.`);
  try {
    check(found, bytes);
    const records = decode(index.about.partition, found, bytes);
    if (records[0]?.offset !== found.first || records.at(-1)?.offset !== found.last)
      throw new Error('Its records are not those that the footer says.');
    return records;
  } catch (error) {
    throw damaged(`The row group of a segment that begins with record ${found.first}`, error);
  }
};
