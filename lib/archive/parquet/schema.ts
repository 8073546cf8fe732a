import { parquetSchema } from 'hyparquet';
import { getTreePath } from 'hyparquet/src/schema.js';
import type { ColumnSource, SchemaElement } from 'hyparquet-writer';

/** What `millrace.format` says of files that this version writes. It reads no later ones. */
export const formatVersion = 1;

const text = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
} as const satisfies Partial<SchemaElement>;

const timeMs = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MILLIS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
} as const satisfies Partial<SchemaElement>;

const list = {
  converted_type: 'LIST',
  logical_type: { type: 'LIST' },
} as const satisfies Partial<SchemaElement>;

/** One row a record. Each element stands before its children. */
export const schema: SchemaElement[] = [
  { name: 'record', num_children: 8 },
  { name: 'offset', repetition_type: 'REQUIRED', type: 'INT64' },
  { name: 'timestamp', repetition_type: 'REQUIRED', ...timeMs },
  { name: 'append_time', repetition_type: 'REQUIRED', ...timeMs },
  { name: 'key', repetition_type: 'OPTIONAL', ...text },
  // JSON as the text that was given, in UTF-8; anything else as the bytes that it is.
  { name: 'value', repetition_type: 'REQUIRED', type: 'BYTE_ARRAY' },
  { name: 'content_type', repetition_type: 'OPTIONAL', ...text },
  { name: 'headers', repetition_type: 'OPTIONAL', num_children: 1, ...list },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'REQUIRED', num_children: 2 },
  { name: 'key', repetition_type: 'REQUIRED', ...text },
  { name: 'value', repetition_type: 'REQUIRED', ...text },
  // What was given as headers, where the list does not say it: see `archivedHeaders`.
  { name: 'headers_json', repetition_type: 'OPTIONAL', ...text },
];

/** The columns that have values, in the order in which they stand in a row group. */
export const leaves = [
  'offset',
  'timestamp',
  'append_time',
  'key',
  'value',
  'content_type',
  'headers.list.element.key',
  'headers.list.element.value',
  'headers_json',
] as const;

export type Leaf = (typeof leaves)[number];

const root = parquetSchema({ schema });

/** The elements from the root to a leaf, as the library's functions want them. */
export const pathOf = (leaf: Leaf) => getTreePath(root, leaf.split('.'));

type Layout = Omit<ColumnSource, 'name' | 'data'>;

/** Least and greatest value, by which engines leave row groups out. */
const pruned = { encoding: 'DELTA_BINARY_PACKED', statistics: true } as const satisfies Layout;

/**
 * How each column is written. Bytes of a value are a good part of the file's: what is tried on them besides zstd takes long and
 * saves nothing. Where no encoding is named, the writer takes a dictionary if that halves the column.
 */
export const layouts = {
  // A hundred bytes a row group, or none: zstd takes longer to begin than to end.
  offset: { ...pruned, codec: 'UNCOMPRESSED' },
  timestamp: pruned,
  append_time: pruned,
  key: {},
  value: { encoding: 'DELTA_LENGTH_BYTE_ARRAY' },
  content_type: { codec: 'UNCOMPRESSED' },
  headers: {},
  headers_json: {},
} as const satisfies Record<string, Layout>;

/** The content type of a value that was given as JSON. */
export const jsonContentType = 'application/json';
