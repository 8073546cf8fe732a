import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Compressors as Decompressors } from 'hyparquet';
import type { ParquetWriter } from 'hyparquet-writer';

type Compressors = Required<ConstructorParameters<typeof ParquetWriter>[0]>['compressors'];

/** @param level of zstd, from 1. All are decoded alike. */
export const compressors = (level: number): Compressors => {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return { ZSTD: (page) => zstdCompressSync(page, { params }) };
};

/** The least that Node takes. */
const leastChunkBytes = 64;

/** A page says how long it is unpacked: it goes into one buffer of that size, and one that is longer is refused. */
export const decompressors: Decompressors = {
  ZSTD: (page, bytes) => {
    const size = Math.max(leastChunkBytes, bytes);
    return zstdDecompressSync(page, { maxOutputLength: size, chunkSize: size });
  },
};
