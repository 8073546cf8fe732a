import zlib from 'node:zlib';
import { Problem } from '../../domain/errors.ts';
import { exceededLimit, limits } from '../../domain/limits.ts';
import type { Coding } from './codings.ts';
import { Places } from './places.ts';

export type BodyLimit = 'requestBytes' | 'settingsBytes' | 'acknowledgementBytes';

/** What came out of a compressed part, and how many bytes it took of what was given. */
interface Expanded {
  readonly bytes: Buffer;
  readonly used: number;
}

/** What `info: true` makes zlib give. */
interface WithEngine {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

type Options = zlib.ZlibOptions & zlib.BrotliOptions & zlib.ZstdOptions;
type Expander = (
  bytes: Buffer,
  options: Options,
  told: (error: Error | null, result: Buffer) => void,
) => void;

interface Algorithm {
  readonly now: (bytes: Buffer, options: Options) => Buffer;
  readonly inThread: Expander;
  readonly params?: Readonly<Record<number, number>>;
}

/** A frame of zstd says how much memory it takes. For HTTP that is 8 MB at most (RFC 9659). */
const zstdWindowLog = 23;

const algorithms: Readonly<Record<Coding, Algorithm>> = {
  gzip: { now: zlib.gunzipSync, inThread: zlib.gunzip },
  br: { now: zlib.brotliDecompressSync, inThread: zlib.brotliDecompress },
  zstd: {
    now: zlib.zstdDecompressSync,
    inThread: zlib.zstdDecompress,
    params: { [zlib.constants.ZSTD_d_windowLogMax]: zstdWindowLog },
  },
};

/**
 * What is so small is expanded at once, which takes less than a millisecond: a thread takes some ten times the CPU time for it.
 * All else goes to a thread, as does what was small and grows beyond. (`npm run bench:compression`)
 */
const atOnce = { bytes: 64 * 1024, expandedBytes: 256 * 1024 } as const;

/** How much a thread hands over at a time. */
const pieceBytes = 256 * 1024;

/**
 * As many as Node has threads. Each holds up to `requestBytes` of what it has expanded so far; who waits holds no more than
 * what was sent, so that a thousand small bodies that are large inside take no more memory than four.
 */
const threads = new Places(4);

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';

const expandedBy = (result: unknown): Expanded => {
  const { buffer, engine } = result as WithEngine;
  return { bytes: buffer, used: engine.bytesWritten };
};

const expandInThread = (coding: Coding, bytes: Buffer, mostBytes: number): Promise<Expanded> =>
  threads.run(
    () =>
      new Promise((resolve, reject) => {
        const { inThread, params } = algorithms[coding];
        const options = {
          maxOutputLength: mostBytes,
          info: true,
          chunkSize: pieceBytes,
          ...(params && { params }),
        };
        inThread(bytes, options, (error, result) => {
          if (error === null) resolve(expandedBy(result));
          else reject(error);
        });
      }),
  );

/** Expands the first part of `bytes`, or all that gzip has in a row; no more of it than `mostBytes`. */
const expandPart = async (coding: Coding, bytes: Buffer, mostBytes: number): Promise<Expanded> => {
  if (bytes.byteLength > atOnce.bytes) return expandInThread(coding, bytes, mostBytes);
  const maxOutputLength = Math.min(mostBytes, atOnce.expandedBytes);
  try {
    const { now, params } = algorithms[coding];
    return expandedBy(now(bytes, { maxOutputLength, info: true, ...(params && { params }) }));
  } catch (error) {
    if (!isTooLarge(error) || maxOutputLength === mostBytes) throw error;
    return expandInThread(coding, bytes, mostBytes);
  }
};

const notAsSaid = (why: string, cause?: unknown): Problem => {
  const message = `The body is not what its Content-Encoding says: ${why}`;
  return new Problem('invalid_request', `${message} Nothing was written.`, {
    errors: [{ path: 'Content-Encoding', message }],
    cause,
  });
};

const faultOf = (error: unknown, coding: Coding): unknown => {
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return notAsSaid(`its ${coding} breaks off.`, error);
  if (code === 'ZSTD_error_frameParameter_windowTooLarge')
    return notAsSaid('its zstd has a window of more than 8 MB (RFC 9659).', error);
  // Of zlib, brotli and zstd each.
  return /^(?:Z_|ERR_|ZSTD_)/.test(code ?? '') ? notAsSaid(`it is not ${coding}.`, error) : error;
};

const tooLarge = (name: BodyLimit): Problem =>
  new Problem(
    'too_large',
    `The body of this request may take ${limits[name]} bytes when it is expanded (limit ${name}). Nothing was written. Send it in parts.`,
    { members: exceededLimit(name) },
  );

const tooManyFrames = (): Problem => {
  const { limit, maximum } = exceededLimit('bodyFrames');
  const message = `A body may have ${maximum} frames of zstd (limit ${limit}). Nothing was written. Compress it as a whole.`;
  return new Problem('limit_exceeded', message, { members: { limit, maximum } });
};

/** Of zstd there may be several frames, one after the other, as of gzip several members, which Node takes as one. */
const expandParts = async (coding: Coding, body: Buffer, name: BodyLimit): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let size = 0;
  for (let rest = body; rest.byteLength > 0; ) {
    if (parts.length > 0 && coding !== 'zstd') throw notAsSaid(`something follows the end of its ${coding}.`);
    if (parts.length === limits.bodyFrames) throw tooManyFrames();
    const { bytes, used } = await expandPart(coding, rest, Math.max(1, limits[name] - size));
    parts.push(bytes);
    size += bytes.byteLength;
    if (size > limits[name]) throw tooLarge(name);
    rest = rest.subarray(Math.max(1, used));
  }
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts, size);
};

/**
 * What a body is without the codings that were applied to it. No more of it is expanded than `limits[name]`, of each coding,
 * whatever is in it. An empty body stays empty.
 * @throws Problem `too_large`; `invalid_request` when it is not what its codings say, or more than that.
 */
export const expand = async (body: Buffer, applied: readonly Coding[], name: BodyLimit): Promise<Buffer> => {
  let bytes = body;
  for (const coding of applied.toReversed()) {
    try {
      bytes = await expandParts(coding, bytes, name);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw isTooLarge(error) ? tooLarge(name) : faultOf(error, coding);
    }
  }
  return bytes;
};
