import * as z from 'zod/mini';
import { limits } from '../../domain/limits.ts';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

const fields = () => ({
  id: text('Its id.'),
  url: text('Where it is called.'),
  status: z.enum(['enabled', 'disabled']).check(z.meta({ description: 'Whether it is called.' })),
  disabledReason: z.exactOptional(text('Why it was disabled.')),
  disabledAt: z.exactOptional(time('When it was disabled.')),
  description: z.exactOptional(text('What it was described as.')),
  headerNames: z.exactOptional(
    z
      .readonly(z.array(z.string()))
      .check(z.meta({ description: 'Names of the headers that it is sent. Their values are not shown.' })),
  ),
  authentication: z.exactOptional(
    z
      .object({
        type: z
          .enum(['basic', 'oauth2'])
          .check(z.meta({ description: 'By a user name and a password, or a token.' })),
      })
      .check(z.meta({ description: 'How Millrace authenticates itself to it. What with is not shown.' })),
  ),
  signingKeys: z.exactOptional(
    listOf(
      z.object({
        kind: z
          .enum(['v1', 'v1a'])
          .check(z.meta({ description: 'HMAC-SHA256 by a secret, or ed25519 by a key pair.' })),
        publicKey: z.exactOptional(text('Of v1a: what verifies its signatures (whpk_…).')),
        until: z.exactOptional(time('When it stops signing; without it goes on.')),
      }),
    ).check(
      z.meta({
        description:
          'What signs its requests, newest first. Absent where that is one secret, as it is at first.',
      }),
    ),
  ),
  maxConcurrentRequests: z.exactOptional(
    z
      .int()
      .check(z.meta({ description: 'Requests that may be under way to it at once. Absent: any number.' })),
  ),
  requestsPerSecond: z.exactOptional(
    z
      .number()
      .check(
        z.meta({ description: 'How often it is called at most. Absent: as often as there is something.' }),
      ),
  ),
  maxRequestBytes: z.exactOptional(
    whole(`Bytes of a request's body at most, envelope included. Absent: ${limits.deliveryBytes}.`),
  ),
  handshake: z.exactOptional(
    z
      .object({
        origin: text('The name that it was asked in: each request to it has it, as WebHook-Request-Origin.'),
        perMinute: z.exactOptional(whole('Requests a minute that it allows. Absent: any number.')),
      })
      .check(z.meta({ description: 'What it agreed to when it was asked. Absent: it was not.' })),
  ),
  createdAt: time('When it was registered.'),
});

export const endpointAnswer = whenNeeded(() => z.object(fields()));
export type EndpointAnswer = z.output<ReturnType<typeof endpointAnswer>>;

export const newEndpointAnswer = whenNeeded(() =>
  z.object({
    ...fields(),
    secret: text('What its requests are signed with (whsec_…). It is shown this once.'),
  }),
);
export type NewEndpointAnswer = z.output<ReturnType<typeof newEndpointAnswer>>;

export const rotatedEndpointAnswer = whenNeeded(() =>
  z.object({
    ...fields(),
    secret: z.exactOptional(text('Of v1: the new secret (whsec_…). It is shown this once.')),
    publicKey: z.exactOptional(text('Of v1a: the new public key (whpk_…).')),
  }),
);
export type RotatedEndpointAnswer = z.output<ReturnType<typeof rotatedEndpointAnswer>>;

export const webhookKeysAnswer = whenNeeded(() =>
  z.object({
    keys: listOf(
      z.object({
        kty: z.literal('OKP').check(z.meta({ description: 'The type of the key (RFC 8037).' })),
        crv: z.literal('Ed25519').check(z.meta({ description: 'Its curve.' })),
        use: z.literal('sig').check(z.meta({ description: 'What it is for.' })),
        alg: z.literal('EdDSA').check(z.meta({ description: 'How it signs.' })),
        x: text('The key as base64url.'),
        publicKey: text('The same as Standard Webhooks writes it (whpk_…).'),
        until: z.exactOptional(time('When it stops signing; without it goes on.')),
      }),
    ),
  }),
);
export type WebhookKeysAnswer = z.output<ReturnType<typeof webhookKeysAnswer>>;

export const endpointListAnswer = whenNeeded(() => z.object({ endpoints: listOf(endpointAnswer()) }));
export type EndpointListAnswer = z.output<ReturnType<typeof endpointListAnswer>>;

export const endpointTestAnswer = whenNeeded(() =>
  z.object({
    delivered: z.boolean().check(z.meta({ description: 'Whether it was answered by 2xx.' })),
    status: z.exactOptional(whole('The HTTP status of the answer, where there was one.')),
    durationMs: whole('For how long it took, from the resolution of the name on.'),
    answer: z.exactOptional(
      text(
        'How the body of the answer begins, a KiB at most, in one line. Left out where it is no text or JSON, where the endpoint has headers of its own, at 401, 403 and 407, and where it repeats a part of the URL or of the message: it may have secrets then.',
      ),
    ),
    error: z.exactOptional(text('What was wrong, and what to do, where it was not answered by 2xx.')),
  }),
);
export type EndpointTestAnswer = z.output<ReturnType<typeof endpointTestAnswer>>;
