import {
  type ColumnMetaData,
  type CompressionCodec,
  parquetMetadata,
  type RowGroup as RowGroupMetaData,
  type Statistics,
} from 'hyparquet';
import type { ByteRange } from '../../stores/objects.ts';
import { DamagedSegmentError, type RowGroup, type SegmentIndex } from '../format.ts';
import { checkFooter } from './footer-checksum.ts';
import { readMetadata } from './metadata.ts';
import { type Leaf, leaves } from './schema.ts';

/** Where a column of a row group stands. */
export interface Chunk {
  /** Bytes of the object. */
  readonly bytes: ByteRange;
  readonly codec: CompressionCodec;
  /** No record of the row group has a value there. */
  readonly isEmpty: boolean;
  /** Its values are in a dictionary, once each. */
  readonly hasDictionary: boolean;
}

export interface ParquetRowGroup extends RowGroup {
  /** CRC-32 of its bytes. */
  readonly checksum: number;
  readonly chunks: ReadonlyMap<Leaf, Chunk>;
}

/** What the footer of a segment says. */
export interface ParquetIndex extends SegmentIndex {
  readonly groups: readonly ParquetRowGroup[];
}

const chunkOf = (column: ColumnMetaData): Chunk => {
  const from = Number(column.dictionary_page_offset ?? column.data_page_offset);
  return {
    bytes: { from, to: from + Number(column.total_compressed_size) },
    codec: column.codec,
    hasDictionary: column.dictionary_page_offset !== undefined,
    isEmpty: column.statistics?.null_count === column.num_values,
  };
};

const chunksOf = ({ columns }: RowGroupMetaData): Map<Leaf, Chunk> => {
  const found = new Map(columns.map(({ meta_data }) => [meta_data?.path_in_schema.join('.'), meta_data]));
  return new Map(
    leaves.map((leaf) => {
      const column = found.get(leaf);
      if (column === undefined) throw new Error(`A row group has no column ${leaf}.`);
      return [leaf, chunkOf(column)];
    }),
  );
};

const statisticsOf = ({ columns }: RowGroupMetaData, leaf: Leaf): Partial<Statistics> =>
  columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === leaf)?.meta_data?.statistics ?? {};

/** @param group as the library reads it, or has just written it. */
export const rowGroupOf = (group: RowGroupMetaData, checksum: number | undefined): ParquetRowGroup => {
  const chunks = chunksOf(group);
  const ranges = [...chunks.values()].map(({ bytes }) => bytes);
  const { min_value: first, max_value: last } = statisticsOf(group, 'offset');
  const { max_value: latest } = statisticsOf(group, 'timestamp');
  if (typeof first !== 'bigint' || typeof last !== 'bigint' || checksum === undefined)
    throw new Error('A row group says neither its offsets nor its checksum.');
  return {
    first: Number(first),
    last: Number(last),
    records: Number(group.num_rows),
    ...(latest instanceof Date && { maxTimestamp: latest.getTime() }),
    bytes: {
      from: Math.min(...ranges.map(({ from }) => from)),
      to: Math.max(...ranges.map(({ to }) => to)),
    },
    checksum,
    chunks,
  };
};

/** Groups that do not follow each other, in offsets or bytes, are damaged. */
const checkOrder = ({ about, end, groups }: ParquetIndex, bytesEnd: number): void => {
  let next = about.start;
  let at = 0;
  for (const { first, last, records, bytes } of groups) {
    if (first < next || last < first || records < 1 || records > last - first + 1)
      throw new Error(`The row group that begins with record ${first} is out of order.`);
    if (bytes.from < at || bytes.to <= bytes.from)
      throw new Error(`The row group that begins with record ${first} overlaps another.`);
    next = last + 1;
    at = bytes.to;
  }
  if (next > end || at > bytesEnd) throw new Error('Its row groups are more than it says that it has.');
};

const lengthBytes = 4;
const magicBytes = 4;

/** The footer alone: what its length says. Whether it is one is seen by its checksum. */
const footerIn = (bytes: Uint8Array): Uint8Array => {
  const at = bytes.length - magicBytes - lengthBytes;
  if (at < 0) throw new Error('It is too short.');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  return bytes.subarray(Math.max(0, at - length));
};

/**
 * @param footer the last bytes of the object, `footerBytes` or more.
 * @throws DamagedSegmentError when this is no segment's, a damaged one's, or that of a later format.
 */
export const readIndex = (footer: Uint8Array, objectBytes: number): ParquetIndex => {
  try {
    const own = footerIn(footer);
    checkFooter(own);
    const file = parquetMetadata(own, { geoparquet: false });
    const { about, end, checksums } = readMetadata(file.key_value_metadata ?? []);
    if (checksums.length !== file.row_groups.length)
      throw new Error('It has not as many checksums as row groups.');
    const groups = file.row_groups.map((group, at) => rowGroupOf(group, checksums[at]));
    const index = { about, end, groups };
    checkOrder(index, objectBytes - own.length);
    return index;
  } catch (error) {
    throw damaged('The footer of a segment', error);
  }
};

/** @param part what cannot be read, at the beginning of a sentence. */
export const damaged = (part: string, error: unknown): DamagedSegmentError => {
  const why = error instanceof Error ? error.message : 'It is not known why.';
  return new DamagedSegmentError(`${part} cannot be read. ${why}`);
};
