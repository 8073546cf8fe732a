import type { ColumnSource } from 'hyparquet-writer';
import type { LogRecord } from '../../domain/records/records.ts';
import { archivedHeaders, type Header } from './headers.ts';
import { jsonContentType, layouts } from './schema.ts';

const textBytes = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text));

const valueBytes = ({ valueJson, valueBase64 = '' }: LogRecord): number =>
  valueJson === undefined ? Buffer.byteLength(valueBase64, 'base64') : Buffer.byteLength(valueJson);

/** Bytes of a record's key, value and headers, by themselves. */
export const rawBytesOf = (record: LogRecord): number =>
  valueBytes(record) + textBytes(record.key) + textBytes(record.headersJson);

/** The bytes of a value that is JSON, and of one that is not. */
const valueBytesOf = ({ valueJson, valueBase64 = '' }: LogRecord): Uint8Array =>
  valueJson === undefined ? Buffer.from(valueBase64, 'base64') : Buffer.from(valueJson);

/** A name is one of few, for which the writer makes a dictionary; a value may be any, and goes in as it will be stored. */
const stored = ({ key, value }: Header) => ({ key, value: Buffer.from(value) });

/** Where most keys are others it is not tried to make a dictionary of them. */
const areMostlyDistinct = (records: readonly LogRecord[]): boolean => {
  const keys = new Set<string>();
  for (const { key } of records) if (key !== undefined) keys.add(key);
  return 2 * keys.size > records.length;
};

/**
 * What a row group is written from: its records by column, null where a record has nothing. They are made when all records
 * are there, since what lives longer costs the garbage collector more than all else here.
 */
export const columnsOf = (records: readonly LogRecord[]): ColumnSource[] => {
  const headers = records.map(({ headersJson }) =>
    headersJson === undefined ? null : archivedHeaders(headersJson),
  );
  const data = {
    offset: records.map(({ offset }) => BigInt(offset)),
    timestamp: records.map(({ timestamp }) => BigInt(timestamp)),
    append_time: records.map(({ appendedAt }) => BigInt(appendedAt)),
    key: records.map(({ key }) => (key === undefined ? null : Buffer.from(key))),
    value: records.map(valueBytesOf),
    content_type: records.map(({ valueJson }) => (valueJson === undefined ? null : jsonContentType)),
    headers: headers.map((given) => given?.list.map(stored) ?? null),
    headers_json: headers.map((given) => given?.exact ?? null),
  } satisfies Record<keyof typeof layouts, unknown[]>;
  // For the count of nulls: a column that has nothing else is not read.
  const isEmpty = (column: readonly unknown[]) => ({ statistics: column.every((value) => value === null) });
  const chosen: Partial<Record<keyof typeof layouts, Partial<ColumnSource>>> = {
    key: areMostlyDistinct(records) ? { encoding: 'DELTA_LENGTH_BYTE_ARRAY' } : {},
    headers: isEmpty(data.headers),
    headers_json: isEmpty(data.headers_json),
  };
  const names = Object.keys(data) as (keyof typeof data)[];
  // A page a column: what is read of a row group is all of it.
  return names.map((name) => ({
    name,
    data: data[name],
    offsetIndex: false,
    ...layouts[name],
    ...chosen[name],
  }));
};
