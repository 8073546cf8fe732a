import { hash } from 'node:crypto';
import type { ApiContext } from '../api.ts';

/** Bytes that are the same for everybody, and a version that changes with them. */
export interface Versioned {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly version: string;
}

export const versioned = (content: string | Uint8Array<ArrayBuffer>, type: string): Versioned => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { bytes, type, version: hash('sha256', bytes, 'base64url').slice(0, 22) };
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

const aYear = 365 * 24 * 60 * 60;

/**
 * The bytes, or 304 where the client has them. Under an address that names their version they are kept for ever; under any
 * other they are asked for again each time.
 */
export const answerVersioned = (
  c: ApiContext,
  { bytes, type, version }: Versioned,
  headers: Readonly<Record<string, string>> = {},
): Response => {
  const isNamed = c.req.query('v') === version;
  const all = {
    etag: `"${version}"`,
    'cache-control': isNamed ? `public, max-age=${aYear}, immutable` : 'no-cache',
    'x-content-type-options': 'nosniff',
    ...headers,
  };
  return isKnown(c, version) ? c.body(null, 304, all) : c.body(bytes, 200, { 'content-type': type, ...all });
};
