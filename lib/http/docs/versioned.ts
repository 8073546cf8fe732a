import { hash } from 'node:crypto';
import type { ApiContext } from '../api.ts';
import { type Coding, wantedCoding } from '../bytes/codings.ts';
import { compress } from '../bytes/compress.ts';

/** Bytes that are the same for everybody, and a version that changes with them. */
export interface Versioned {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly version: string;
  /** The bytes as they were compressed for those who asked for it. */
  readonly compressed: Map<Coding, Promise<Uint8Array<ArrayBuffer>>>;
}

export const versioned = (content: string | Uint8Array<ArrayBuffer>, type: string): Versioned => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const version = hash('sha256', bytes, 'base64url').slice(0, 22);
  return { bytes, type, version, compressed: new Map() };
};

/** What is made or read when it is first asked for, and remembered; a failure is not. */
export const remembered = <Value>(make: () => Value | Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= (async () => make())().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
};

/** Whether `If-None-Match` (RFC 9110, 13.1.2) names the version, whatever encoding made of its tag. */
const isKnown = (c: ApiContext, version: string): boolean =>
  (c.req.header('if-none-match') ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === `"${version}"`);

const compressedWith = (
  { bytes, compressed }: Versioned,
  coding: Coding,
): Promise<Uint8Array<ArrayBuffer>> => {
  const known = compressed.get(coding) ?? Promise.resolve(compress(coding, bytes));
  compressed.set(coding, known);
  return known;
};

/** An image is compressed as it is. */
const isCompressible = ({ type }: Versioned): boolean => !type.startsWith('image/');

const aYear = 365 * 24 * 60 * 60;

/**
 * The bytes, or 304 where the client has them. Under an address that names their version they are kept for ever; under any
 * other they are asked for again each time.
 */
export const answerVersioned = async (
  c: ApiContext,
  content: Versioned,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => {
  const { bytes, type, version } = content;
  const isNamed = c.req.query('v') === version;
  const all = {
    // Weak, since it is that of the compressed bytes too.
    etag: `W/"${version}"`,
    vary: 'accept-encoding',
    'cache-control': isNamed ? `public, max-age=${aYear}, immutable` : 'no-cache',
    'x-content-type-options': 'nosniff',
    ...headers,
  };
  if (isKnown(c, version)) return c.body(null, 304, all);
  const coding = isCompressible(content) ? wantedCoding(c.req.header('accept-encoding')) : undefined;
  if (coding === undefined) return c.body(bytes, 200, { 'content-type': type, ...all });
  const coded = { 'content-type': type, 'content-encoding': coding, ...all };
  return c.body(await compressedWith(content, coding), 200, coded);
};
