import { isUtf8 } from 'node:buffer';
import { Problem } from '../domain/errors.ts';
import { JsonReader } from '../domain/json/reader.ts';
import { JsonFault } from '../domain/json/text.ts';
import { limits } from '../domain/limits.ts';
import type { ApiContext } from './api.ts';

type BodyLimit = 'requestBytes' | 'settingsBytes';

const tooLarge = (name: BodyLimit): Problem =>
  new Problem('too_large', `The body of this request may take ${limits[name]} bytes (limit ${name}).`, {
    members: { limit: name, maximum: limits[name] },
  });

/** Reads a body of whatever length, and stops where it is too long. */
const readChunks = async (c: ApiContext, name: BodyLimit): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > limits[name]) throw tooLarge(name);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};

/**
 * The body, counted while it comes in: what it says of its length is only believed when that is too much, or is made sure of.
 * Then it is read as a whole, which takes no streams.
 * @throws Problem `too_large`; `invalid_request` when it broke off.
 */
const readBytes = async (c: ApiContext, name: BodyLimit): Promise<Buffer> => {
  const stated = Number(c.req.header('content-length') ?? Number.NaN);
  if (stated > limits[name]) throw tooLarge(name);
  try {
    const isBounded = stated <= limits[name] && c.env?.lengthHolds === true;
    return isBounded ? Buffer.from(await c.req.raw.arrayBuffer()) : await readChunks(c, name);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('invalid_request', 'The body broke off.', { cause: error });
  }
};

/**
 * By how many bytes each byte grows inside a JSON string. A quote, a backslash, \b, \t, \n, \f and \r have escapes of two
 * bytes; other control characters take six.
 */
const growth = new Uint8Array(256).fill(5, 0, 0x20);
for (const byte of [8, 9, 10, 12, 13, 0x22, 0x5c]) growth[byte] = 1;

/** How many bytes a text takes inside a JSON string. By index and table: this runs over each large body. */
export const escapedBytes = (text: Uint8Array): number => {
  let bytes = text.byteLength;
  for (let at = 0; at < text.byteLength; at += 1) bytes += growth[text[at] ?? 0] ?? 0;
  return bytes;
};

/**
 * On AWS a body reaches its function inside a JSON string, and what is too long there never does: the gateway answers by
 * itself. So that is refused wherever Millrace runs.
 */
const requireEventRoom = (body: Uint8Array): void => {
  const maximum = limits.eventBodyBytes;
  // No character takes more than six.
  if (body.byteLength * 6 <= maximum) return;
  const bytes = escapedBytes(body);
  if (bytes <= maximum) return;
  throw new Problem(
    'too_large',
    `The body of this request would take ${bytes} bytes in the event of a function on AWS, where each quote, backslash and line break counts twice, and may take ${maximum} (limit eventBodyBytes). Nothing was written. Send it in two requests, each with a part of the records.`,
    { members: { limit: 'eventBodyBytes', maximum } },
  );
};

const byteOrderMark = Buffer.from('\ufeff');

/**
 * A body that is text, without the byte order mark that some programs put before it.
 * @throws Problem `invalid_request` when it is not UTF-8.
 */
export const asText = (bytes: Buffer): Buffer => {
  if (!isUtf8(bytes)) throw new Problem('invalid_request', 'The body is not UTF-8.');
  const mark = bytes.subarray(0, byteOrderMark.length);
  return mark.equals(byteOrderMark) ? bytes.subarray(byteOrderMark.length) : bytes;
};

/** @throws Problem `too_large`, `invalid_request` */
const readText = async (c: ApiContext, name: BodyLimit): Promise<Buffer> => {
  const bytes = await readBytes(c, name);
  requireEventRoom(bytes);
  return asText(bytes);
};

/** @throws Problem `unsupported_media_type` */
const requirePlain = (c: ApiContext): void => {
  if (/^(?:identity)?$/i.test(c.req.header('content-encoding') ?? '')) return;
  throw new Problem('unsupported_media_type', 'Send the body as it is, without a Content-Encoding.', {
    members: { accepted: ['application/json'] },
  });
};

/** @throws Problem `unsupported_media_type` unless the body is said to be JSON as it is. */
const requireJson = (c: ApiContext): void => {
  const [type = '', ...parameters] = (c.req.header('content-type') ?? '').toLowerCase().split(';');
  const isUtf8 = parameters.every((parameter) => {
    const [name, value] = parameter.trim().split('=');
    return name !== 'charset' || /^"?utf-?8"?$/.test(value ?? '');
  });
  if (type.trim() !== 'application/json' || !isUtf8) {
    throw new Problem('unsupported_media_type', 'Send JSON, in UTF-8, as "Content-Type: application/json".', {
      members: { accepted: ['application/json'] },
    });
  }
  requirePlain(c);
};

/** Checked by our own reader first: its texts are sentences, and quote nothing of the body, which may hold a secret. */
const parsed = (text: Buffer): unknown => {
  try {
    const reader = new JsonReader(text, limits.jsonDepth);
    reader.skip();
    reader.end();
    return JSON.parse(text.toString());
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const detail = error.kind === 'syntax' ? 'The body is not JSON.' : 'The request is not valid.';
    const errors = [{ path: '', message: error.message }];
    throw new Problem('invalid_request', `${detail} Nothing was changed.`, { errors });
  }
};

/**
 * The body, which is said to be JSON, as valid UTF-8.
 * @throws Problem `unsupported_media_type`, `too_large`, `invalid_request`
 */
export const readJsonText = (c: ApiContext, limit: BodyLimit): Promise<Buffer> => {
  requireJson(c);
  return readText(c, limit);
};

/**
 * The body as the bytes that it is, of any content type.
 * @throws Problem `unsupported_media_type`, `too_large`, `invalid_request`
 */
export const readBody = async (c: ApiContext, limit: BodyLimit): Promise<Buffer> => {
  requirePlain(c);
  const bytes = await readBytes(c, limit);
  requireEventRoom(bytes);
  return bytes;
};

export interface JsonBody {
  readonly limit: BodyLimit;
  /** What an empty body stands for; without it, one is refused. */
  readonly whenEmpty?: unknown;
}

/**
 * The body as JSON.
 * @throws Problem `unsupported_media_type`, `too_large`, `invalid_request`
 */
export const readJson = async (c: ApiContext, { limit, whenEmpty }: JsonBody): Promise<unknown> => {
  if (c.req.header('content-type') !== undefined || whenEmpty === undefined) requireJson(c);
  const text = await readText(c, limit);
  if (text.length === 0 && whenEmpty !== undefined) return whenEmpty;
  requireJson(c);
  return parsed(text);
};
