import type { OAuth2Authentication } from '../../domain/groups/authentication.ts';
import type { WebhookAnswer, WebhookRequest } from '../../stores/webhooks.ts';
import { basicAuthorization } from './authorization.ts';

/** A request for a token by client credentials (RFC 6749, 4.4.2), the client known by HTTP Basic (2.3.1). */
export const tokenRequest = (
  { tokenUrl, clientId, clientSecret, scope, audience }: OAuth2Authentication,
  timeoutMs: number,
): WebhookRequest => {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  if (audience !== undefined) form.set('audience', audience);
  return {
    url: tokenUrl,
    headers: {
      'user-agent': 'Millrace',
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basicAuthorization({
        username: formEncoded(clientId),
        password: formEncoded(clientSecret),
      }),
    },
    body: form.toString(),
    timeoutMs,
    tellsBody: true,
  };
};

const formEncoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice('x='.length);

export type TokenAnswer =
  | { readonly kind: 'token'; readonly token: string; readonly lifetimeMs: number }
  | {
      readonly kind: 'none';
      /** A sentence, which holds nothing of the request. */
      readonly reason: string;
    };

/** Of one that does not say how long it is good: RFC 6749, 5.1, only recommends that it does. */
const unsaidLifetimeSeconds = 300;
const longestLifetimeSeconds = 86_400;

/** Words of RFC 6749, 5.2, which hold nothing of the request. */
const errorCodes: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]);

const none = (reason: string): TokenAnswer => ({ kind: 'none', reason });

/** What the token server said. */
export const tokenOf = (answer: WebhookAnswer): TokenAnswer => {
  if (answer.kind === 'unreachable') return none(`The token server could not be asked. ${answer.reason}`);
  const { status } = answer;
  const said = objectIn(answer.body);
  if (status < 200 || status > 299) {
    const code = errorCodes.has(said['error']) ? ` (${String(said['error'])})` : '';
    return none(`The token server answered ${status}${code}.`);
  }
  const { access_token: token, token_type: type, expires_in: expires = unsaidLifetimeSeconds } = said;
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(token))
    return none('The token server gave no token.');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    return none('The token server gave a token that is no bearer token.');
  const seconds = Number(expires);
  const lifetime = Number.isFinite(seconds) && seconds > 0 ? seconds : unsaidLifetimeSeconds;
  return { kind: 'token', token, lifetimeMs: Math.min(lifetime, longestLifetimeSeconds) * 1000 };
};

const objectIn = (body: string | undefined): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(body ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};
