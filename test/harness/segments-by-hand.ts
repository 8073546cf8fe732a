import { createHash } from 'node:crypto';
import type { SegmentFormat } from '../../lib/archive/format.ts';
import { objectName, type Segment } from '../../lib/domain/archive/segments.ts';
import type { LogRecord, PartitionRef } from '../../lib/domain/records/records.ts';
import type { ObjectStore } from '../../lib/stores/objects.ts';
import type { PartitionStore } from '../../lib/stores/partitions.ts';
import type { SegmentStore } from '../../lib/stores/segments.ts';

export interface ArchiveStores {
  readonly segments: SegmentStore;
  readonly objects: ObjectStore;
  readonly partitions: PartitionStore;
}

export interface GivenSegment {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Those of them that are left. */
  readonly records: readonly LogRecord[];
  /** The largest timestamp in it and before it, unless that of `records`. */
  readonly maxTimestamp?: number;
  /** Each segment of a partition's place has another. */
  readonly attempt?: string;
}

/** The segment of what is given, its object stored: no manifest names it yet. */
export const storeSegment = async (
  { objects }: Pick<ArchiveStores, 'objects'>,
  format: SegmentFormat,
  at: PartitionRef,
  { start, end, records, maxTimestamp, attempt = 'a' }: GivenSegment,
): Promise<Segment> => {
  const writer = format.writer({ topic: 'orders', ...at, start });
  writer.add(records);
  const { body, footerBytes, records: count } = writer.finish(end);
  const object = objectName({ topic: 'orders', partition: at.partition, start, end, attempt });
  await objects.put(object, body);
  return {
    start,
    end,
    records: count,
    bytes: body.length,
    bytesBefore: 0,
    object,
    objectBytes: body.length,
    footerBytes,
    checksum: createHash('sha256').update(body).digest('base64'),
    firstAppendedAt: records[0]?.appendedAt ?? 0,
    lastAppendedAt: records.at(-1)?.appendedAt ?? 0,
    maxTimestamp: maxTimestamp ?? Math.max(...records.map(({ timestamp }) => timestamp)),
  };
};

/** Archives what is given: the object, the manifest, and then how far the archive goes. Batches stay where they are. */
export const archive = async (
  stores: ArchiveStores,
  format: SegmentFormat,
  at: PartitionRef,
  given: GivenSegment,
): Promise<Segment> => {
  const segment = await storeSegment(stores, format, at, given);
  await stores.segments.add(at, segment);
  await stores.partitions.advance(at, 'archivedThrough', given.end);
  return segment;
};
