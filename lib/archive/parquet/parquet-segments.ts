import type { SegmentFormat } from '../format.ts';
import { readRowGroup } from './row-group.ts';
import { type ParquetIndex, readIndex } from './segment-index.ts';
import { ParquetSegmentWriter } from './segment-writer.ts';

/** Segments as Parquet files, which any engine reads: DESIGN §9 says of which columns. */
export const parquetSegments: SegmentFormat<ParquetIndex> = {
  writer: (about) => new ParquetSegmentWriter(about),
  readIndex,
  readRowGroup: async (index, group, bytes) => readRowGroup(index, group, bytes),
};
