import { isTold } from '../../domain/delivery/own-headers.ts';
import type { Wake } from '../../domain/delivery/wakes.ts';
import { type Endpoint, effectiveDelivery, type PushGroup } from '../../domain/groups/groups.ts';
import { livingKeys } from '../../domain/groups/signing-keys.ts';
import type { OpenedEndpoint } from '../../secrets/endpoint-secrets.ts';
import type { Failed as ExpressionFailure } from '../../stores/expressions.ts';
import type { WebhookAnswer, WebhookRequest } from '../../stores/webhooks.ts';
import type { Attempted, AttemptLog } from '../attempt-log/attempt-log.ts';
import { requestText } from '../attempt-log/request-text.ts';
import { send } from '../authentication/send.ts';
import type { RunDeps } from '../deps.ts';
import type { Message } from '../message.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { signatureHeaders } from './signing.ts';

/** Who is called, for whom. */
export interface Target {
  readonly group: PushGroup;
  readonly endpoint: Endpoint;
  /** The wake that it is done for. */
  readonly wake: Wake;
  /** Which attempt of the message it is, from 1 on. */
  readonly attempt: number;
  /** By this the consumer acknowledges the message later. It is as good as a key, for this message. */
  readonly ackToken?: string;
}

/** Sends `message` once, signed, and tells telemetry and the attempt log what came of it. */
export const attempt = async (
  deps: Pick<RunDeps, 'webhooks' | 'clock' | 'telemetry' | 'attemptLog' | 'secrets' | 'memory'>,
  target: Target,
  message: Message,
): Promise<Outcome> => {
  const { webhooks, clock, telemetry, attemptLog } = deps;
  const { group, endpoint, wake, ackToken } = target;
  const { requestId, traceparent } = message.origin ?? {};
  const opened = await deps.memory.opened.of(deps.secrets, group, endpoint);
  const begunAt = clock.now();
  const isSampled = attemptLog?.samples(group) === true;
  const request = requestOf(target, opened, message, begunAt);
  const sending = { webhooks, clock, tokens: deps.memory.tokens };
  const key = `${endpoint.endpointId}/${endpoint.version ?? 1}`;
  const asked = { ...request, ...tellingFor(attemptLog, group, isSampled) };
  const answer = await send(sending, key, opened.authentication, asked);
  const now = clock.now();
  const outcome = outcomeOf(answer, message, now, effectiveDelivery(group.delivery).ack);
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
    ...(outcome.kind === 'acknowledged' &&
      ackToken === undefined && { sinceAppendMs: now - message.appendedAt }),
    ...(requestId !== undefined && { requestId }),
    ...(traceparent !== undefined && { traceparent }),
    ...(wake.requestId !== undefined && { wokenBy: wake.requestId }),
  });
  if (isSampled || outcome.kind !== 'acknowledged')
    attemptLog?.note(group, attempted({ target, message, request, answer, outcome }, begunAt, now));
  return outcome;
};

/** What is asked of the answer's body: nothing that would not be logged. */
const tellingFor = (
  attemptLog: AttemptLog | undefined,
  group: PushGroup,
  isSampled: boolean,
): Pick<WebhookRequest, 'tellsSuccess' | 'tellsNothing'> => {
  if (isSampled) return { tellsSuccess: true };
  return attemptLog?.logsFailure(group) === false ? { tellsNothing: true } : {};
};

/** What comes of a record that cannot be made what it is to be: it is refused, without a request. */
export const unsendable = (
  { telemetry }: Pick<RunDeps, 'telemetry'>,
  { group: { topic, name: group }, wake: { partition } }: Pick<Target, 'group' | 'wake'>,
  { code, reason }: ExpressionFailure,
): Outcome => {
  const failed = { topic, group, partition, expression: 'transform', records: 1, code } as const;
  telemetry.record({ kind: 'expression-failed', ...failed });
  return { kind: 'refusal', reason: `The group's transform failed. ${reason}` };
};

/** A request to an endpoint with `message`, signed. */
export const requestOf = (
  { group, endpoint, attempt: number, ackToken }: Pick<Target, 'group' | 'endpoint' | 'attempt' | 'ackToken'>,
  opened: OpenedEndpoint,
  message: Pick<Message, 'id' | 'body' | 'headers' | 'recordHeaders' | 'origin'>,
  at: number,
): WebhookRequest => {
  const { headers, recordHeaders = {}, body, origin: { traceparent } = {} } = message;
  const endpointHeaders = lowerCased(opened.headers);
  const ofRecords = [
    ...Object.keys(recordHeaders).filter((name) => !Object.hasOwn(endpointHeaders, name)),
    ...Object.keys(headers).filter((name) => !isTold([name, headers[name] ?? ''])),
  ];
  return {
    url: endpoint.url,
    headers: {
      ...recordHeaders,
      'user-agent': 'Millrace',
      ...endpointHeaders,
      ...headers,
      ...(traceparent !== undefined && { traceparent }),
      // Standard Webhooks has no name for it; all of its headers begin so.
      'webhook-attempt': String(number),
      ...(endpoint.handshake !== undefined && { 'webhook-request-origin': endpoint.handshake.origin }),
      ...(ackToken !== undefined && { 'webhook-ack-token': ackToken }),
      ...signatureHeaders(message, at, livingSecrets(opened, at)),
    },
    ...(ofRecords.length > 0 && { ofRecords }),
    body,
    timeoutMs: group.delivery.timeoutSeconds * 1000,
  };
};

interface Exchange {
  readonly target: Target;
  readonly message: Message;
  readonly request: WebhookRequest;
  readonly answer: WebhookAnswer;
  readonly outcome: Outcome;
}

/** What the attempt log is told. */
const attempted = (
  { target, message, request, answer, outcome }: Exchange,
  begunAt: number,
  now: number,
): Attempted => ({
  at: Math.floor(begunAt),
  partition: target.wake.partition,
  endpointId: target.endpoint.endpointId,
  messageId: message.id,
  from: message.start,
  to: message.end,
  records: message.records,
  attempt: target.attempt,
  outcome: outcome.kind,
  ...(answer.kind === 'answered' && { status: answer.status }),
  ms: Math.max(0, now - begunAt),
  ...(outcome.kind !== 'acknowledged' && { reason: outcome.reason }),
  request: requestText(request),
  ...(answer.kind === 'answered' && answer.excerpt !== undefined && { answer: answer.excerpt }),
});

/** At each moment one lives: the newest has no end. */
const livingSecrets = ({ secrets }: OpenedEndpoint, at: number): readonly string[] =>
  livingKeys(secrets, at).map(({ secret }) => secret);

/** So that no header of the endpoint's stands beside one of ours in another case. */
const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
