import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Coding } from './codings.ts';

/** What is so small is compressed at once, in less than a millisecond; all else by a thread. */
const atOnceBytes = 32 * 1024;

/** How much a thread hands over at a time. */
const chunkSize = 128 * 1024;

const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);
const zstd = promisify(zlib.zstdCompress);

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel } = zlib.constants;

/**
 * Levels by what they take and give (`npm run bench:compression`): of each the next ones take several times the time, for a
 * few hundredths fewer bytes.
 */
const gzipOptions = { level: 1, chunkSize };

const brotliOptions = ({ byteLength }: Uint8Array): zlib.BrotliOptions => ({
  params: { [BROTLI_PARAM_QUALITY]: 1, [BROTLI_PARAM_SIZE_HINT]: byteLength },
  chunkSize,
});

const zstdOptions = ({ byteLength }: Uint8Array): zlib.ZstdOptions => ({
  params: { [ZSTD_c_compressionLevel]: 1 },
  pledgedSrcSize: byteLength,
  chunkSize,
});

interface Compressor {
  readonly now: (bytes: Uint8Array) => Buffer<ArrayBuffer>;
  readonly inThread: (bytes: Uint8Array) => Promise<Buffer<ArrayBuffer>>;
}

const compressors: Readonly<Record<Coding, Compressor>> = {
  gzip: {
    now: (bytes) => zlib.gzipSync(bytes, gzipOptions),
    inThread: (bytes) => gzip(bytes, gzipOptions),
  },
  br: {
    now: (bytes) => zlib.brotliCompressSync(bytes, brotliOptions(bytes)),
    inThread: (bytes) => brotli(bytes, brotliOptions(bytes)),
  },
  zstd: {
    now: (bytes) => zlib.zstdCompressSync(bytes, zstdOptions(bytes)),
    inThread: (bytes) => zstd(bytes, zstdOptions(bytes)),
  },
};

/** `bytes` with that coding, as quickly as it can be had. */
export const compress = (
  coding: Coding,
  bytes: Uint8Array,
): Buffer<ArrayBuffer> | Promise<Buffer<ArrayBuffer>> => {
  const { now, inThread } = compressors[coding];
  return bytes.byteLength <= atOnceBytes ? now(bytes) : inThread(bytes);
};
