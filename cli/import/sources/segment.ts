import { type FileHandle, open } from 'node:fs/promises';
import { parquetSegments } from '../../../lib/archive/parquet/parquet-segments.ts';
import type { ByteRange } from '../../../lib/stores/objects.ts';
import { CommandError } from '../../failure.ts';
import { messageOf, type Source } from '../source.ts';

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

/** Whether a Parquet file is one of Millrace's, from an archive or an export. */
export const isSegment = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    return (await footerOf(path, file)).footer.includes('millrace.format');
  } finally {
    await file.close();
  }
};

/** A file of the archive, or of an export: its records are read as the broker reads them. */
export const segmentSource = (path: string): Source => {
  let fraction = 0;
  return {
    path,
    unit: 'row',
    get fraction() {
      return fraction;
    },
    records: async function* () {
      const file = await open(path, 'r');
      try {
        const { footer, size } = await footerOf(path, file);
        const index = parquetSegments.readIndex(footer, size);
        let at = 0;
        for (const [group, { bytes }] of index.groups.entries()) {
          const records = await parquetSegments.readRowGroup(index, group, await bytesOf(file, bytes));
          for (const { partition, offset: _offset, appendedAt: _appendedAt, ...record } of records) {
            at += 1;
            yield { record, partition, at };
          }
          fraction = (group + 1) / index.groups.length;
        }
        fraction = 1;
      } catch (error) {
        throw error instanceof CommandError
          ? error
          : new CommandError(`${path}: ${messageOf(error)}`, { cause: error });
      } finally {
        await file.close();
      }
    },
  };
};
