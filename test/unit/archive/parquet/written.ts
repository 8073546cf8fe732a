import type { WrittenSegment } from '../../../../lib/archive/format.ts';
import { readRowGroup } from '../../../../lib/archive/parquet/row-group.ts';
import { type ParquetIndex, readIndex } from '../../../../lib/archive/parquet/segment-index.ts';
import {
  ParquetSegmentWriter,
  type ParquetWriterOptions,
} from '../../../../lib/archive/parquet/segment-writer.ts';
import type { LogRecord } from '../../../../lib/domain/records/records.ts';

export const about = { topic: 'orders', topicId: 'orders-1', partition: 3, start: 0 };

export const endOf = (records: readonly LogRecord[]): number => (records.at(-1)?.offset ?? -1) + 1;

export const written = (records: readonly LogRecord[], options?: ParquetWriterOptions): WrittenSegment => {
  const writer = new ParquetSegmentWriter({ ...about, start: records[0]?.offset ?? 0 }, options);
  writer.add(records);
  return writer.finish(endOf(records));
};

export const indexOf = ({ body, footerBytes }: WrittenSegment): ParquetIndex =>
  readIndex(body.subarray(body.length - footerBytes), body.length);

/** The records of each row group, read as a reader of a store does: the footer, then a range. */
export const readGroups = (segment: WrittenSegment): LogRecord[][] => {
  const index = indexOf(segment);
  return index.groups.map(({ bytes: { from, to } }, group) =>
    readRowGroup(index, group, segment.body.slice(from, to)),
  );
};
