import { constants, zstdCompressSync } from 'node:zlib';
import type { WrittenSegment } from '../../lib/archive/format.ts';
import { readRowGroup } from '../../lib/archive/parquet/row-group.ts';
import { type ParquetIndex, readIndex } from '../../lib/archive/parquet/segment-index.ts';
import { ParquetSegmentWriter, type ParquetWriterOptions } from '../../lib/archive/parquet/segment-writer.ts';
import { defaultCompression } from '../../lib/domain/records/encoding.ts';
import { type LogRecord, recordJson } from '../../lib/domain/records/records.ts';
import type { Random } from '../../lib/surroundings/random.ts';

/** What the segment file takes, of one kind of records. Times are CPU time of the one thread, ms, unless they say otherwise. */
export interface CodecFigures {
  readonly records: number;
  /** Of keys, values and headers. */
  readonly rawBytes: number;
  readonly objectBytes: number;
  readonly footerBytes: number;
  readonly rowGroups: number;
  /** Of the same records as `recordJson` writes them, a line each, compressed as a whole at the same level. */
  readonly ndjsonBytes: number;
  readonly writeMs: number;
  readonly readMs: number;
  /** Wall time. */
  readonly footerMs: number;
  /** Wall time of each of some reads of a hundred records at a random offset, the footer at hand. */
  readonly randomReadMs: readonly number[];
}

const runs = 5;
const randomReads = 200;
const randomReadRecords = 100;

/** A system may count CPU time in steps of 4 ms. */
const leastCpuMs = 60;

/** For each time, of as many as it takes to see it. */
const cpuMs = (run: () => void): number => {
  const from = process.threadCpuUsage();
  for (let times = 1; ; times += 1) {
    run();
    const { user, system } = process.threadCpuUsage(from);
    const ms = (user + system) / 1000;
    if (ms >= leastCpuMs) return ms / times;
  }
};

const wallMs = (run: () => void): number => {
  const from = performance.now();
  run();
  return performance.now() - from;
};

/** The shortest of several, since the machine may be busy. */
const shortest = (measure: () => number): number => Math.min(...Array.from({ length: runs }, measure));

/** Records of a batch, as the archiver gives them. */
const added = 50;

const write = (records: readonly LogRecord[], options: ParquetWriterOptions) => {
  const about = { topic: 'orders', topicId: 'orders-1', partition: 0, start: 0 };
  const writer = new ParquetSegmentWriter(about, options);
  for (let at = 0; at < records.length; at += added) writer.add(records.slice(at, at + added));
  const { rawBytes } = writer;
  return { ...writer.finish(records.length), rawBytes };
};

const groupOf = (index: ParquetIndex, { body }: WrittenSegment, group: number): LogRecord[] => {
  const { from = 0, to = 0 } = index.groups[group]?.bytes ?? {};
  return readRowGroup(index, group, body.subarray(from, to));
};

const readFrom = (index: ParquetIndex, segment: WrittenSegment, offset: number): LogRecord[] => {
  const found: LogRecord[] = [];
  for (const [group, { last }] of index.groups.entries()) {
    if (last < offset) continue;
    found.push(...groupOf(index, segment, group).filter((record) => record.offset >= offset));
    if (found.length >= randomReadRecords) break;
  }
  return found.slice(0, randomReadRecords);
};

export const measureCodec = (
  records: readonly LogRecord[],
  random: Random,
  options: ParquetWriterOptions = {},
): CodecFigures => {
  const segment = write(records, options);
  const { body, footerBytes } = segment;
  const footer = body.subarray(body.length - footerBytes);
  const index = readIndex(footer, body.length);
  const params = { [constants.ZSTD_c_compressionLevel]: options.compression ?? defaultCompression };
  const ndjson = Buffer.from(records.map((record) => `${recordJson(record)}\n`).join(''));
  const writeMs = shortest(() => cpuMs(() => void write(records, options)));
  const readAll = (): void => {
    for (const group of index.groups.keys()) groupOf(index, segment, group);
  };
  const readMs = shortest(() => cpuMs(readAll));
  const offsets = Array.from({ length: randomReads }, () =>
    Math.floor(random.number() * Math.max(1, records.length - randomReadRecords)),
  );
  return {
    records: records.length,
    rawBytes: segment.rawBytes,
    objectBytes: body.length,
    footerBytes,
    rowGroups: index.groups.length,
    ndjsonBytes: zstdCompressSync(ndjson, { params }).length,
    writeMs,
    readMs,
    footerMs: shortest(() => wallMs(() => void readIndex(footer, body.length))),
    randomReadMs: offsets.map((offset) => wallMs(() => void readFrom(index, segment, offset))),
  };
};
