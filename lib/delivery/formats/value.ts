import type { LogRecord } from '../../domain/records/records.ts';
import { isJson, mediaType } from '../../domain/text/media-type.ts';

const isText = (valueJson: string): boolean => valueJson.trimStart().startsWith('"');

const isOfJson = (contentType: string): boolean => isJson(mediaType(contentType)?.type ?? '');

/**
 * The content type that a record's value is sent with, where its body is that alone; undefined where none is known. What is none,
 * or not printable, cannot be; JSON that is no text is JSON, whatever it was said to be.
 * @param said the one that came with it.
 */
export const sentType = (
  { valueJson, valueBase64 = '' }: LogRecord,
  said: string | undefined,
): string | undefined => {
  const known = said !== undefined && mediaType(said) !== undefined && /^[\x20-\x7e]+$/.test(said);
  if (valueJson !== undefined) {
    if (known && (isOfJson(said) || isText(valueJson))) return said.trim();
    return 'application/json';
  }
  if (known) return said.trim();
  return said === undefined || valueBase64 === '' ? undefined : 'application/octet-stream';
};

/**
 * A record's value as a body of its own: its bytes, or the JSON that it is. JSON that is a text is that text where its content type is of
 * something else than JSON. Without a value there is none.
 * @param type as `sentType` gives it.
 */
export const valueBody = (
  { valueJson, valueBase64 = '' }: LogRecord,
  type: string | undefined,
): string | Uint8Array => {
  if (valueJson === undefined) return Buffer.from(valueBase64, 'base64');
  return type !== undefined && !isOfJson(type) ? (JSON.parse(valueJson) as string) : valueJson;
};
