import type { SegmentDecoding } from '../format.ts';
import { readRowGroup } from './row-group.ts';
import { type ParquetIndex, readIndex } from './segment-index.ts';

/** How segments are read that are Parquet files: for who does not write any, and need not load what that takes. */
export const parquetDecoding: SegmentDecoding<ParquetIndex> = {
  readIndex,
  readRowGroup: async (index, group, bytes) => readRowGroup(index, group, bytes),
};
