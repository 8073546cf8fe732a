import { readRowGroup } from '../../../../lib/archive/parquet/row-group.ts';
import { readIndex, type SegmentIndex } from '../../../../lib/archive/parquet/segment-index.ts';
import {
  SegmentWriter,
  type SegmentWriterOptions,
  type WrittenSegment,
} from '../../../../lib/archive/parquet/segment-writer.ts';
import type { LogRecord } from '../../../../lib/domain/records/records.ts';

export const about = { topic: 'orders', topicId: 'orders-1', partition: 3, start: 0 };

export const endOf = (records: readonly LogRecord[]): number => (records.at(-1)?.offset ?? -1) + 1;

export const written = (records: readonly LogRecord[], options?: SegmentWriterOptions): WrittenSegment => {
  const writer = new SegmentWriter({ ...about, start: records[0]?.offset ?? 0 }, options);
  writer.add(records);
  return writer.finish(endOf(records));
};

export const indexOf = ({ body, footerBytes }: WrittenSegment): SegmentIndex =>
  readIndex(body.subarray(body.length - footerBytes), body.length);

/** The records of each row group, read as a reader of a store does: the footer, then a range. */
export const readGroups = (segment: WrittenSegment): LogRecord[][] => {
  const index = indexOf(segment);
  return index.groups.map(({ bytes: { from, to } }, group) =>
    readRowGroup(index, group, segment.body.slice(from, to)),
  );
};
