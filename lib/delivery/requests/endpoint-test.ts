import type { Endpoint, PushGroup } from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import { OpenedEndpoints } from '../../secrets/endpoint-secrets.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import type { WebhookAnswer, WebhookSender } from '../../stores/webhooks.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';
import { send } from '../authentication/send.ts';
import { Tokens } from '../authentication/tokens.ts';
import { requestOf } from './attempt.ts';

export interface EndpointTestDeps {
  readonly webhooks: WebhookSender;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
}

/** What came of a test message. */
export interface EndpointTest {
  /** Whether it was answered by 2xx. */
  readonly delivered: boolean;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  readonly durationMs: number;
  /** How the body of the answer begins: a KiB at most. */
  readonly answer?: string;
  /** What was wrong, and what to do, in words. */
  readonly error?: string;
}

/**
 * Sends one message without records to an endpoint, whether it is enabled or not: of type `millrace.test`, signed and with the
 * endpoint's headers as any other, by the same rules of where it may go. Nothing is kept of it, nor does it count as an attempt.
 */
export const testEndpoint = async (
  { webhooks, secrets, clock, random }: EndpointTestDeps,
  group: PushGroup,
  endpoint: Endpoint,
): Promise<EndpointTest> => {
  // For this once: a request to the API goes to another process as a rule.
  const opened = await new OpenedEndpoints().of(secrets, group, endpoint);
  const begunAt = clock.now();
  const begun = clock.monotonic();
  const timeoutMs = Math.min(group.delivery.timeoutSeconds, limits.endpointTestSeconds) * 1000;
  const message = testMessage(group, endpoint, begunAt, random);
  const request = requestOf({ group, endpoint, attempt: 1 }, opened, message, begunAt);
  const sending = { webhooks, clock, tokens: new Tokens() };
  const asked = { ...request, timeoutMs, tellsSuccess: true };
  const answer = await send(sending, endpoint.endpointId, opened.authentication, asked);
  return { ...found(answer), durationMs: Math.round(clock.monotonic() - begun) };
};

/** Standard Webhooks' envelope, in whatever format the group sends its records. */
const testMessage = (
  { name, topic }: PushGroup,
  { endpointId }: Endpoint,
  at: number,
  random: Random,
): Parameters<typeof requestOf>[2] => ({
  id: `test-${newId(random)}`,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    type: 'millrace.test',
    timestamp: timestampText(at),
    data: { topic, group: name, endpoint: endpointId },
  }),
});

const found = (answer: WebhookAnswer): Omit<EndpointTest, 'durationMs'> => {
  if (answer.kind === 'unreachable') return { delivered: false, error: answer.reason };
  const { status, excerpt } = answer;
  const delivered = status >= 200 && status <= 299;
  return {
    delivered,
    status,
    ...(excerpt !== undefined && { answer: excerpt }),
    ...(!delivered && { error: `It answered ${status}${meaningOf(status)}` }),
  };
};

const meanings: Readonly<Record<number, string>> = {
  400: ', which refuses the message: see what it expects of a body.',
  401: ': it wants credentials. Give the endpoint a header that has them.',
  403: ': it does not let Millrace in. See which credentials or addresses it allows.',
  404: ': there is nothing at the path of the URL.',
  405: ': it takes no POST at the path of the URL.',
  408: ': it did not wait for the request.',
  410: ', by which it says that it is gone for good. A delivery that gets this disables the endpoint.',
  411: ': it does not understand how long the body is.',
  413: ': it takes no body of this size, small as it is.',
  415: ': it takes no application/json.',
  429: ': it is called too often for it.',
};

const meaningOf = (status: number): string => {
  const known = meanings[status];
  if (known !== undefined) return known;
  if (status >= 300 && status <= 399)
    return ', a redirect, which is not followed. Give the endpoint the URL that it leads to.';
  if (status >= 502 && status <= 504) return ': what stands before it does not reach it, or it is not ready.';
  return status >= 500 ? ': it failed inside. See its log.' : '.';
};
