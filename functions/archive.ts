import { parquetDecoding } from '../lib/archive/parquet/parquet-decoding.ts';
import { ArchiveReader, type ArchiveReadOptions } from '../lib/archive/read/reader.ts';
import type { ObjectStore } from '../lib/stores/objects.ts';
import type { SegmentStore } from '../lib/stores/segments.ts';
import { systemClock as clock } from '../lib/stores/system/clock.ts';

/**
 * The objects in the bucket of this name. The client of S3 is loaded when it is first needed: most functions start for what is
 * not archived, and it would be a good part of their start.
 */
export const archiveObjects = (bucket: string): ObjectStore => {
  let opened: Promise<ObjectStore> | undefined;
  const open = (): Promise<ObjectStore> => {
    opened ??= openObjects(bucket);
    return opened;
  };
  return {
    put: async (object, body) => (await open()).put(object, body),
    read: async (object, range, signal) => (await open()).read(object, range, signal),
    list: async (page) => (await open()).list(page),
    delete: async (objects) => (await open()).delete(objects),
  };
};

const openObjects = async (bucket: string): Promise<ObjectStore> => {
  const [{ createArchiveClient }, { s3ObjectStore }] = await Promise.all([
    import('../lib/stores/s3/client.ts'),
    import('../lib/stores/s3/objects.ts'),
  ]);
  return s3ObjectStore({ client: createArchiveClient(), bucket, clock });
};

/** Reads what is archived in the bucket of this name. */
export const archiveReader = (
  bucket: string,
  segments: SegmentStore,
  options: Partial<ArchiveReadOptions> = {},
): ArchiveReader =>
  new ArchiveReader({ segments, objects: archiveObjects(bucket), format: parquetDecoding, clock, options });

/**
 * What a function of 256 MB remembers of the archive. With V8's spaces as Lambda sets them for it (`--max-semi-space-size=12
 * --max-old-space-size=230`), who reads half a gigabyte in sequence then takes 180 MB at most.
 */
export const smallMemory: Partial<ArchiveReadOptions> = {
  readAheadBytes: 512 * 1024,
  rowGroupBytes: 8 * 1024 * 1024,
  footerBytes: 1024 * 1024,
};
