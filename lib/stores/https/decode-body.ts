import { pipeline, Readable, type Transform } from 'node:stream';
import { TextDecoder } from 'node:util';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  Gunzip,
  type Zlib,
} from 'node:zlib';
import type { BodyKind } from '../../domain/acknowledgements/body-reader.ts';

/** An answer's body as text. */
export interface DecodedBody {
  readonly kind: BodyKind;
  /**
   * In pieces as they come.
   * @throws BrokenOffError from the iteration, when not all of the body comes.
   * @throws Error from the iteration, when it cannot be decompressed.
   */
  readonly text: AsyncIterable<string>;
}

/** What declares a body: two headers, as they came. */
export interface Declared {
  readonly 'content-type'?: string | undefined;
  readonly 'content-encoding'?: string | undefined;
}

/** The connection ended, or its time did, before the body. */
export class BrokenOffError extends Error {
  override readonly name = 'BrokenOffError';
}

type Bytes = AsyncIterable<Buffer>;

/**
 * Decompresses and decodes a body as it is declared and as it looks, in bounded memory. No compression is asked for;
 * what comes compressed all the same is read.
 */
export const decodeBody = async (source: AsyncIterable<Buffer>, declared: Declared): Promise<DecodedBody> => {
  const type = declared['content-type']?.toLowerCase() ?? '';
  const { bytes, known } = await decompressed(naming(source), declared['content-encoding']);
  const { head, all } = await peeked(bytes);
  const { decoder, certain } = decoderFor(head, /charset\s*=\s*["']?([^"';\s]*)/.exec(type)?.[1]);
  const json = /[/+](?:x-)?(?:nd)?json/.test(type);
  const page = !json && /^(?:text|image|audio|video|font)\//.test(type);
  return { kind: { json, page, uncertain: !known || !certain }, text: decoded(all, decoder) };
};

/** As many bytes as tell the compressions and the encodings apart. */
const peekBytes = 4;

/** The first bytes of `source`, fewer if it ends, and all of it. What fails, fails when it is read to there. */
const peeked = async (source: Bytes): Promise<{ readonly head: Buffer; readonly all: Bytes }> => {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let failure: unknown;
  let ended = false;
  while (head.length < peekBytes && !ended) {
    const next = await iterator.next().catch((error: unknown) => {
      failure = error;
      return { done: true as const, value: undefined };
    });
    if (next.done === true) ended = true;
    else head = Buffer.concat([head, next.value]);
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      if (failure !== undefined) throw failure;
      while (!ended) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  };
  return { head, all: all() };
};

/** So that a body that does not come to its end is told from one that cannot be read. */
const naming = async function* (source: Bytes): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (cause) {
    throw new BrokenOffError('The body broke off.', { cause });
  }
};

const gzipMagic = Buffer.from([0x1f, 0x8b]);
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** As zlib compresses by itself: no text in UTF-8 begins so. */
const zlibMagics = [Buffer.from([0x78, 0x9c]), Buffer.from([0x78, 0xda])];
const startsWith = (head: Buffer, magic: Buffer): boolean => head.subarray(0, magic.length).equals(magic);
/** RFC 1950, 2.2: some servers send what `deflate` stands for, others the bare stream in it. */
const isZlib = (head: Buffer): boolean =>
  head.length >= 2 && (head.readUInt8(0) & 0x0f) === 8 && head.readUInt16BE(0) % 31 === 0;

/** `known`: whether these are the bytes of the text, as far as one can say. */
interface Decompressed {
  readonly bytes: Bytes;
  readonly known: boolean;
}

/** More than anybody means: each takes memory. */
const mostCodings = 3;

/** @param declared the codings in the order in which they were applied (RFC 9110, 8.4). */
const decompressed = async (source: Bytes, declared = ''): Promise<Decompressed> => {
  const codings = declared.toLowerCase().split(',');
  if (codings.length > mostCodings) return { bytes: source, known: false };
  let bytes = source;
  for (const coding of codings.reverse()) {
    const { head, all } = await peeked(bytes);
    const decompressor = head.length === 0 ? 'none' : decompressorFor(coding.trim(), head);
    if (decompressor === undefined) return { bytes: all, known: false };
    bytes = decompressor === 'none' ? all : through(all, decompressor);
  }
  return { bytes, known: true };
};

/** By how the body begins, where that can be seen: a declaration may be forgotten, or stay when it is no longer true. */
const decompressorFor = (coding: string, head: Buffer): (Transform & Zlib) | 'none' | undefined => {
  if (startsWith(head, gzipMagic)) return createGunzip();
  if (startsWith(head, zstdMagic)) return createZstdDecompress();
  if (zlibMagics.some((magic) => startsWith(head, magic))) return createInflate();
  if (coding === '' || coding === 'identity') return 'none';
  if (coding === 'br') return createBrotliDecompress();
  if (coding === 'deflate') return isZlib(head) ? createInflate() : createInflateRaw();
  return undefined;
};

const through = async function* (source: Bytes, transform: Transform & Zlib): AsyncGenerator<Buffer> {
  let given = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const bytes of source) {
      given += bytes.length;
      yield bytes;
    }
  };
  // Whoever reads the end of it is told of an error.
  pipeline(Readable.from(counted()), transform, () => undefined);
  yield* transform as Bytes;
  // Node reads on behind the end of gzip, but not behind that of the others, as of a second frame of zstd.
  if (!(transform instanceof Gunzip) && transform.bytesWritten < given)
    throw new Error('There is more behind what was compressed.');
};

interface Decoder {
  readonly decoder: TextDecoder;
  readonly certain: boolean;
}

/** By the byte order mark, else by where the zeros of the first character are, else as declared, else UTF-8. */
const decoderFor = (head: Buffer, declared: string | undefined): Decoder => {
  const [first, second] = head;
  // Two zeros more, and it is UTF-32, which nothing here reads.
  const certain = head.length < peekBytes || head.readUInt16BE(2) !== 0;
  const utf16 = (order: 'be' | 'le'): Decoder => ({ decoder: new TextDecoder(`utf-16${order}`), certain });
  if (first === 0xfe && second === 0xff) return utf16('be');
  if (first === 0xff && second === 0xfe) return utf16('le');
  if (first === 0 && second !== undefined && second !== 0) return utf16('be');
  if (first !== 0 && second === 0) return utf16('le');
  if (declared === undefined || startsWith(head, Buffer.from([0xef, 0xbb, 0xbf])))
    return { decoder: new TextDecoder(), certain: true };
  try {
    const decoder = new TextDecoder(declared);
    // JSON in UTF-16 begins with a zero or a mark: what is declared is not so.
    return { decoder, certain: !decoder.encoding.startsWith('utf-16') };
  } catch {
    return { decoder: new TextDecoder(), certain: false };
  }
};

const decoded = async function* (source: Bytes, decoder: TextDecoder): AsyncGenerator<string> {
  for await (const bytes of source) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
};
