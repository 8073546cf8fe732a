import type { LogRecord } from '../../domain/records/records.ts';
import { DamagedSegmentError, type SegmentAbout } from '../format.ts';
import { readRowGroup } from './row-group.ts';
import type { ParquetRowGroup } from './segment-index.ts';

/** In all that a reader sees of a record. */
const isSame = (one: LogRecord, other: LogRecord | undefined): boolean =>
  one.offset === other?.offset &&
  one.partition === other.partition &&
  one.timestamp === other.timestamp &&
  one.appendedAt === other.appendedAt &&
  one.key === other.key &&
  one.valueJson === other.valueJson &&
  one.valueBase64 === other.valueBase64 &&
  one.headersJson === other.headersJson;

/**
 * Reads a row group as every reader will, and holds it against the records that it was written from, text for text.
 * @param bytes of the row group.
 * @throws DamagedSegmentError when other records come out.
 */
export const readBack = (
  about: SegmentAbout,
  group: ParquetRowGroup,
  bytes: Uint8Array,
  records: readonly LogRecord[],
): void => {
  const read = readRowGroup({ about, end: group.last + 1, groups: [group] }, 0, bytes);
  if (read.length === records.length && records.every((record, index) => isSame(record, read[index]))) return;
  throw new DamagedSegmentError(
    `The row group that begins with record ${group.first} would not give back the records that it was written from.`,
  );
};
