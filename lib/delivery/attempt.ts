import type { Wake } from '../domain/delivery/wakes.ts';
import type { Endpoint, PushGroup } from '../domain/groups/groups.ts';
import type { DeliverDeps } from './deps.ts';
import type { Message } from './message.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { signatureHeaders } from './signing.ts';

/** Who is called, for whom. */
export interface Target {
  readonly group: PushGroup;
  readonly endpoint: Endpoint;
  /** The wake that it is done for. */
  readonly wake: Wake;
}

/** Sends `message` once, signed, and tells telemetry what came of it. */
export const attempt = async (
  { webhooks, clock, telemetry }: Pick<DeliverDeps, 'webhooks' | 'clock' | 'telemetry'>,
  { group, endpoint, wake }: Target,
  message: Message,
): Promise<Outcome> => {
  const { requestId, traceparent } = message.origin ?? {};
  const begunAt = clock.now();
  const answer = await webhooks.post({
    url: endpoint.url,
    headers: {
      'user-agent': 'Millrace',
      ...lowerCased(endpoint.headers ?? {}),
      'content-type': 'application/json',
      ...(traceparent !== undefined && { traceparent }),
      ...signatureHeaders(message, begunAt, endpoint.secrets),
    },
    body: message.body,
    timeoutMs: group.delivery.timeoutSeconds * 1000,
  });
  const now = clock.now();
  const outcome = outcomeOf(answer, message, now);
  telemetry.record({
    kind: 'attempt',
    topic: group.topic,
    group: group.name,
    partition: wake.partition,
    endpointId: endpoint.endpointId,
    messageId: message.id,
    outcome: outcome.kind,
    ...(answer.kind === 'answered' && { status: answer.status }),
    records: message.records,
    ms: now - begunAt,
    ...(outcome.kind === 'acknowledged' && { sinceAppendMs: now - message.appendedAt }),
    ...(requestId !== undefined && { requestId }),
    ...(traceparent !== undefined && { traceparent }),
    ...(wake.requestId !== undefined && { wokenBy: wake.requestId }),
  });
  return outcome;
};

/** So that no header of the endpoint's stands beside one of ours in another case. */
const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
