import { Problem } from '../../domain/errors.ts';
import { exceededLimit, limits } from '../../domain/limits.ts';

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

const base64Bytes = (bytes: number): number => Math.ceil(bytes / 3) * 4;

/** What a body may be at most that is handed over as base64. */
const mostAsBase64 = Math.floor(limits.eventBodyBytes / 4) * 3;

const textTypes = ['application/json', 'application/javascript', 'application/xml'];

/**
 * Whether an HTTP API of API Gateway hands a body over as text, and not as base64: by its content type alone, with payload
 * version 2. AWS documents that there are both, and not which types are which; this was found out on AWS
 * (github.com/ministackorg/ministack, pull request 766), and is the list that load balancers are documented to have
 * (docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html).
 */
export const isHandedOverAsText = (contentType: string | undefined): boolean => {
  const [type = ''] = (contentType ?? '').split(';', 1);
  const name = type.trim().toLowerCase();
  return name.startsWith('text/') || textTypes.includes(name);
};

/** A body as it was sent, and what its head says of it. */
export interface SentBody {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  readonly isCompressed: boolean;
}

/** What a body takes inside an event, and why that is more than it is. */
type InEvent = readonly [bytes: number, why: string];

const asBase64 = (byteLength: number): InEvent => [
  base64Bytes(byteLength),
  `as base64, which is four bytes for three, so that ${mostAsBase64} bytes can be sent`,
];

const inEvent = ({ bytes, contentType, isCompressed }: SentBody): InEvent => {
  if (isCompressed || !isHandedOverAsText(contentType)) return asBase64(bytes.byteLength);
  return [escapedBytes(bytes), 'where each quote, backslash and line break counts twice'];
};

/**
 * On AWS a body reaches its function inside a JSON string, and what is too long there never does: the gateway answers by
 * itself. So that is refused wherever Millrace runs.
 * @throws Problem `too_large`
 */
export const requireEventRoom = (body: SentBody): void => {
  // No character takes more than six.
  if (body.bytes.byteLength * 6 > limits.eventBodyBytes) requireRoom(inEvent(body), body.isCompressed);
};

/**
 * The same of a body of that length, not compressed, that is handed over as base64.
 * @throws Problem `too_large`
 */
export const requireRoomAsBase64 = (byteLength: number): void => requireRoom(asBase64(byteLength), false);

const requireRoom = ([bytes, why]: InEvent, isCompressed: boolean): void => {
  const maximum = limits.eventBodyBytes;
  if (bytes <= maximum) return;
  const otherwise = isCompressed ? '' : ', or compressed (Content-Encoding: zstd, br or gzip)';
  throw new Problem(
    'too_large',
    `The body of this request would take ${bytes} bytes in the event of a function on AWS, ${why}, and may take ${maximum} (limit eventBodyBytes). Nothing was written. Send it in two requests, each with a part of the records${otherwise}.`,
    { members: exceededLimit('eventBodyBytes') },
  );
};
