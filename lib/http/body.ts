import { isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { Problem } from '../domain/errors.ts';
import { JsonReader } from '../domain/json/reader.ts';
import { JsonFault } from '../domain/json/text.ts';
import { exceededLimit, limits } from '../domain/limits.ts';
import { withoutByteOrderMark } from '../domain/text/lines.ts';
import type { ApiContext } from './api.ts';
import { appliedCodings } from './bytes/codings.ts';
import { isHandedOverAsText, requireEventRoom, requireRoomAsBase64 } from './bytes/event-room.ts';
import { type BodyLimit, expand } from './bytes/expand.ts';

const tooLarge = (name: BodyLimit): Problem =>
  new Problem('too_large', `The body of this request may take ${limits[name]} bytes (limit ${name}).`, {
    members: exceededLimit(name),
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
 * @throws Problem `too_large`, `unavailable`; `invalid_request` when it broke off.
 */
const readBytes = async (c: ApiContext, name: BodyLimit): Promise<Buffer> => {
  const stated = Number(c.req.header('content-length') ?? Number.NaN);
  if (stated > limits[name]) throw tooLarge(name);
  const isBounded = stated <= limits[name] && c.env?.lengthHolds === true;
  const end = c.env?.bodies?.begin(isBounded ? stated : limits[name]);
  try {
    return isBounded ? Buffer.from(await c.req.raw.arrayBuffer()) : await readChunks(c, name);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('invalid_request', 'The body broke off.', { cause: error });
  } finally {
    end?.();
  }
};

const notUtf8 = (): Problem => new Problem('invalid_request', 'The body is not UTF-8.');

/**
 * A body that is text, without the byte order mark that some programs put before it.
 * @throws Problem `invalid_request` when it is not UTF-8.
 */
export const asText = (bytes: Buffer): Buffer => {
  if (!isUtf8(bytes)) throw notUtf8();
  return withoutByteOrderMark(bytes);
};

/** Of a body that the gateway of AWS had no business to read as text: it is not what it was. */
const damaged = (isCompressed: boolean): Problem =>
  isCompressed
    ? new Problem(
        'unsupported_media_type',
        `The gateway of AWS took this compressed body for text, going by its Content-Type, and damaged it. Nothing was written. Send it as it is, or compressed as "Content-Type: ${jsonAsBytes}".`,
        { members: { accepted: [jsonAsBytes] } },
      )
    : notUtf8();

/**
 * The body as the bytes that it is, of any content type, and expanded where it was compressed. What the gateway of AWS would
 * hand over as text is UTF-8, wherever Millrace runs.
 * @throws Problem `unsupported_media_type`, `too_large`, `limit_exceeded`, `invalid_request`
 */
export const readBody = async (c: ApiContext, limit: BodyLimit): Promise<Buffer> => {
  const contentType = c.req.header('content-type');
  const applied = appliedCodings(c.req.header('content-encoding'));
  const isCompressed = applied.length > 0;
  const bytes = await readBytes(c, limit);
  requireEventRoom({ bytes, contentType, isCompressed });
  if (c.env?.isDamaged === true) throw damaged(isCompressed);
  if (isCompressed) return expand(bytes, applied, limit);
  if (isHandedOverAsText(contentType) && !isUtf8(bytes)) throw notUtf8();
  return bytes;
};

/** What is smaller is read as a whole, which takes no streams. */
const leastInParts = 64 * 1024;

/** With a turn of the event loop between its parts, so that whoever works on them holds nobody else up. */
const inTurns = async function* (bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.byteLength; from += leastInParts) {
    if (from > 0) await setImmediate();
    yield bytes.subarray(from, from + leastInParts);
  }
};

/**
 * The body in parts: a large one as they come in, so that it is never there as a whole; a small or compressed one is read before
 * the first. For content types that the gateway of AWS hands over as bytes.
 * @throws Problem `unsupported_media_type`, `too_large`, `limit_exceeded`, `invalid_request`
 */
export const readParts = async function* (c: ApiContext, limit: BodyLimit): AsyncGenerator<Uint8Array> {
  const stated = Number(c.req.header('content-length') ?? Number.NaN);
  const isPlain = appliedCodings(c.req.header('content-encoding')).length === 0;
  const isStreamed = isPlain && stated > leastInParts && stated <= limits[limit];
  const { lengthHolds = false, isDamaged = false } = c.env ?? {};
  if (!isStreamed || !lengthHolds || isDamaged) return yield* inTurns(await readBody(c, limit));
  requireRoomAsBase64(stated);
  try {
    for await (const part of c.req.raw.body ?? []) yield part;
  } catch (error) {
    throw new Problem('invalid_request', 'The body broke off. Nothing was written.', { cause: error });
  }
};

/** @throws Problem `unsupported_media_type`, `too_large`, `limit_exceeded`, `invalid_request` */
const readText = async (c: ApiContext, limit: BodyLimit): Promise<Buffer> => asText(await readBody(c, limit));

/** JSON under a name that the gateway of AWS does not know: it hands such a body over as bytes, whatever they are. */
export const jsonAsBytes = 'application/vnd.millrace+json';

/** @throws Problem `unsupported_media_type` unless the body is said to be JSON. */
const requireJson = (c: ApiContext): void => {
  const [type = '', ...parameters] = (c.req.header('content-type') ?? '').toLowerCase().split(';');
  const isUtf8 = parameters.every((parameter) => {
    const [name, value] = parameter.trim().split('=');
    return name !== 'charset' || /^"?utf-?8"?$/.test(value ?? '');
  });
  if (!['application/json', jsonAsBytes].includes(type.trim()) || !isUtf8) {
    throw new Problem('unsupported_media_type', 'Send JSON, in UTF-8, as "Content-Type: application/json".', {
      members: { accepted: ['application/json'] },
    });
  }
};

const tooDeep = (): Problem => {
  const { limit, maximum } = exceededLimit('jsonDepth');
  const message = `A body may be ${maximum} levels deep (limit ${limit}). Nothing was changed.`;
  return new Problem('limit_exceeded', message, { members: { limit, maximum } });
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
    if (error.kind === 'depth') throw tooDeep();
    const detail = error.kind === 'syntax' ? 'The body is not JSON.' : 'The request is not valid.';
    const errors = [{ path: '', message: error.message }];
    throw new Problem('invalid_request', `${detail} Nothing was changed.`, { errors });
  }
};

/**
 * The body, which is said to be JSON, as valid UTF-8.
 * @throws Problem `unsupported_media_type`, `too_large`, `limit_exceeded`, `invalid_request`
 */
export const readJsonText = (c: ApiContext, limit: BodyLimit): Promise<Buffer> => {
  requireJson(c);
  return readText(c, limit);
};

export interface JsonBody {
  readonly limit: BodyLimit;
  /** What an empty body stands for; without it, one is refused. */
  readonly whenEmpty?: unknown;
}

/**
 * The body as JSON.
 * @throws Problem `unsupported_media_type`, `too_large`, `limit_exceeded`, `invalid_request`
 */
export const readJson = async (c: ApiContext, { limit, whenEmpty }: JsonBody): Promise<unknown> => {
  if (c.req.header('content-type') !== undefined || whenEmpty === undefined) requireJson(c);
  const text = await readText(c, limit);
  if (text.length === 0 && whenEmpty !== undefined) return whenEmpty;
  requireJson(c);
  return parsed(text);
};
