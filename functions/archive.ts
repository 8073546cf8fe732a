import { parquetSegments } from '../lib/archive/parquet/parquet-segments.ts';
import { ArchiveReader, type ArchiveReadOptions } from '../lib/archive/read/reader.ts';
import type { ObjectStore } from '../lib/stores/objects.ts';
import { createArchiveClient } from '../lib/stores/s3/client.ts';
import { s3ObjectStore } from '../lib/stores/s3/objects.ts';
import type { SegmentStore } from '../lib/stores/segments.ts';
import { systemClock as clock } from '../lib/stores/system/clock.ts';

/** The objects in the bucket of this name. */
export const archiveObjects = (bucket: string): ObjectStore =>
  s3ObjectStore({ client: createArchiveClient(), bucket, clock });

/** Reads what is archived in the bucket of this name. */
export const archiveReader = (
  bucket: string,
  segments: SegmentStore,
  options: Partial<ArchiveReadOptions> = {},
): ArchiveReader =>
  new ArchiveReader({ segments, objects: archiveObjects(bucket), format: parquetSegments, clock, options });

/** What a function of 256 MB remembers of the archive. */
export const smallMemory: Partial<ArchiveReadOptions> = {
  rowGroupBytes: 16 * 1024 * 1024,
  footerBytes: 2 * 1024 * 1024,
};
