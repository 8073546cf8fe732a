/**
 * A run of archived records: what the manifest says of one object of the archive (DESIGN §9). The segments of a partition
 * follow each other without a gap; the first may begin below the start offset.
 */
export interface Segment {
  /** The first offset that it covers. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** The records in it: fewer than it covers where compaction or an erasure took some away. */
  readonly records: number;
  /** Bytes of `data` in the batches that it was made of. */
  readonly bytes: number;
  /** Bytes of `data` in all batches of the partition before it. */
  readonly bytesBefore: number;
  /** The name of its object, which no other attempt has, ever. */
  readonly object: string;
  readonly objectBytes: number;
  /** The last bytes of the object, by which the rest is found: Parquet's footer, its length and its magic included. */
  readonly footerBytes: number;
  /** SHA-256 of the object, as base64. */
  readonly checksum: string;
  /** `appendedAt` of its first and last batch, wall clock ms. */
  readonly firstAppendedAt: number;
  readonly lastAppendedAt: number;
  /** The largest record timestamp, ms, in it and before it in the partition, as `latestTimestamp` gives it of its last batch. */
  readonly maxTimestamp: number;
}

/** What an object's name says. */
export interface ObjectName {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Unique to the attempt that wrote it. */
  readonly attempt: string;
}

/** As many digits as the largest safe integer has, so that names sort as offsets do. */
const offsetDigits = 16;
/** An offset in as many digits as the largest has. */
export const offsetText = (offset: number): string => String(offset).padStart(offsetDigits, '0');

/** Everything of one topic's name in the archive: of every topic that had it. */
export const topicPrefix = (topic: string): string => `topic=${topic}/`;

/**
 * `topic=<name>/partition=<p>/<start>-<end>-<attempt>.parquet`, end exclusive: partitioned as Hive does it, so that engines
 * read `topic` and `partition` as columns.
 */
export const objectName = ({ topic, partition, start, end, attempt }: ObjectName): string =>
  `${topicPrefix(topic)}partition=${partition}/${offsetText(start)}-${offsetText(end)}-${attempt}.parquet`;

const pattern = /^topic=([^/]+)\/partition=(\d{1,4})\/(\d{16})-(\d{16})-([0-9a-zA-Z_]+)\.parquet$/;

/** The inverse of `objectName`; undefined for what it does not make. */
export const parseObjectName = (name: string): ObjectName | undefined => {
  const [, topic, partition, start, end, attempt] = pattern.exec(name) ?? [];
  if (topic === undefined || attempt === undefined) return undefined;
  return { topic, partition: Number(partition), start: Number(start), end: Number(end), attempt };
};
