import type { WebhookRequest } from '../webhooks.ts';

/** Letters and digits: so many in a row that stand in an answer and in the request's body are no chance. */
const bodyPiece = 16;
/** Of a secret, fewer tell. */
const secretPiece = 10;
/** Pieces of the body are looked for at every fourth place, and in a longer body not at all: that takes too long. */
const stride = 4;
const longestBody = 256 * 1024;

const unpercented = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** A character reference of HTML: a number, or a name, whose character is a mark and so does not count. */
const referred = (_whole: string, hex: string | undefined, decimal: string | undefined): string => {
  const code = hex === undefined ? Number(decimal ?? 0) : Number.parseInt(hex, 16);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
};

/** The letters and digits that `text` stands for, however it is escaped (JSON, URL, HTML), spaced, or put in capitals. */
const bare = (text: string): string =>
  text
    .replace(/\\+u([0-9a-f]{4})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\+[bfnrt]/g, '')
    .replace(/(?:%[0-9a-f]{2})+/gi, unpercented)
    .replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|[a-z]{2,6});/gi, referred)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

const base = 31;
const hashOf = (text: string): number => {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
  return hash;
};

/**
 * Whether `source` has one of the pieces of `text` that are `length` long and begin at every `step`th place. It is gone through once,
 * however many pieces there are, with a hash of what is seen that rolls on (Karp and Rabin, 1987): a request may be long, and what else the
 * process does waits meanwhile.
 */
const sharesPiece = (text: string, source: string, length: number, step: number): boolean => {
  const pieces = new Set<string>();
  for (let at = 0; at + length <= text.length; at += step) pieces.add(text.slice(at, at + length));
  if (pieces.size === 0 || source.length < length) return false;
  const hashes = new Set([...pieces].map(hashOf));
  let leaving = 1;
  for (let at = 1; at < length; at += 1) leaving = Math.imul(leaving, base);
  let hash = hashOf(source.slice(0, length));
  for (let end = length; ; end += 1) {
    if (hashes.has(hash) && pieces.has(source.slice(end - length, end))) return true;
    if (end >= source.length) return false;
    const kept = hash - Math.imul(source.charCodeAt(end - length), leaving);
    hash = (Math.imul(kept, base) + source.charCodeAt(end)) | 0;
  }
};

/** What stands in `text` as base64, as it is when it is decoded. */
const decoded = (text: string): string =>
  (text.match(/[A-Za-z0-9+/_-]{16,}/g) ?? [])
    .map((run) => bare(Buffer.from(run, 'base64').toString('utf8')))
    .join(' ');

/**
 * Whether `text` has a piece of the request's body, in whatever form: of records, keys or headers of records. Of a long
 * body that is taken for granted.
 */
export const repeatsBody = (text: string, body: string): boolean => {
  if (body.length > longestBody) return true;
  const found = bare(text);
  const length = bodyPiece - stride + 1;
  return sharesPiece(found, bare(body), length, stride) || sharesPiece(found, decoded(body), length, stride);
};

/** Whether `text` has a piece of what the URL has behind its host, which may be the key to it, or of the signature. */
export const repeatsSecret = (
  text: string,
  { url, headers }: Pick<WebhookRequest, 'url' | 'headers'>,
): boolean => {
  const { pathname = '', search = '' } = URL.canParse(url) ? new URL(url) : {};
  const secrets = [pathname + search, headers['webhook-signature'] ?? ''];
  return secrets.some((secret) => sharesPiece(bare(text), bare(secret), secretPiece, 1));
};
