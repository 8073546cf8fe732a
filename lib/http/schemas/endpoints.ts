import * as z from 'zod/mini';
import { limits } from '../../domain/limits.ts';
import { recordOf, whenNeeded } from './check.ts';

/** What a request to a webhook says itself, and nobody else may say. */
const ownHeaders = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const isOwn = (name: string): boolean => {
  const lower = name.toLowerCase();
  return ownHeaders.has(lower) || lower.startsWith('webhook-') || lower.startsWith('proxy-');
};

/** RFC 9110: a field's name is a token; its value visible ASCII, with spaces and tabs only inside. */
const headerName = () =>
  z.string().check(
    z.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/, 'The name of a header is a token of RFC 9110.'),
    z.refine((name) => !isOwn(name), 'Millrace sets this header itself.'),
  );
const headerValue = () =>
  z
    .string()
    .check(
      z.regex(
        /^([\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?)?$/,
        'The value of a header is visible ASCII, without line breaks.',
      ),
    );

const bytesOf = (headers: Readonly<Record<string, string>>): number =>
  Object.entries(headers).reduce((bytes, [name, value]) => bytes + name.length + value.length, 0);

const namesDiffer = (headers: Readonly<Record<string, string>>): boolean => {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return new Set(names).size === names.length;
};

const headers = () =>
  recordOf(headerName(), headerValue()).check(
    z.refine(namesDiffer, 'Each header is given once; upper and lower case are the same.'),
    z.refine(
      (given) => bytesOf(given) <= limits.endpointHeadersBytes,
      `Headers may take ${limits.endpointHeadersBytes} bytes (limit endpointHeadersBytes).`,
    ),
  );

/** `POST …/endpoints`. Whether the URL may be called is for the egress guard to say. */
export const newEndpoint = whenNeeded(() =>
  z.strictObject({
    url: z.string('Give an absolute https URL.').check(
      z.maxLength(limits.urlLength, `A URL has at most ${limits.urlLength} characters (limit urlLength).`),
      z.refine((url) => !url.includes('#'), 'Leave the fragment ("#…") out: it would not be sent.'),
    ),
    headers: z.exactOptional(headers()),
    description: z.exactOptional(
      z.string().check(z.maxLength(1000, 'A description has at most 1000 characters.')),
    ),
  }),
);
