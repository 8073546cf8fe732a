import * as z from 'zod/mini';
import { headerName as namePattern, reasonAgainst } from '../../domain/delivery/sent-headers.ts';
import { limits } from '../../domain/limits.ts';
import { isSymmetricSecret } from '../../secrets/signing-keys.ts';
import { isAny, recordOf, whenNeeded } from './check.ts';

const setByUs = ({ input }: { readonly input?: unknown }): string =>
  `Leave this header out: Millrace sets it itself, since ${reasonAgainst(String(input))}.`;

/** RFC 9110: a field's name is a token; its value visible ASCII, with spaces and tabs only inside. */
const headerName = () =>
  z.string().check(
    z.regex(
      namePattern,
      'The name of a header is 1 to 256 letters, digits and marks as "-" (a token of RFC 9110).',
    ),
    z.refine((name) => reasonAgainst(name) === undefined, { error: setByUs }),
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

const url = () =>
  z.string('Give an absolute https URL.').check(
    z.maxLength(limits.urlLength, `A URL has at most ${limits.urlLength} characters (limit urlLength).`),
    z.refine((given) => !given.includes('#'), 'Leave the fragment ("#…") out: it would not be sent.'),
  );

const description = () => z.string().check(z.maxLength(1000, 'A description has at most 1000 characters.'));

const atOnce = `Give a whole number from 1 to ${limits.maxConcurrentRequests} (limit maxConcurrentRequests).`;
const maxConcurrentRequests = () =>
  z.int(atOnce).check(z.minimum(1, atOnce), z.maximum(limits.maxConcurrentRequests, atOnce));

const { requestsPerSecondLeast, requestsPerSecond: requestsPerSecondMost } = limits;
const rate = `Give a number from ${requestsPerSecondLeast} to ${requestsPerSecondMost} (limit requestsPerSecond).`;
const requestsPerSecond = () =>
  z.number(rate).check(z.minimum(requestsPerSecondLeast, rate), z.maximum(requestsPerSecondMost, rate));

const { requestBytesLeast, maxRequestBytes: requestBytesMost } = limits;
const size = `Give a whole number of bytes from ${requestBytesLeast} to ${requestBytesMost} (limit maxRequestBytes).`;
const maxRequestBytes = () =>
  z.int(size).check(z.minimum(requestBytesLeast, size), z.maximum(requestBytesMost, size));

const credential = (what: string) => {
  const rule = `A ${what} has 1 to 1024 characters, and no control characters.`;
  return z.string(rule).check(z.minLength(1, rule), z.maxLength(1024, rule), z.regex(/^\P{Cc}*$/u, rule));
};

const authentication = () =>
  z.discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('basic'),
        username: credential('user name').check(z.regex(/^[^:]*$/, 'A user name has no colon.')),
        password: credential('password'),
      }),
      z.strictObject({
        type: z.literal('oauth2'),
        tokenUrl: url(),
        clientId: credential('client id'),
        clientSecret: credential('client secret'),
        scope: z.exactOptional(credential('scope')),
        audience: z.exactOptional(credential('audience')),
      }),
    ],
    'Give an object whose type is "basic" or "oauth2".',
  );

const secret = () => {
  const rule = 'A secret is "whsec_" and 24 to 64 bytes as base64.';
  return z.string(rule).check(z.refine(isSymmetricSecret, rule));
};

/** `POST …/endpoints`. Whether the URL may be called is for the egress guard to say. */
export const newEndpoint = whenNeeded(() =>
  z.strictObject({
    url: url(),
    headers: z.exactOptional(headers()),
    authentication: z.exactOptional(authentication()),
    maxConcurrentRequests: z.exactOptional(maxConcurrentRequests()),
    requestsPerSecond: z.exactOptional(requestsPerSecond()),
    maxRequestBytes: z.exactOptional(maxRequestBytes()),
    handshake: z.exactOptional(z.boolean()),
    description: z.exactOptional(description()),
    secret: z.exactOptional(secret()),
  }),
);

const overlap = `Give a number of seconds from 0 to ${limits.secretOverlapSeconds} (limit secretOverlapSeconds).`;

/** `POST …/endpoints/{endpoint}/rotate-secret` */
export const secretRotation = whenNeeded(() =>
  z
    .strictObject({
      overlapSeconds: z.exactOptional(
        z.int(overlap).check(z.minimum(0, overlap), z.maximum(limits.secretOverlapSeconds, overlap)),
      ),
      secret: z.exactOptional(secret()),
      kind: z.exactOptional(z.enum(['v1', 'v1a'], 'Give "v1" or "v1a".')),
    })
    .check(
      z.refine(
        ({ secret: own, kind }) => own === undefined || kind !== 'v1a',
        'A secret of your own is of kind "v1": a key pair of kind "v1a" is made here, and nobody else has it.',
      ),
    ),
);

/** `PATCH …/endpoints/{endpoint}` */
export const endpointChange = whenNeeded(() =>
  z
    .strictObject({
      url: z.exactOptional(url()),
      headers: z.exactOptional(z.nullable(headers())),
      authentication: z.exactOptional(z.nullable(authentication())),
      maxConcurrentRequests: z.exactOptional(z.nullable(maxConcurrentRequests())),
      requestsPerSecond: z.exactOptional(z.nullable(requestsPerSecond())),
      maxRequestBytes: z.exactOptional(z.nullable(maxRequestBytes())),
      handshake: z.exactOptional(z.boolean()),
      description: z.exactOptional(z.nullable(description())),
      status: z.exactOptional(z.enum(['enabled', 'disabled'], 'Give "enabled" or "disabled".')),
    })
    .check(
      z.refine(
        isAny,
        'Give url, headers, description, status, authentication, maxConcurrentRequests, requestsPerSecond, maxRequestBytes or handshake.',
      ),
    ),
);
