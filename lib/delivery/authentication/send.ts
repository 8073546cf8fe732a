import type { EndpointAuthentication, OAuth2Authentication } from '../../domain/groups/authentication.ts';
import type { WebhookAnswer, WebhookRequest } from '../../stores/webhooks.ts';
import { basicAuthorization } from './authorization.ts';
import type { TokenDeps, Tokens } from './tokens.ts';

export interface SendDeps extends TokenDeps {
  readonly tokens: Tokens;
}

/** Time that is left to the message of what the whole may take, at least. */
const leastMs = 500;

/**
 * Sends `request` as the endpoint wants it authenticated. Where that takes a token, all that is asked for it and all that is sent
 * ends within the request's time. Without a token nothing is sent: to the endpoint that is an outage, and no refusal.
 * @param key of the endpoint as it is: its id and its version.
 */
export const send = async (
  deps: SendDeps,
  key: string,
  authentication: EndpointAuthentication | undefined,
  request: WebhookRequest,
): Promise<WebhookAnswer> => {
  if (authentication === undefined) return deps.webhooks.post(request);
  if (authentication.type === 'oauth2') return sendWithToken(deps, key, authentication, request);
  return deps.webhooks.post(authorized(request, basicAuthorization(authentication)));
};

const authorized = (request: WebhookRequest, authorization: string): WebhookRequest => ({
  ...request,
  headers: { ...request.headers, authorization },
});

const sendWithToken = async (
  deps: SendDeps,
  key: string,
  authentication: OAuth2Authentication,
  request: WebhookRequest,
): Promise<WebhookAnswer> => {
  const begunAt = deps.clock.monotonic();
  const leftMs = (): number => Math.floor(request.timeoutMs - (deps.clock.monotonic() - begunAt));
  const once = async (former?: string): Promise<{ answer: WebhookAnswer; token?: string }> => {
    const given = {
      timeoutMs: Math.max(leastMs, Math.floor(leftMs() / 2)),
      ...(former !== undefined && { former }),
    };
    const got = await deps.tokens.get(deps, key, authentication, given);
    if (got.kind === 'none') return { answer: notCalled(got.reason) };
    if (leftMs() < leastMs) return { answer: notCalled('The token server took all of its time.') };
    const timed = { ...request, timeoutMs: leftMs() };
    return { answer: await deps.webhooks.post(authorized(timed, `Bearer ${got.token}`)), token: got.token };
  };
  const first = await once();
  const isTokenRefused = first.answer.kind === 'answered' && first.answer.status === 401;
  if (!isTokenRefused || first.token === undefined || leftMs() < 2 * leastMs) return first.answer;
  // It may have been revoked: once more, with a new one. What is refused then is the message.
  return (await once(first.token)).answer;
};

const notCalled = (reason: string): WebhookAnswer => ({
  kind: 'unreachable',
  reason: `It was not called, for want of a token. ${reason}`,
});
