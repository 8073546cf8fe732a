const connection = 'it belongs to the connection';
const body = 'it says what the body is';
const trace = 'it follows the call that appended the records';

/** What a request to a webhook says itself, and nobody else may say, with the reason. */
const ownHeaders: ReadonlyMap<string, string> = new Map([
  ['accept-encoding', 'it says which answers can be read'],
  ['connection', connection],
  ['content-encoding', body],
  ['content-length', body],
  ['content-type', body],
  ['expect', connection],
  ['host', 'it is that of the URL'],
  ['http2-settings', connection],
  ['keep-alive', connection],
  ['te', connection],
  ['traceparent', trace],
  ['tracestate', trace],
  ['trailer', connection],
  ['transfer-encoding', connection],
  ['upgrade', connection],
]);

/** RFC 9110, 5.1: the name of a field is a token. */
export const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/** Why an endpoint cannot have a header of this name; undefined for one that it can have. */
export const reasonAgainst = (name: string): string | undefined => {
  const lower = name.toLowerCase();
  if (lower.startsWith('webhook-')) return 'it is a part of the signature';
  if (lower.startsWith('millrace-')) return 'it says which records these are';
  return lower.startsWith('proxy-') ? connection : ownHeaders.get(lower);
};

/**
 * Who calls, for whom and by which way: what a producer of records says of that is no proof of it, and receivers may take it for
 * one.
 */
const ofTheCaller: ReadonlySet<string> = new Set([
  '__proto__',
  'authorization',
  'cookie',
  'forwarded',
  'user-agent',
  'via',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-real-ip',
]);

/** Of these, some say that too, some what the body is, some ask for an answer that is none to a message, and some are ours. */
const withheldPrefixes = ['accept', 'content-', 'if-', 'millrace-', 'range', 'x-forwarded-'];

/**
 * Whether a header of a record may go along as a header of a request of this name, in lower case. Its producer need not be
 * trusted as whoever set up the endpoint is.
 */
export const mayBeSent = (name: string): boolean => {
  if (!headerName.test(name) || ofTheCaller.has(name)) return false;
  return !withheldPrefixes.some((prefix) => name.startsWith(prefix)) && reasonAgainst(name) === undefined;
};
