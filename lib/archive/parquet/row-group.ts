import { crc32 } from 'node:zlib';
import type { JsonText } from '../../domain/json/text.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import { ColumnReader } from './column-reader.ts';
import { headersText } from './headers.ts';
import { textsBetween } from './page-texts.ts';
import { jsonContentType } from './schema.ts';
import { damaged, type ParquetIndex, type ParquetRowGroup } from './segment-index.ts';

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
    const [said = []] = values?.[index] ?? [];
    if (typeof given === 'string') record.headersJson = given as JsonText;
    else if (names !== undefined) record.headersJson = headersText(names, said);
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
  const text = textsBetween(values[0], values.at(-1));
  const records = values.map((value, index) => {
    const record: Fields = {
      partition,
      offset: Number(offsets[index]),
      timestamp: Number(timestamps[index]),
      appendedAt: Number(appendTimes[index]),
    };
    const key = keys?.[index];
    if (typeof key === 'string') record.key = key;
    if (contentTypes?.[index] === jsonContentType) record.valueJson = text(value) as JsonText;
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
