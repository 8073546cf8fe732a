import { isUtf8 } from 'node:buffer';
import { DuckDBBlobValue, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { JsonReader } from '../../../lib/domain/json/reader.ts';
import { JsonFault, type JsonText, jsonText } from '../../../lib/domain/json/text.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import { parseTimestamp } from '../../../lib/domain/text/timestamps.ts';
import { jsonOf, microsOf, plainText } from '../../duckdb/json.ts';
import { CommandError } from '../../failure.ts';
import type { Mapping } from '../mapping.ts';
import type { SourceRecord } from '../source.ts';

export interface Column {
  readonly name: string;
  readonly type: DuckDBType;
}

/** The columns of a record, as they were found in the file. */
export interface Columns {
  readonly key: Column | undefined;
  readonly timestamp: Column | undefined;
  readonly partition: Column | undefined;
  readonly headers: readonly (readonly [string, Column])[];
  readonly values: readonly Column[];
}

export type Row = Readonly<Record<string, DuckDBValue>>;

/** @throws CommandError for a column that the file has not. */
export const columnsOf = (path: string, all: readonly Column[], mapping: Mapping): Columns => {
  const find = (name: string): Column => {
    const column = all.find((known) => known.name === name);
    if (column !== undefined) return column;
    const known = all.map((one) => one.name).join(', ');
    throw new CommandError(`${path} has no column ${JSON.stringify(name)}: it has ${known}.`);
  };
  const optional = (name: string | undefined) => (name === undefined ? undefined : find(name));
  const named = {
    key: optional(mapping.key),
    timestamp: optional(mapping.timestamp),
    partition: optional(mapping.partition),
    headers: Object.entries(mapping.headers).map(([header, name]) => [header, find(name)] as const),
  };
  const used = [named.key, named.timestamp, named.partition, ...named.headers.map(([, column]) => column)];
  const values =
    mapping.values.length > 0 ? mapping.values.map(find) : all.filter((column) => !used.includes(column));
  if (values.length === 0)
    throw new CommandError(`${path} has no column left that is a value: give --value.`);
  return { ...named, values };
};

const bytesOf = (value: DuckDBValue): Buffer | undefined =>
  value instanceof DuckDBBlobValue
    ? Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength)
    : undefined;

const keyOf = (value: DuckDBValue): string | undefined => {
  const bytes = bytesOf(value);
  if (bytes !== undefined && !isUtf8(bytes))
    throw new SyntaxError('The key is bytes that are no text (UTF-8).');
  return bytes?.toString() ?? plainText(value);
};

/** @throws SyntaxError for what is no time, or further off than a time can be. */
const inTime = (ms: number | undefined): number => {
  if (ms !== undefined && Number.isSafeInteger(ms) && !Number.isNaN(new Date(ms).getTime())) return ms;
  throw new SyntaxError('The timestamp is no time: a timestamp, ms since 1970, or ISO 8601 with an offset.');
};

/** A number is ms since 1970, as Kafka has it. */
const timestampOf = (value: DuckDBValue): number | undefined => {
  if (value === null) return undefined;
  const micros = microsOf(value);
  if (micros !== undefined) return inTime(Math.floor(Number(micros) / 1000));
  const ms = typeof value === 'string' ? parseTimestamp(value) : Number(value);
  return inTime(ms);
};

const partitionOf = (value: DuckDBValue): number => {
  const partition = value === null ? Number.NaN : Number(value);
  if (!Number.isSafeInteger(partition) || partition < 0)
    throw new SyntaxError('The partition is no whole number, 0 or more.');
  return partition;
};

/** What a text says as JSON; undefined when it is none. */
const jsonIn = (text: Buffer): JsonText | undefined => {
  try {
    const reader = new JsonReader(text, limits.jsonDepth);
    const value = reader.value();
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof JsonFault && error.kind === 'syntax') return undefined;
    throw error;
  }
};

/** A text that is JSON is that JSON; another, and bytes, are kept as the bytes that they are. */
const recordValue = (columns: readonly Column[], row: Row): Pick<NewRecord, 'valueJson' | 'valueBase64'> => {
  const [only, ...others] = columns;
  if (only === undefined || others.length > 0) {
    const fields = columns.map(
      ({ name, type }) => `${JSON.stringify(name)}:${jsonOf(row[name] ?? null, type)}`,
    );
    return { valueJson: `{${fields.join(',')}}` as JsonText };
  }
  const value = row[only.name] ?? null;
  const bytes = bytesOf(value);
  if (bytes !== undefined) return { valueBase64: bytes.toString('base64') };
  if (typeof value !== 'string') return { valueJson: jsonOf(value, only.type) as JsonText };
  const text = Buffer.from(value);
  const valueJson = jsonIn(text);
  return valueJson === undefined ? { valueBase64: text.toString('base64') } : { valueJson };
};

const headersIn = (columns: Columns['headers'], row: Row): JsonText | undefined => {
  const given = columns.map(([header, { name }]) => [header, keyOf(row[name] ?? null)] as const);
  const there = given.filter(([, value]) => value !== undefined);
  return there.length === 0 ? undefined : jsonText(Object.fromEntries(there));
};

/**
 * The record of a row.
 * @throws SyntaxError, JsonFault that say what is wrong with it.
 */
export const recordOf = (columns: Columns, row: Row): Omit<SourceRecord, 'at'> => {
  const said = ({ name }: Column): DuckDBValue => row[name] ?? null;
  const key = columns.key && keyOf(said(columns.key));
  const timestamp = columns.timestamp && timestampOf(said(columns.timestamp));
  const headersJson = headersIn(columns.headers, row);
  return {
    record: {
      ...recordValue(columns.values, row),
      ...(key !== undefined && { key }),
      ...(timestamp !== undefined && { timestamp }),
      ...(headersJson !== undefined && { headersJson }),
    },
    partition: columns.partition && partitionOf(said(columns.partition)),
  };
};
