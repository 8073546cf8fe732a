import { type FileHandle, open } from 'node:fs/promises';
import { parquetSegments } from '../lib/archive/parquet/parquet-segments.ts';
import type { LogRecord } from '../lib/domain/records/records.ts';
import type { ByteRange } from '../lib/stores/objects.ts';
import { CommandError, messageOf } from './failure.ts';

const magic = 'PAR1';
/** The length of the footer, and the magic. */
const trailerBytes = 8;

const bytesOf = async (file: FileHandle, { from, to }: ByteRange): Promise<Buffer> => {
  const bytes = Buffer.alloc(to - from);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) throw new Error('It ends too early.');
    done += bytesRead;
  }
  return bytes;
};

/** The end of a Parquet file: what its footer says, where it is one. */
const footerOf = async (path: string, file: FileHandle): Promise<{ footer: Buffer; size: number }> => {
  const { size } = await file.stat();
  const trailer = await bytesOf(file, { from: Math.max(0, size - trailerBytes), to: size });
  const from = size - trailerBytes - (trailer.length < trailerBytes ? size : trailer.readUInt32LE(0));
  if (trailer.toString('latin1', 4) !== magic || from < 0)
    throw new CommandError(`${path} is no Parquet file.`);
  return { footer: await bytesOf(file, { from, to: size }), size };
};

/** Whether a Parquet file is one of Millrace's, from an archive or an export. @throws CommandError for one that is none. */
export const isSegment = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    return (await footerOf(path, file)).footer.includes('millrace.format');
  } finally {
    await file.close();
  }
};

export interface RowGroupOfFile {
  readonly records: readonly LogRecord[];
  /** How much of the file was read with it, from 0 to 1. */
  readonly fraction: number;
}

/**
 * The row groups of one of Millrace's files, read as the broker reads them.
 * @param from the first that is wanted; below 0 counted from the end.
 * @throws CommandError where it is none, or damaged.
 */
export const rowGroupsOf = async function* (path: string, from = 0): AsyncGenerator<RowGroupOfFile> {
  const file = await open(path, 'r');
  try {
    const { footer, size } = await footerOf(path, file);
    const index = parquetSegments.readIndex(footer, size);
    const { length } = index.groups;
    for (let group = from < 0 ? Math.max(0, length + from) : from; group < length; group += 1) {
      const { bytes } = index.groups[group] ?? { bytes: { from: 0, to: 0 } };
      const records = await parquetSegments.readRowGroup(index, group, await bytesOf(file, bytes));
      yield { records, fraction: (group + 1) / length };
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${path}: ${messageOf(error)}`, { cause: error });
  } finally {
    await file.close();
  }
};
