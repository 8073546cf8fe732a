import type { SegmentFormat } from '../format.ts';
import { parquetDecoding } from './parquet-decoding.ts';
import type { ParquetIndex } from './segment-index.ts';
import { ParquetSegmentWriter } from './segment-writer.ts';

/** Segments as Parquet files, which any engine reads: DESIGN §9 says of which columns. */
export const parquetSegments: SegmentFormat<ParquetIndex> = {
  ...parquetDecoding,
  writer: (about) => new ParquetSegmentWriter(about),
};
